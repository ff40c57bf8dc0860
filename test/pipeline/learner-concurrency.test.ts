// Updates that are asked for while another one is under way, and many calls of a learner at once.

import { describe, expect, it } from "vitest";
import type { LearnerEvent } from "../../src/events.ts";
import type { Sample } from "../../src/model/sample.ts";
import { readKept } from "../faults/learner-kill-kept.ts";
import { hasStarted, on, probe, promoted, readyLearner, world } from "./ready-learner.ts";

describe("an update in flight", () => {
  const inProgress = { code: "UPDATE_IN_PROGRESS" };

  it("is never joined by a second one, which is refused with UPDATE_IN_PROGRESS", async () => {
    let release: (mayUpdate: boolean) => void = () => {};
    let isAsked = false;
    const updateGuard = () => {
      if (!isAsked) return Promise.resolve(true);
      return new Promise<boolean>((resolve) => {
        release = resolve;
      });
    };
    const { learner } = await readyLearner({ updateGuard });
    const seen: string[] = [];
    const listening = (async () => {
      for await (const { type } of learner.events) seen.push(type);
    })();
    isAsked = true;
    const first = learner.update();
    await expect(learner.update()).rejects.toMatchObject(inProgress); // it waits for its turn
    await new Promise((resolve) => setImmediate(resolve));
    await expect(learner.update()).rejects.toMatchObject(inProgress); // the guard is being asked
    const starting = hasStarted(learner);
    release(true);
    await starting;
    await expect(learner.update()).rejects.toMatchObject(inProgress); // it trains
    expect(await first).toMatchObject(promoted);
    isAsked = false;
    expect(await learner.update()).not.toMatchObject({ outcome: "skipped" });
    await learner.close();
    await listening;
    const steps = seen.filter((type) =>
      /^(update-started|promoted|candidate-rejected)$/.test(type),
    );
    expect(steps.length % 2).toBe(0);
    for (const [index, type] of steps.entries()) {
      expect(type === "update-started").toBe(index % 2 === 0); // each ends before the next begins
    }
  });

  it("is held off by updateGuard, and told as skipped", async () => {
    let mayUpdate = true;
    const { learner } = await readyLearner({ updateGuard: async () => mayUpdate });
    const before = learner.predict(probe);
    const seen: LearnerEvent[] = [];
    const listening = (async () => {
      for await (const event of learner.events) seen.push(event);
    })();
    mayUpdate = false;
    const reason = "held off by the update guard";
    expect(await learner.update()).toMatchObject({ outcome: "skipped", reason });
    expect(learner.predict(probe)).toEqual(before);
    mayUpdate = true;
    expect(await learner.update()).toMatchObject(promoted);
    await learner.close();
    await listening;
    expect(seen.map(({ type }) => type)).toContain("promoted");
    expect(seen[0]).toMatchObject({ type: "update-skipped", reason });
  });
});

describe("many calls at once", () => {
  const count = 200;

  it("keep their order and lose nothing beside predictions, an update and a rollback", async () => {
    const { learner, disk } = await readyLearner();
    const { observed, versionId, previousId } = learner.status();
    const samples = world(7, 2, count);
    const done: string[] = [];
    const serving = new Set<string>();
    const calls: Promise<unknown>[] = samples.map(async (sample, index) => {
      serving.add(learner.predict(probe).versionId);
      await learner.observe(sample);
      serving.add(learner.predict(probe).versionId);
      expect(learner.status().observed).toBeGreaterThan(observed + index);
      done.push(sample.id!);
    });
    const update = learner.update();
    const rollback = learner.rollback(previousId).then(() => done.push("rollback"));
    calls.push(learner.observe(world(8, 2, 1)[0]!).then(() => done.push("last")));
    await Promise.all(calls);
    await rollback;
    const { versionId: candidateId } = await update;
    expect(done).toEqual([...samples.map(({ id }) => id), "rollback", "last"]);
    const total = observed + count + 1;
    expect(learner.status()).toMatchObject({ versionId: previousId, observed: total });
    for (const id of serving) expect([versionId, candidateId, previousId]).toContain(id);
    await learner.close();
    const kept = await readKept(on(disk));
    const own = new Set(samples.map(({ id }) => id));
    for (const side of [kept.training, kept.holdout]) {
      const ours = side.filter((id) => own.has(id));
      const asGiven = samples.map(({ id }) => id!).filter((id) => ours.includes(id));
      expect(ours).toEqual(asGiven);
    }
    expect(new Set(kept.all).size).toBe(kept.all.length);
    expect(kept.all).toHaveLength(total);
  });

  it("of which some are wrong: those alone are refused", async () => {
    const { learner, disk } = await readyLearner();
    const { observed } = learner.status();
    const wrong = (index: number): [Partial<Sample>, string] | undefined =>
      [
        [{ input: new Float32Array(2) }, "LENGTH_MISMATCH"] as [Partial<Sample>, string],
        [{ label: Float32Array.of(Number.NaN) }, "VALUE_NOT_FINITE"] as [Partial<Sample>, string],
        [{ origin: "benchmark" }, "SAMPLE_QUARANTINED"] as [Partial<Sample>, string],
      ][index % 9];
    const samples = world(7, 2, 90);
    const results = await Promise.allSettled(
      samples.map((sample, index) => learner.observe({ ...sample, ...wrong(index)?.[0] })),
    );
    for (const [index, result] of results.entries()) {
      const code = wrong(index)?.[1];
      if (code === undefined) expect(result.status).toBe("fulfilled");
      else expect(result).toMatchObject({ status: "rejected", reason: { code } });
    }
    expect(learner.status().observed).toBe(observed + 60);
    await learner.close();
    const kept = new Set((await readKept(on(disk))).all);
    for (const [index, { id }] of samples.entries()) expect(kept.has(id!)).toBe(!wrong(index));
  });

  it("are not touched by what the caller does with its arrays afterwards", async () => {
    const run = async (isSpoiling: boolean) => {
      const { learner } = await readyLearner();
      const calls = world(7, 2, 40).map((sample) => {
        const call = learner.observe(sample);
        if (isSpoiling) {
          sample.input.fill(Number.NaN);
          sample.label.fill(99);
        }
        return call;
      });
      const losses = (await Promise.all(calls)).map(({ loss }) => loss);
      const { outcome, measurements } = await learner.update();
      const prediction = learner.predict(probe);
      if (isSpoiling) prediction.output.fill(7);
      const output = learner.predict(probe).output[0];
      await learner.close();
      return { losses, outcome, measurements, output };
    };
    expect(await run(true)).toEqual(await run(false));
  });
});
