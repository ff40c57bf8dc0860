// The disk that fails on purpose does what it says: it loses what was not synced, and no more.

import { describe, expect, it } from "vitest";
import { FaultyDisk, SURVIVALS, type Survival } from "../../src/testing/index.ts";

/** A disk with a synced file of two bytes to which two more were written, and a file half born. */
async function diskBeforeCrash(): Promise<FaultyDisk> {
  const disk = new FaultyDisk();
  const file = await disk.create("/known");
  await file.write(Uint8Array.of(1, 2));
  await file.sync();
  await disk.syncFolder("/");
  await file.write(Uint8Array.of(3, 4));
  await disk.create("/unborn");
  return disk;
}

const left: Record<Survival, [string[], number[]]> = {
  lost: [["/known"], [1, 2]],
  kept: [
    ["/known", "/unborn"],
    [1, 2, 3, 4],
  ],
  torn: [
    ["/known", "/unborn"],
    [1, 2, 3],
  ],
  zeroed: [
    ["/known", "/unborn"],
    [1, 2, 0, 0],
  ],
};

describe("FaultyDisk", () => {
  it.each(SURVIVALS)("after a crash, %s, holds what that leaves", async (survival) => {
    const after = (await diskBeforeCrash()).restart(survival);
    const [paths, bytes] = left[survival];
    expect(after.paths()).toEqual(paths);
    expect(await after.read("/known")).toEqual(Uint8Array.from(bytes));
  });

  it("crashes at the chosen point and stays dead", async () => {
    const disk = new FaultyDisk();
    disk.crashAt(1, "lost");
    await disk.create("/a");
    await expect(disk.create("/b")).rejects.toThrow("Crash at point 1: create /b");
    await expect(disk.read("/a")).rejects.toThrow("crashed");
    expect(disk.isDead).toBe(true);
  });

  it("fails once at the chosen point, with the chosen code, and does nothing there", async () => {
    const disk = new FaultyDisk();
    disk.failAt(0, "EIO");
    await expect(disk.create("/a")).rejects.toMatchObject({ code: "EIO" });
    expect(disk.paths()).toEqual([]);
    await disk.create("/a");
    expect(disk.paths()).toEqual(["/a"]);
  });

  it("takes as many bytes as it has room for", async () => {
    const disk = new FaultyDisk();
    disk.capacityBytes = 3;
    const file = await disk.create("/a");
    await expect(file.write(Uint8Array.of(1, 2, 3, 4))).rejects.toMatchObject({ code: "ENOSPC" });
    expect(disk.sizeBytes).toBe(3);
  });

  it("takes no change while it is read-only", async () => {
    const disk = new FaultyDisk();
    disk.isReadOnly = true;
    await expect(disk.create("/a")).rejects.toMatchObject({ code: "EROFS" });
  });

  it("knows the writers before a restart as dead", () => {
    const before = new FaultyDisk();
    const after = before.restart();
    expect(before.lockHost.isAlive(before.lockHost.owner)).toBe(true);
    expect(after.lockHost.isAlive(before.lockHost.owner)).toBe(false);
    expect(after.lockHost.isAlive(after.lockHost.owner)).toBe(true);
  });
});
