// A crash at any write, sync or rename of a cycle leaves a whole active router, a report before any
// mark, and a folder that the next cycle goes on with.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  LearningRouter,
  runRouterCycle,
  SeenTrajectories,
  sampleBenchmark,
} from "../../../src/learners/router/index.ts";
import { AuditLog } from "../../../src/store/audit-log.ts";
import { FileStore } from "../../../src/store/file-store.ts";
import { VersionStore } from "../../../src/store/version-store.ts";
import { FaultyDisk, SURVIVALS } from "../../../src/testing/faulty-disk.ts";
import { RouterBase } from "./router-base.ts";

const LIMIT_MS = 180_000;
const PATH = "/data/router";
const COUNT = 300;
/** Small: it is run twice for every point. */
const suite = sampleBenchmark({ tasksPerFamily: 6 });

/** A cycle whose trajectories lie on the real disk, and all it writes on the faulty one. */
function cycleOn(disk: FaultyDisk, trajectoriesPath: string) {
  return runRouterCycle({
    path: PATH,
    trajectoriesPath,
    suite,
    caseIndexPath: `${PATH}/cases.json`,
    network: { wordBuckets: 32, typeHidden: 8, candidateHidden: 4 },
    training: { replayCapacity: 8, epochs: 8, lr: 0.02 },
    disk,
    lockHost: disk.lockHost,
    now: () => 1_700_000_000_000,
    timer: () => 0,
  });
}

interface Found {
  activeId: string | undefined;
  marked: number;
  reports: { version_id: string | null; finished_at: string | null; outcome: string }[];
}

/** What lies on the disk; throws when any of it is not whole. */
async function inspect(disk: FaultyDisk): Promise<Found> {
  const place = { disk, lockHost: disk.lockHost, readOnly: true };
  const versions = await VersionStore.open({ storagePath: PATH, ...place });
  const current = await versions.getCurrent();
  if (current) (await LearningRouter.fromVersion(await versions.read(current.activeId))).dispose();
  await versions.close();
  const log = await AuditLog.open(`${PATH}/audit.jsonl`, place);
  expect(await log.verify()).toMatchObject({ intact: true });
  await log.close();
  const files = await FileStore.open({ storagePath: PATH, ...place });
  const keys = await files.list("reports/");
  const bytes = await Promise.all(keys.map((key) => files.read(key)));
  await files.close();
  const seen = await SeenTrajectories.open(`${PATH}/seen.json`, disk);
  return {
    activeId: current?.activeId,
    marked: seen.size,
    reports: bytes.map((each) => JSON.parse(new TextDecoder().decode(each))),
  };
}

let base: RouterBase;
beforeEach(() => {
  base = new RouterBase();
});
afterEach(() => base.remove());

describe("a crash in a cycle", () => {
  it("leaves what is consistent, and the next cycle goes on", { timeout: LIMIT_MS }, async () => {
    base.add({ count: COUNT });
    const whole = new FaultyDisk();
    expect((await cycleOn(whole, base.trajectories)).outcome).toBe("promoted");
    const points = whole.points;
    expect(points).toBeGreaterThan(50);
    for (let point = 0; point < points; point++) {
      const disk = new FaultyDisk();
      const survival = SURVIVALS[point % SURVIVALS.length]!;
      disk.crashAt(point, survival);
      await cycleOn(disk, base.trajectories).catch(() => {});
      expect(disk.isDead).toBe(true);
      try {
        await checkAndGoOn(disk.restart(), base.trajectories);
      } catch (cause) {
        const at = `point ${point} (${disk.trace[point]}), unsynced changes ${survival}`;
        throw new Error(`Lost at ${at}`, { cause });
      }
    }
  });
});

async function checkAndGoOn(disk: FaultyDisk, trajectories: string): Promise<void> {
  const left = await inspect(disk);
  // No id is marked before a report of its promotion is on the disk.
  if (left.marked > 0) {
    expect(left.reports.at(-1)).toMatchObject({
      outcome: "promoted",
      version_id: left.activeId,
    });
  }
  const next = await cycleOn(disk, trajectories);
  const then = await inspect(disk);
  expect(then.marked).toBe(COUNT);
  expect(then.reports.filter(({ outcome }) => outcome === "promoted")).toHaveLength(1);
  const promoted = then.reports.find(({ outcome }) => outcome === "promoted")!;
  expect(promoted.version_id).toBe(then.activeId);
  expect(promoted.finished_at).not.toBeNull();
  // Either the killed cycle had promoted and was completed, or this one did its work.
  expect(next.outcome).toBe(promoted.version_id === left.activeId ? "skipped" : "promoted");
}
