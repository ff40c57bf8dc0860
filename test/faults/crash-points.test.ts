// A crash or a failure at every write, sync and rename of one cycle loses nothing acknowledged.

import { describe, expect, it } from "vitest";
import { FaultyDisk, SURVIVALS, type Survival } from "../../src/testing/faulty-disk.ts";
import { checkDisk, Ledger, runCycle } from "./cycle.ts";

const LIMIT_MS = 120_000;

/** A disk, and what was acknowledged on it. */
interface Start {
  disk: FaultyDisk;
  ledger: Ledger;
}

/** A disk with two cycles behind it. */
async function startInUse(): Promise<Start> {
  const disk = new FaultyDisk();
  const ledger = new Ledger();
  await runCycle(disk, ledger, 1);
  const second = disk.restart("kept");
  await runCycle(second, ledger, 2);
  return { disk: second, ledger };
}

/** How many points a cycle has. */
async function countPoints(start: Start): Promise<number> {
  const disk = start.disk.restart("kept");
  await runCycle(disk, start.ledger.copy(), 3);
  return disk.points;
}

/** Runs `attempt` for every point of a cycle, and says where it was when it fails. */
async function atEveryPoint(
  start: Start,
  points: number,
  attempt: (disk: FaultyDisk, ledger: Ledger, point: number) => Promise<void>,
): Promise<void> {
  for (let point = 0; point < points; point++) {
    const disk = start.disk.restart("kept");
    try {
      await attempt(disk, start.ledger.copy(), point);
    } catch (cause) {
      throw new Error(`Lost at point ${point}: ${disk.trace[point]}`, { cause });
    }
  }
}

async function crash(disk: FaultyDisk, ledger: Ledger, point: number, survival: Survival) {
  disk.crashAt(point, survival);
  await runCycle(disk, ledger, 3).catch(() => {});
  expect(disk.isDead).toBe(true);
  await checkDisk(disk.restart(), ledger);
}

const empty: Start = { disk: new FaultyDisk(), ledger: new Ledger() };
const inUse = await startInUse();
const points = { empty: await countPoints(empty), inUse: await countPoints(inUse) };

describe("a crash at every point of a cycle loses nothing acknowledged", () => {
  for (const survival of SURVIVALS) {
    it(`${points.inUse} points, unsynced changes ${survival}`, { timeout: LIMIT_MS }, () =>
      atEveryPoint(inUse, points.inUse, (disk, ledger, point) =>
        crash(disk, ledger, point, survival),
      ),
    );
  }

  it(
    `${points.empty} points from an empty disk, unsynced changes lost`,
    { timeout: LIMIT_MS },
    () =>
      atEveryPoint(empty, points.empty, (disk, ledger, point) =>
        crash(disk, ledger, point, "lost"),
      ),
  );

  it(`${points.inUse} points, then another cycle and a power cut`, { timeout: LIMIT_MS }, () =>
    atEveryPoint(inUse, points.inUse, async (disk, ledger, point) => {
      disk.crashAt(point, "kept");
      await runCycle(disk, ledger, 3).catch(() => {});
      // What an ended process left unsynced must not take what comes later with it.
      const next = disk.restart();
      await runCycle(next, ledger, 4);
      await checkDisk(next.restart("lost"), ledger);
    }),
  );
});

describe("a failure at every point of a cycle loses nothing acknowledged", () => {
  it(`${points.inUse} points, the process goes on and is restarted`, { timeout: LIMIT_MS }, () =>
    atEveryPoint(inUse, points.inUse, async (disk, ledger, point) => {
      disk.failAt(point, "EIO");
      const outcome = await runCycle(disk, ledger, 3).catch((error) => error);
      // Some failures only delay what is no part of the promise, such as the removal of a draft.
      if (outcome !== undefined) expect(outcome).toMatchObject({ code: "FILE_FAILED" });
      await checkDisk(disk.restart("lost"), ledger);
    }),
  );
});
