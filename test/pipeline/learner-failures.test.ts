// What fails around a learner changes nothing that it has not acknowledged.

import { expect, it } from "vitest";
import { OnlineLearner } from "../../src/pipeline/learner.ts";
import { FaultyDisk } from "../../src/testing/faulty-disk.ts";
import { cycleOptions, stream } from "../faults/learner-cycle.ts";

async function onDisk() {
  const disk = new FaultyDisk();
  const place = { storagePath: "/data/model", disk, lockHost: disk.lockHost };
  return { disk, learner: await OnlineLearner.open(cycleOptions(place)) };
}

it("a freeze that cannot be kept changes nothing", async () => {
  const { disk, learner } = await onDisk();
  disk.capacityBytes = 0;
  await expect(learner.freeze("wait")).rejects.toMatchObject({ code: "FILE_FAILED" });
  expect(learner.status().state).toBe("ready");
});

it("an end of a freeze that cannot be kept changes nothing", async () => {
  const { disk, learner } = await onDisk();
  await learner.freeze("wait");
  disk.capacityBytes = 0;
  await expect(learner.unfreeze()).rejects.toMatchObject({ code: "FILE_FAILED" });
  expect(learner.status().state).toBe("frozen");
});

it("an updateGuard that throws does not make a learned sample look refused", async () => {
  const trigger = { shouldRetrain: () => true, recordSample: () => {} };
  const updateGuard = async () => {
    throw new Error("the broker does not answer");
  };
  const learner = await OnlineLearner.open(cycleOptions({ trigger, updateGuard }));
  let acknowledged = 0;
  for (const sample of stream.slice(0, 30)) {
    await learner.observe(sample).then(
      () => {
        acknowledged += 1;
      },
      () => {},
    );
  }
  expect(acknowledged).toBe(learner.status().observed);
  await learner.close();
});

it("a validator that throws fails the update, and the active version goes on", async () => {
  const validator = {
    validate: () => {
      throw new Error("no connection to the judge");
    },
  };
  const learner = await OnlineLearner.open(cycleOptions({ validator }));
  const { versionId } = learner.status();
  const outcomes = [];
  for (const sample of stream.slice(0, 60)) outcomes.push((await learner.observe(sample)).update);
  const failed = outcomes.find((update) => update?.outcome === "failed");
  expect(failed).toMatchObject({ reason: "no connection to the judge" });
  expect(learner.status().versionId).toBe(versionId);
  await learner.close();
});

it("a rollback after a rollback goes further back, never to what was gone back from", async () => {
  const { learner } = await onDisk();
  const first = learner.status().versionId;
  for (const sample of stream.slice(0, 46)) await learner.observe(sample);
  expect(learner.status().versionId).not.toBe(first);
  await learner.rollback();
  expect(learner.status().versionId).toBe(first);
  await expect(learner.rollback()).rejects.toMatchObject({ code: "NO_SNAPSHOT" });
  await learner.close();
});

it("alarm upon alarm does not keep updates from being tried", async () => {
  let count = 0;
  const state = () => ({});
  const detector = {
    update: () => (++count % 4 === 0 ? ("drift" as const) : ("stable" as const)),
    reset() {},
    state,
    restore() {},
    measurements: {},
  };
  const learner = await OnlineLearner.open(cycleOptions({ detector }));
  let tried = 0;
  for (const sample of stream) {
    const { update } = await learner.observe(sample);
    if (update && update.outcome !== "skipped") tried += 1;
  }
  expect(tried).toBeGreaterThan(0);
  await learner.close();
});

it("keeps copies of its history, which the caller may use again", async () => {
  const history = stream.slice(0, 30).map(({ input, label }) => ({
    input: input.slice(),
    label: label.slice(),
  }));
  const untouched = await OnlineLearner.open(cycleOptions({ history: structuredClone(history) }));
  const learner = await OnlineLearner.open(cycleOptions({ history }));
  for (const { input, label } of history) {
    input.fill(9);
    label.fill(9);
  }
  const outcomes = await Promise.all([learner.update(), untouched.update()]);
  expect(outcomes[0].facts?.training?.lossAfter).toBe(outcomes[1].facts?.training?.lossAfter);
  expect(outcomes[0].facts?.training).toBeDefined();
  await Promise.all([learner.close(), untouched.close()]);
});
