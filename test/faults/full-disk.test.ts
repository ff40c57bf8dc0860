// A full disk and a folder that may only be read: errors that say so, nothing acknowledged lost.

import { chmod, chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FileStore } from "../../src/store/file-store.ts";
import { FaultyDisk } from "../../src/testing/faulty-disk.ts";
import { checkDisk, Ledger, openAll, runCycle } from "./cycle.ts";

const LIMIT_MS = 120_000;
/** The user without rights, by custom. */
const NOBODY = 65_534;

async function inUse() {
  const disk = new FaultyDisk();
  const ledger = new Ledger();
  await runCycle(disk, ledger, 1);
  return { disk: disk.restart("kept"), ledger };
}

describe("a full disk", () => {
  it(
    "refuses what does not fit, whatever is written then, and loses nothing",
    async () => {
      const { disk: start, ledger } = await inUse();
      const probe = start.restart("kept");
      await runCycle(probe, ledger.copy(), 2);
      const needed = probe.sizeBytes - start.sizeBytes;
      let refused = 0;
      for (let room = 0; room < needed + 400; room += 97) {
        const disk = start.restart("kept");
        const told = ledger.copy();
        disk.capacityBytes = disk.sizeBytes + room;
        const outcome = await runCycle(disk, told, 2).catch((error) => error);
        if (outcome !== undefined) {
          refused++;
          expect(outcome).toMatchObject({ code: "FILE_FAILED", cause: { code: "ENOSPC" } });
          expect(outcome.message).toContain("free some space");
        }
        await checkDisk(disk.restart("lost"), told);
      }
      expect(refused).toBeGreaterThan(10);
    },
    LIMIT_MS,
  );

  it("takes everything again once there is room, without a restart", async () => {
    const { disk, ledger } = await inUse();
    const all = await openAll(disk);
    disk.capacityBytes = disk.sizeBytes + 50;
    const full = { code: "FILE_FAILED" };
    const event = { eventType: "job", outcome: "after the flood" } as const;
    const weights = new Map([["dense.bias", new Float32Array(100)]]);
    await expect(all.audit.log(event)).rejects.toMatchObject(full);
    await expect(all.versions.save({ weights })).rejects.toMatchObject(full);
    await expect(all.snapshots.snapshot("s", weights)).rejects.toMatchObject(full);
    disk.capacityBytes = Number.POSITIVE_INFINITY;
    await all.audit.log(event);
    expect(await all.audit.verify()).toMatchObject({ intact: true });
    const outcomes = (await all.audit.readAll()).map(({ outcome }) => outcome);
    expect(outcomes).toEqual([...ledger.audit, "after the flood"]);
    await all.versions.read(await all.versions.save({ weights }));
    await all.snapshots.snapshot("s", weights);
    expect(await all.snapshots.rollback("s")).toEqual(weights);
  });
});

describe("a read-only disk", () => {
  it("refuses writers and serves readers", async () => {
    const { disk, ledger } = await inUse();
    disk.isReadOnly = true;
    await expect(openAll(disk)).rejects.toMatchObject({
      code: "FILE_FAILED",
      message: expect.stringContaining("open with readOnly"),
    });
    const reader = await FileStore.open({ storagePath: "/data/store", disk, readOnly: true });
    expect(await reader.list("versions/")).toHaveLength(3);
    await reader.close();
    disk.isReadOnly = false;
    await checkDisk(disk, ledger);
  });

  it("that becomes so while in use refuses every change and goes on afterwards", async () => {
    const { disk, ledger } = await inUse();
    const all = await openAll(disk);
    disk.isReadOnly = true;
    const failed = { code: "FILE_FAILED", cause: { code: "EROFS" } };
    const event = { eventType: "job", outcome: "refused" } as const;
    await expect(all.audit.log(event)).rejects.toMatchObject(failed);
    await expect(
      all.versions.save({ weights: new Map([["w", Float32Array.of(1)]]) }),
    ).rejects.toMatchObject(failed);
    const current = await all.versions.getCurrent();
    expect(ledger.active).toContain(current?.activeId);
    disk.isReadOnly = false;
    await all.audit.log({ ...event, outcome: "taken" });
    expect(await all.audit.verify()).toMatchObject({ intact: true });
  });

  it.skipIf(process.getuid === undefined)("is reported for a real folder with rights", async () => {
    const folder = await mkdtemp(join(tmpdir(), "driftkeel-rights-"));
    await chmod(folder, 0o500);
    const isRoot = process.getuid?.() === 0;
    // Root may write everywhere: act as nobody, to whom the folder belongs.
    if (isRoot) await chown(folder, NOBODY, NOBODY);
    if (isRoot) process.seteuid?.(NOBODY);
    try {
      await expect(FileStore.open({ storagePath: folder })).rejects.toMatchObject({
        code: "FILE_FAILED",
        cause: { code: "EACCES" },
      });
      const reader = await FileStore.open({ storagePath: folder, readOnly: true });
      expect(await reader.list()).toEqual([]);
    } finally {
      if (isRoot) process.seteuid?.(0);
      await chmod(folder, 0o700);
      await rm(folder, { recursive: true });
    }
  });
});
