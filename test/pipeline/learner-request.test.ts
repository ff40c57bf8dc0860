// What can be asked of one update.

import { describe, expect, it } from "vitest";
import type { ProposalRequest } from "../../src/model/learnable.ts";
import type { Sample } from "../../src/model/sample.ts";
import { Intake } from "../../src/pipeline/feedback/intake.ts";
import type { UpdateRequest } from "../../src/pipeline/learner-results.ts";
import type { Validator } from "../../src/pipeline/validate/validator.ts";
import { VersionStore } from "../../src/store/version-store.ts";
import { FaultyDisk } from "../../src/testing/faulty-disk.ts";
import { turnsDuring } from "../event-loop-turns.ts";
import { on, optionsOn, readyLearner, world } from "./ready-learner.ts";

const verdict = (pass: boolean, reason: string) => ({ pass, reason, measurements: { asked: 1 } });

/** A learner whose model tells what it is asked to propose. */
async function listening(more: Parameters<typeof readyLearner>[0] = {}) {
  const { model } = optionsOn(new FaultyDisk());
  const asked: ProposalRequest[] = [];
  const propose = model.propose.bind(model);
  model.propose = (active, request) => {
    asked.push(request);
    return propose(active, request);
  };
  return { ...(await readyLearner({ model, ...more })), asked };
}

describe("the samples of a request", () => {
  it("are trained and judged on in place of the windows, split as every sample is", async () => {
    const { learner, asked } = await listening();
    const before = learner.status();
    const samples = world(7, 1, 200);
    const intake = new Intake({ seed: 0 });
    const training = samples.filter((sample) => intake.sideOf(sample) === "training");
    const { outcome, facts } = await learner.update({ samples });
    expect(outcome).toBe("promoted");
    expect(asked.at(-1)!.samples.map(({ id }) => id)).toEqual(training.map(({ id }) => id));
    expect(facts!.samples).toMatchObject({
      training: training.length,
      holdout: samples.length - training.length,
    });
    const { observed, samples: held } = learner.status();
    expect({ observed, held }).toEqual({ observed: before.observed, held: before.samples });
    await learner.close();
  });

  it("are too few as an outcome, none included", async () => {
    const { learner } = await readyLearner();
    for (const samples of [[], world(7, 1, 5)]) {
      const { outcome, reason } = await learner.update({ samples });
      expect([outcome, reason]).toEqual(["skipped", expect.stringContaining("8 are needed")]);
    }
    await learner.close();
  });

  it("are checked before anything is done, and the wrong one is named", async () => {
    const { learner } = await readyLearner();
    const before = learner.status();
    const good = world(7, 1, 50);
    const withWrong = (wrong: object) => good.map((each, at) => (at === 30 ? wrong : each));
    const cases: [object, string, RegExp][] = [
      [{ ...good[0], input: Float32Array.of(1, 2) }, "LENGTH_MISMATCH", /samples\[30\]\.input/],
      [{ ...good[0], label: Float32Array.of(1 / 0) }, "VALUE_NOT_FINITE", /samples\[30\]\.label/],
      [{ ...good[0], origin: "benchmark" }, "SAMPLE_QUARANTINED", /index 30/],
    ];
    for (const [wrong, code, message] of cases) {
      const samples = withWrong(wrong) as Sample[];
      for (const ask of [learner.update({ samples }), learner.dryRun({ samples })]) {
        await expect(ask).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
      }
    }
    expect(learner.status()).toEqual(before);
    await learner.close();
  });

  it("keep nobody else waiting while many of them are looked at", async () => {
    const { learner } = await readyLearner();
    await learner.freeze("what is asked here is looked at and not trained on");
    const samples = world(7, 1, 60_000);
    const turns = await turnsDuring(async () => {
      expect((await learner.update({ samples })).outcome).toBe("skipped");
    });
    expect(turns).toBeGreaterThan(3);
    await learner.close();
  });

  it("are of no use to a learner that was closed meanwhile", async () => {
    const { learner } = await readyLearner();
    const asking = learner.update({ samples: world(7, 1, 60_000) });
    const closing = learner.close();
    await expect(asking).rejects.toMatchObject({ code: "STORE_CLOSED" });
    await closing;
  });
});

describe("the numbers of a request", () => {
  it("stand in place of the configured ones for one update", async () => {
    const { learner, asked } = await listening({ ewc: { lambda: 0.5 } });
    const { facts } = await learner.update({ lr: 0.003, lambda: 0.25 });
    expect(asked.at(-1)).toMatchObject({ lr: 0.003, lrFactor: 1, ewc: { lambda: 0.25 } });
    expect(facts!.ewc).toMatchObject({ lambda: 0.25 });
    for (const sample of world(8, 2, 60)) await learner.observe(sample);
    await learner.update();
    expect(asked.at(-1)).toMatchObject({ lr: undefined, ewc: { lambda: 0.5 } });
    await learner.close();
  });

  it("are halved and doubled after a rollback all the same", async () => {
    const { learner, asked } = await listening({
      ewc: { lambda: 0.5 },
      safeMode: { coolOffMs: 0 },
    });
    await learner.rollback();
    await learner.update({ lr: 0.003, lambda: 0.25 });
    expect(asked.at(-1)).toMatchObject({ lr: 0.003, lrFactor: 0.5, ewc: { lambda: 0.5 } });
    await learner.close();
  });

  it("ask for EWC of a learner that remembers none: the active version's own", async () => {
    const { learner } = await readyLearner();
    expect((await learner.dryRun({ lambda: 0 })).facts!.ewc).toBeUndefined();
    const { facts } = await learner.dryRun({ lambda: 2 });
    expect(facts!.ewc!.lambda).toBe(2);
    expect(facts!.ewc!.fisherMax).toBeGreaterThan(facts!.ewc!.fisherMedian);
    expect(facts!.training!.penalty).toBeGreaterThan(0);
    await learner.close();
  });

  it("are refused when they are none", async () => {
    const { learner } = await readyLearner();
    const before = learner.status();
    const wrong: [object, string][] = [
      [{ lr: 0 }, '"lr" to be a number > 0'],
      [{ lr: Number.NaN }, '"lr" to be a number > 0'],
      [{ lambda: -1 }, '"lambda" to be a number >= 0'],
      [{ samples: "all" }, '"samples" to be an array of samples'],
      [{ signal: {} }, '"signal" to be a signal'],
      [{ validator: () => true }, '"validator" to be a validator'],
      [{ onTrained: 7 }, '"onTrained" to be a function'],
      [{ source: "" }, '"source"'],
      [{ source: "x".repeat(129) }, '"source"'],
      [{ sampels: [] }, 'did you mean "samples"?'],
    ];
    for (const [request, message] of wrong) {
      const asks = [
        learner.update(request as UpdateRequest),
        learner.dryRun(request as UpdateRequest),
      ];
      for (const ask of asks) await expect(ask).rejects.toThrow(message);
    }
    expect(learner.status()).toEqual(before);
    await learner.close();
  });
});

describe("the people of a request", () => {
  it("judge after the learner's own validator has accepted, and only then", async () => {
    const validate = (pass: boolean) => {
      const calls: number[] = [];
      const validator: Validator = {
        validate: (before, after) => {
          calls.push(before.loss - after.loss);
          return verdict(pass, pass ? "fine by me" : "not with me");
        },
      };
      return { calls, validator };
    };
    const { learner } = await readyLearner();
    const no = validate(false);
    const refused = await learner.update({ validator: no.validator });
    expect(refused).toMatchObject({ outcome: "rejected", measurements: { asked: 1 } });
    expect(refused.reason).toContain("not with me");
    expect(no.calls).toHaveLength(1);
    const unasked = validate(true);
    expect((await learner.update({ lr: 1e6, validator: unasked.validator })).outcome).toMatch(
      /rejected|failed/,
    );
    expect(unasked.calls).toEqual([]);
    const yes = validate(true);
    const accepted = await learner.update({ validator: yes.validator });
    expect(accepted).toMatchObject({ outcome: "promoted" });
    expect(accepted.reason).toContain("fine by me");
    const broken = { validate: () => fail("no opinion") };
    expect(await learner.update({ validator: broken })).toMatchObject({
      ...{ outcome: "failed", reason: "no opinion" },
    });
    await learner.close();
  });

  it("are named as the source of the version", async () => {
    const { learner, disk } = await readyLearner();
    const { versionId } = await learner.update({ source: "job-17" });
    await learner.close();
    const versions = await VersionStore.open({ ...on(disk), readOnly: true });
    const current = await versions.getCurrent();
    expect(current).toMatchObject({ activeId: versionId, promotionSource: "job-17" });
    expect(current!.history.map((each) => "source" in each && each.source)).toEqual([
      ...["initial", "online-learner", "job-17"],
    ]);
    await versions.close();
  });

  it("hear of the training before it is judged, and may end it", async () => {
    const { learner } = await readyLearner();
    const order: string[] = [];
    const validator = {
      validate: () => {
        order.push("judged");
        return verdict(true, "fine");
      },
    };
    const { outcome } = await learner.update({
      validator,
      onTrained: async ({ steps }) => {
        await new Promise((resolve) => setImmediate(resolve));
        order.push(`trained ${steps}`);
      },
    });
    expect([outcome, order]).toEqual(["promoted", ["trained 300", "judged"]]);
    const before = learner.status();
    const ended = await learner.update({ onTrained: () => fail("enough"), validator });
    expect(ended).toMatchObject({ outcome: "failed", reason: "enough" });
    expect(learner.status()).toEqual(before);
    await learner.close();
  });

  it("end the training by a signal", async () => {
    const { learner } = await readyLearner();
    const { versionId } = learner.status();
    const signal = AbortSignal.abort();
    const { outcome, reason } = await learner.update({ signal });
    expect([outcome, reason]).toEqual(["failed", expect.stringContaining("was cancelled after")]);
    expect(learner.status()).toMatchObject({ versionId, state: "ready" });
    expect((await learner.update()).outcome).toBe("promoted");
    await learner.close();
  });
});

function fail(message: string): never {
  throw new Error(message);
}
