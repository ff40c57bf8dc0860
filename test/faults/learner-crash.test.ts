// A crash or a failure at every write, sync and rename of a learner's cycle changes nothing that
// was acknowledged, and nothing that comes after.

import { describe, expect, it } from "vitest";
import { OnlineLearner } from "../../src/pipeline/learner.ts";
import { AuditLog } from "../../src/store/audit-log.ts";
import { FaultyDisk, SURVIVALS } from "../../src/testing/faulty-disk.ts";
import { cycleOptions, feed, outputOf, stream, type Told, undisturbed } from "./learner-cycle.ts";

const LIMIT_MS = 120_000;
const FOLDER = "/data/model";

const on = (disk: FaultyDisk) =>
  cycleOptions({ storagePath: FOLDER, disk, lockHost: disk.lockHost });

const nothingYet = (): Told => ({ observed: 0, promotions: 0, rollbacks: 0 });

/** The whole cycle on one disk; what was acknowledged before it died is in `told`. */
async function runCycle(disk: FaultyDisk, told: Told): Promise<void> {
  const learner = await OnlineLearner.open(on(disk));
  await feed(learner, told);
  await learner.close();
}

/** Whether the audit log on the disk is whole; how often it tells of each outcome. */
async function audited(disk: FaultyDisk): Promise<Map<string, number>> {
  const path = `${FOLDER}/audit.jsonl`;
  const log = await AuditLog.open(path, { disk, lockHost: disk.lockHost, readOnly: true });
  expect(await log.verify()).toMatchObject({ intact: true });
  const counts = new Map<string, number>();
  for (const { outcome } of await log.readAll())
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  await log.close();
  return counts;
}

const expected = await undisturbed();

/** Opens what is left, checks it, and finishes the stream: all must end as if nothing had been. */
async function checkAndFinish(disk: FaultyDisk, told: Told): Promise<void> {
  const learner = await OnlineLearner.open(on(disk));
  const { observed } = learner.status();
  expect(observed).toBeGreaterThanOrEqual(told.observed);
  expect(observed).toBeLessThanOrEqual(stream.length);
  await feed(learner, nothingYet());
  expect(learner.status().observed).toBe(stream.length);
  expect(outputOf(learner)).toBe(expected.output);
  await learner.close();
  const counts = await audited(disk);
  expect(counts.get("promoted") ?? 0).toBeGreaterThanOrEqual(told.promotions);
  expect(counts.get("rolled-back") ?? 0).toBeGreaterThanOrEqual(told.rollbacks);
}

const whole = new FaultyDisk();
await runCycle(whole, nothingYet());
const points = whole.points;

describe("a crash at every point of a learner's cycle", () => {
  it("is measured on a cycle with a promotion and a rollback", async () => {
    expect(expected).toMatchObject({ observed: stream.length, promotions: 1, rollbacks: 1 });
    const counts = await audited(whole);
    expect(counts.get("promoted")).toBe(2); // the model's first version and the candidate
    expect(counts.get("rolled-back")).toBe(1);
    expect(counts.get("candidate-rejected")).toBeGreaterThan(0);
  });

  it(`loses nothing: ${points} points`, { timeout: LIMIT_MS }, async () => {
    for (let point = 0; point < points; point++) {
      const disk = new FaultyDisk();
      const survival = SURVIVALS[point % SURVIVALS.length]!;
      disk.crashAt(point, survival);
      const told = nothingYet();
      await runCycle(disk, told).catch(() => {});
      expect(disk.isDead).toBe(true);
      const at = `point ${point} (${disk.trace[point]}), unsynced changes ${survival}`;
      await checkAndFinish(disk.restart(), told).catch((cause) => {
        throw new Error(`Lost at ${at}`, { cause });
      });
    }
  });
});

describe("a failure at every point of a learner's cycle", () => {
  it(`loses nothing, whether it goes on or not: ${points} points`, {
    timeout: LIMIT_MS,
  }, async () => {
    for (let point = 0; point < points; point++) {
      const disk = new FaultyDisk();
      disk.failAt(point, "EIO");
      const told = nothingYet();
      const outcome = await runCycle(disk, told).catch((error) => error);
      if (outcome !== undefined) expect(outcome).toMatchObject({ code: "FILE_FAILED" });
      await check(disk.restart("lost"), told, `point ${point} (${disk.trace[point]})`);
    }
  });
});

/**
 * After a failure that the process survives a promotion may have been put off: what is left must be
 * whole and complete, and learn on.
 */
async function check(disk: FaultyDisk, told: Told, at: string): Promise<void> {
  try {
    const learner = await OnlineLearner.open(on(disk));
    expect(learner.status().observed).toBeGreaterThanOrEqual(told.observed);
    await feed(learner, nothingYet());
    expect(Number.isFinite(outputOf(learner))).toBe(true);
    await learner.close();
    const counts = await audited(disk);
    expect(counts.get("promoted") ?? 0).toBeGreaterThanOrEqual(told.promotions);
  } catch (cause) {
    throw new Error(`Lost at ${at}`, { cause });
  }
}
