// A learner that is closed and opened again, or whose pointer was moved meanwhile.

import { describe, expect, it } from "vitest";
import { inspectLearner } from "../../src/pipeline/inspect-learner.ts";
import { OnlineLearner } from "../../src/pipeline/learner.ts";
import { AuditLog } from "../../src/store/audit-log.ts";
import { MemoryStore } from "../../src/store/memory-store.ts";
import { VersionStore } from "../../src/store/version-store.ts";
import { FaultyDisk } from "../../src/testing/faulty-disk.ts";
import { cycleOptions, outputOf, stream, undisturbed } from "../faults/learner-cycle.ts";

const FOLDER = "/data/model";

const on = (disk: FaultyDisk) => ({ storagePath: FOLDER, disk, lockHost: disk.lockHost });

async function observe(learner: OnlineLearner, to: number): Promise<void> {
  for (const sample of stream.slice(learner.status().observed, to)) await learner.observe(sample);
}

/** The outcomes in the audit log. */
async function trace(disk: FaultyDisk): Promise<string[]> {
  const log = await AuditLog.open(`${FOLDER}/audit.jsonl`, {
    disk,
    lockHost: disk.lockHost,
    readOnly: true,
  });
  const events = await log.readAll();
  await log.close();
  return events.map(({ eventType, outcome }) => `${eventType} ${outcome}`);
}

describe("a learner that is opened again", () => {
  for (const every of [1, 7, 40]) {
    it(`ends as one that was never closed, restarted after every ${every} samples`, async () => {
      const disk = new FaultyDisk();
      const types: string[] = [];
      let output = Number.NaN;
      for (let to = every; to < stream.length + every; to += every) {
        const learner = await OnlineLearner.open(cycleOptions(on(disk)));
        const listening = (async () => {
          for await (const { type } of learner.events) types.push(type);
        })();
        await observe(learner, to);
        output = outputOf(learner);
        await learner.close();
        await listening;
      }
      const expected = await undisturbed();
      expect(output).toBe(expected.output);
      expect(types.filter((type) => type === "promoted")).toHaveLength(expected.promotions);
      expect(types.filter((type) => type === "rolled-back")).toHaveLength(expected.rollbacks);
    });
  }

  it("goes on from any store, without an audit log", async () => {
    const store = new MemoryStore();
    Object.assign(store, { close: async () => {} }); // outlives its learners
    for (const to of [30, 60, stream.length]) {
      const learner = await OnlineLearner.open(cycleOptions({ store }));
      await observe(learner, to);
      if (to === stream.length) expect(outputOf(learner)).toBe((await undisturbed()).output);
      await learner.close();
    }
  });

  it("has a trace of everything, from the first version on", async () => {
    const disk = new FaultyDisk();
    const learner = await OnlineLearner.open(cycleOptions(on(disk)));
    await observe(learner, stream.length);
    await learner.close();
    const events = await trace(disk);
    expect(events.slice(0, 2)).toEqual(["job opened", "promotion promoted"]);
    expect(events.filter((event) => event !== "drift drift-detected").slice(2, 6)).toEqual([
      "trigger update-started",
      "validation candidate-accepted",
      "promotion promoted",
      "trigger update-started",
    ]);
    expect(events).toContain("rollback rolled-back");
    expect(events.at(-1)).toBe("job closed");
  });

  it("knows whether an operator held updates off", async () => {
    const disk = new FaultyDisk();
    const first = await OnlineLearner.open(cycleOptions(on(disk)));
    await first.freeze("positions are open");
    await first.close();
    const second = await OnlineLearner.open(cycleOptions(on(disk)));
    expect(second.status().state).toBe("frozen");
    await observe(second, stream.length);
    expect(second.status().versionId).toBe(first.status().versionId);
    expect(await second.unfreeze()).toBe(true);
    expect(await second.unfreeze()).toBe(false);
    expect(second.status().state).toBe("ready");
    await second.close();
    expect(await trace(disk)).toEqual(
      expect.arrayContaining(["safe-mode frozen", "update update-skipped", "safe-mode unfrozen"]),
    );
  });

  it("can be inspected from outside, beside its writer too", async () => {
    const disk = new FaultyDisk();
    const learner = await OnlineLearner.open(cycleOptions(on(disk)));
    const { versionId } = learner.status();
    const look = (id = versionId) => inspectLearner(FOLDER, id, { disk, lockHost: disk.lockHost });
    expect(await look()).toEqual({ observed: 0, held: undefined, safeMode: "normal" });
    await observe(learner, 5);
    await learner.freeze("positions are open");
    expect(await look()).toEqual({ observed: 5, held: "positions are open", safeMode: "normal" });
    expect(await look("20200101-000000-0000")).toBeUndefined();
    await learner.unfreeze();
    await observe(learner, 46);
    await learner.rollback();
    await learner.close();
    expect(await look()).toMatchObject({ observed: 46, held: undefined });
  });

  it("refuses a state that was kept with other options", async () => {
    const disk = new FaultyDisk();
    const learner = await OnlineLearner.open(cycleOptions(on(disk)));
    await learner.close();
    const intake = { trainingWindow: 12, holdoutWindow: 6, replayCapacity: 99 };
    const opening = OnlineLearner.open({ ...cycleOptions(on(disk)), intake });
    await expect(opening).rejects.toMatchObject({ code: "STATE_INVALID" });
    const again = await OnlineLearner.open(cycleOptions(on(disk))); // nothing stayed locked
    await again.close();
  });

  it("refuses a checkpoint in which a byte was changed", async () => {
    const disk = new FaultyDisk();
    const learner = await OnlineLearner.open(cycleOptions(on(disk)));
    await learner.close();
    const path = disk.paths().find((each) => each.includes("/state/"))!;
    const bytes = (await disk.read(path))!;
    bytes[200]! ^= 1;
    const file = await disk.create(path);
    await file.write(bytes);
    await expect(OnlineLearner.open(cycleOptions(on(disk)))).rejects.toMatchObject({
      code: "FILE_CORRUPT",
    });
  });
});

describe("a pointer that an operator moved while the learner was closed", () => {
  async function promotedThenMoved(isClosed: boolean) {
    const disk = new FaultyDisk();
    const learner = await OnlineLearner.open(cycleOptions(on(disk)));
    const first = { id: learner.status().versionId, output: outputOf(learner) };
    await observe(learner, 46);
    expect(learner.status().versionId).not.toBe(first.id);
    if (isClosed) await learner.close();
    const left = isClosed ? disk : disk.restart("lost");
    const versions = await VersionStore.open(on(left));
    await versions.rollback(first.id);
    await versions.close();
    return { disk: left, first };
  }

  for (const isClosed of [true, false]) {
    it(`is followed, with every sample, after a ${isClosed ? "close" : "crash"}`, async () => {
      const { disk, first } = await promotedThenMoved(isClosed);
      const learner = await OnlineLearner.open({
        ...cycleOptions(on(disk)),
        safeMode: { coolOffMs: 1000 },
      });
      expect(learner.status()).toMatchObject({
        versionId: first.id,
        observed: 46,
        state: "frozen",
        probation: undefined,
      });
      expect(outputOf(learner)).toBe(first.output);
      await learner.close();
      expect(await trace(disk)).toContain("rollback rolled-back");
    });
  }

  it("is followed to a version that was imported, without a freeze", async () => {
    const disk = new FaultyDisk();
    const learner = await OnlineLearner.open(cycleOptions(on(disk)));
    await observe(learner, 20);
    await learner.close();
    const versions = await VersionStore.open(on(disk));
    const weights = new Map([["weights", Float32Array.of(1, 5)]]);
    const id = await versions.save({ weights });
    await versions.promote(id, { source: "import" });
    await versions.close();
    const again = await OnlineLearner.open(cycleOptions(on(disk)));
    expect(again.status()).toMatchObject({ versionId: id, observed: 20, safeMode: "normal" });
    expect(outputOf(again)).toBeCloseTo(5.37, 5);
    await again.close();
    expect((await trace(disk)).filter((event) => event === "promotion promoted")).toHaveLength(2);
  });
});
