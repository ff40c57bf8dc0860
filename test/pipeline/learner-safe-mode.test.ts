// After a rollback: frozen, then half the learning rate and twice lambda, then as before.

import { describe, expect, it } from "vitest";
import type { Learnable } from "../../src/model/learnable.ts";
import { OnlineLearner } from "../../src/pipeline/learner.ts";
import { FaultyDisk } from "../../src/testing/faulty-disk.ts";
import { cycleOptions, stream } from "../faults/learner-cycle.ts";

const LAMBDA = 0.01;
const COOL_OFF_MS = 1000;
const RECOVER_AFTER = 2;

/** How strongly a proposal was asked to change the model. */
interface Strength {
  lrFactor: number;
  lambda: number | undefined;
}
const usual: Strength = { lrFactor: 1, lambda: LAMBDA };
const careful: Strength = { lrFactor: 0.5, lambda: 2 * LAMBDA };

/** A model that notes what it is asked for and trains as `inner`. */
function noting(inner: Learnable, asked: Strength[]): Learnable {
  return {
    inputSize: inner.inputSize,
    outputSize: inner.outputSize,
    initial: () => inner.initial(),
    load: (weights) => inner.load(weights),
    check: (name, samples) => inner.check(name, samples),
    fisher: (version, samples) => inner.fisher(version, samples),
    propose: (active, request) => {
      asked.push({ lrFactor: request.lrFactor, lambda: request.ewc?.lambda });
      return inner.propose(active, request);
    },
  };
}

/** A learner on a disk, its clock, its validator's opinion, and what its model was asked for. */
async function watchedLearner() {
  const disk = new FaultyDisk();
  const world = { ms: 1_700_000_000_000, accepts: true };
  const asked: Strength[] = [];
  const validate = () => ({ pass: world.accepts, reason: "as it was told", measurements: {} });
  const open = () => {
    const options = cycleOptions({ storagePath: "/data", disk, lockHost: disk.lockHost });
    return OnlineLearner.open({
      ...options,
      model: noting(options.model, asked),
      validator: { validate },
      ewc: { lambda: LAMBDA },
      history: stream.slice(0, 30),
      probation: false,
      safeMode: { coolOffMs: COOL_OFF_MS, recoverAfter: RECOVER_AFTER },
      now: () => world.ms,
    });
  };
  return { open, learner: await open(), world, asked };
}

describe("after a rollback", () => {
  const course =
    "frozen, then half the learning rate and twice lambda, " +
    "back to normal after recoverAfter accepted updates";
  it(course, async () => {
    const { learner, world, asked } = await watchedLearner();
    const update = async () => (await learner.update()).outcome;
    const strength = () => asked.at(-1);

    expect(await update()).toBe("promoted");
    expect(strength()).toEqual(usual);
    await learner.rollback();
    expect(learner.status()).toMatchObject({ state: "frozen", safeMode: "frozen" });
    world.ms += COOL_OFF_MS - 1;
    expect(await update()).toBe("skipped");
    expect(asked).toHaveLength(1);

    world.ms += 1;
    expect(learner.status()).toMatchObject({ state: "ready", safeMode: "recovering" });
    expect(await update()).toBe("promoted");
    expect(strength()).toEqual(careful);
    world.accepts = false;
    expect(await update()).toBe("rejected");
    expect(strength()).toEqual(careful);
    expect(learner.status().safeMode).toBe("recovering"); // a rejected one does not count
    world.accepts = true;
    expect(await update()).toBe("promoted");
    expect(strength()).toEqual(careful);

    expect(learner.status().safeMode).toBe("normal");
    expect(await update()).toBe("promoted");
    expect(strength()).toEqual(usual);
    await learner.close();
  });

  it("is as careful when it was cleared by an operator, and after a restart", async () => {
    const { open, learner, asked } = await watchedLearner();
    await learner.update();
    await learner.rollback();
    expect(await learner.unfreeze()).toBe(true);
    await learner.close();
    const again = await open();
    expect(again.status()).toMatchObject({ state: "ready", safeMode: "recovering" });
    expect(await again.update()).toMatchObject({ outcome: "promoted" });
    expect(asked.at(-1)).toEqual(careful);
    await again.close();
  });
});
