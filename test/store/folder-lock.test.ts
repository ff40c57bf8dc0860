// One writer per folder: the living keep their lock, the dead lose it, readers never need one.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FileStore } from "../../src/store/file-store.ts";
import { FolderLock } from "../../src/store/folder-lock.ts";
import { type LockHost, NodeLockHost } from "../../src/store/lock-host.ts";
import { NodeDisk } from "../../src/store/node-disk.ts";
import { FaultyDisk } from "../../src/testing/faulty-disk.ts";

const locked = expect.objectContaining({ name: "DriftkeelError", code: "STORE_LOCKED" });

/** A process of its own that cannot tell whether others live. */
function stranger(pid: number, slept: { ms: number }, whileAsleep = async () => {}): LockHost {
  return {
    owner: { pid, thread: 0, started: "", machine: `machine ${pid}` },
    isAlive: (owner) => (owner.pid === pid ? true : undefined),
    sleep: async (ms) => {
      slept.ms += ms;
      await whileAsleep();
    },
  };
}

async function lockedDisk(): Promise<FaultyDisk> {
  const disk = new FaultyDisk();
  await disk.createFolder("/folder");
  return disk;
}

describe("a lock", () => {
  it("goes to one of many who ask at once, and to the next after a release", async () => {
    const disk = await lockedDisk();
    const take = () => FolderLock.acquire(disk, "/folder", ".lock", disk.lockHost);
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, take));
    const winners = outcomes.filter((outcome) => outcome.status === "fulfilled");
    expect(winners).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") expect(outcome.reason).toEqual(locked);
    }
    await expect(take()).rejects.toThrowError(locked);
    await winners[0]?.value.release();
    const next = await take();
    await next.assertHeld();
    await next.release();
    expect(await disk.list("/folder")).toEqual([]);
  });

  it("of another name is not in the way", async () => {
    const disk = await lockedDisk();
    await FolderLock.acquire(disk, "/folder", ".lock", disk.lockHost);
    await FolderLock.acquire(disk, "/folder", ".audit.lock", disk.lockHost);
  });

  it("of a dead owner is taken over at once, half written or whole", async () => {
    for (const survival of ["kept", "torn", "lost"] as const) {
      const disk = await lockedDisk();
      await disk.syncFolder("/");
      await FolderLock.acquire(disk, "/folder", ".lock", disk.lockHost);
      const next = disk.restart(survival);
      const lock = await FolderLock.acquire(next, "/folder", ".lock", next.lockHost);
      expect(await next.list("/folder")).toHaveLength(1);
      await lock.release();
    }
  });

  it("of an owner that nobody knows is taken over after 15 silent seconds", async () => {
    const disk = await lockedDisk();
    const first = await FolderLock.acquire(disk, "/folder", ".lock", stranger(1, { ms: 0 }));
    const slept = { ms: 0 };
    const second = await FolderLock.acquire(disk, "/folder", ".lock", stranger(2, slept));
    expect(slept.ms).toBeGreaterThanOrEqual(15_000);
    expect(slept.ms).toBeLessThan(16_000);
    // The first was only suspended: it hears of it before it writes, and takes nothing away.
    await expect(first.assertHeld()).rejects.toThrowError(locked);
    await first.release();
    await second.assertHeld();
    await second.release();
  });

  it("of an owner that nobody knows stands while it beats", async () => {
    vi.useFakeTimers();
    try {
      const disk = await lockedDisk();
      const first = await FolderLock.acquire(disk, "/folder", ".lock", stranger(1, { ms: 0 }));
      const slept = { ms: 0 };
      const other = stranger(2, slept, async () => void (await vi.advanceTimersByTimeAsync(250)));
      await expect(FolderLock.acquire(disk, "/folder", ".lock", other)).rejects.toThrowError(
        locked,
      );
      expect(slept.ms).toBeLessThanOrEqual(3_250);
      await first.assertHeld();
      // The file does not grow without end.
      await vi.advanceTimersByTimeAsync(3_000 * 2_500);
      const [file] = await disk.list("/folder");
      expect((await disk.read(`/folder/${file?.name}`))?.length).toBeLessThan(2_000);
      await first.assertHeld();
      await first.release();
    } finally {
      vi.useRealTimers();
    }
  });

  it("is not waited for longer than half a minute, whatever the other does", async () => {
    const disk = await lockedDisk();
    // A claim that beats and comes later in order, but never ends.
    const path = "/folder/.lock-ffffffffffffffff";
    const claim = await disk.create(path);
    await claim.write(new TextEncoder().encode(`${JSON.stringify(disk.lockHost.owner)}\n`));
    const slept = { ms: 0 };
    const sleep = async (ms: number) => {
      slept.ms += ms;
    };
    const host = { ...disk.lockHost, sleep };
    const taking = FolderLock.acquire(disk, "/folder", ".lock", host);
    await expect(taking).rejects.toThrowError(locked);
    expect(slept.ms).toBe(30_000);
    expect(await disk.list("/folder")).toHaveLength(1);
  });

  it("is given up when the folder cannot be written", async () => {
    const disk = await lockedDisk();
    disk.isReadOnly = true;
    const taking = FolderLock.acquire(disk, "/folder", ".lock", disk.lockHost);
    await expect(taking).rejects.toThrow("EROFS");
  });
});

describe("this process", () => {
  const host = new NodeLockHost();

  it("is alive", () => {
    expect(host.isAlive(host.owner)).not.toBe(false);
    expect(host.isAlive({ ...host.owner, machine: "another" })).toBe(undefined);
  });

  it.runIf(process.platform === "linux")("is not another that had its pid, on Linux", () => {
    expect(host.owner.started).toMatch(/^[0-9]+$/);
    expect(host.isAlive(host.owner)).toBe(true);
    expect(host.isAlive({ ...host.owner, started: "1" })).toBe(false);
  });

  it("knows a dead one", async () => {
    const child = spawn(process.execPath, ["-e", ""]);
    await once(child, "exit");
    expect(host.isAlive({ ...host.owner, pid: child.pid as number })).toBe(false);
  });
});

describe("a folder on the real disk", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "driftkeel-lock-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("has one writer; readers come and go", async () => {
    const writer = await FileStore.open({ storagePath: folder });
    await expect(FileStore.open({ storagePath: folder })).rejects.toThrowError(locked);
    await writer.write("a", Uint8Array.of(1));
    const reader = await FileStore.open({ storagePath: folder, readOnly: true });
    expect(await reader.read("a")).toEqual(Uint8Array.of(1));
    const refused = { code: "STORE_READ_ONLY" };
    await expect(reader.write("a", Uint8Array.of(2))).rejects.toMatchObject(refused);
    await expect(reader.remove("a")).rejects.toMatchObject(refused);
    await reader.close();
    await writer.close();
    expect(await readdir(folder)).toEqual(["a"]);
  });

  it("is not even created by a reader", async () => {
    const storagePath = join(folder, "absent");
    const reader = await FileStore.open({ storagePath, readOnly: true });
    expect(await reader.list()).toEqual([]);
    await reader.close();
    expect(await readdir(folder)).toEqual([]);
  });

  it("is taken over from a process that died", async () => {
    const dead = spawn(process.execPath, ["-e", ""]);
    await once(dead, "exit");
    const owner = { ...new NodeLockHost().owner, pid: dead.pid };
    const content = `${JSON.stringify(owner)}\nheld ...`;
    await writeFile(join(folder, ".lock-0123456789abcdef"), content);
    const store = await FileStore.open({ storagePath: folder });
    await store.close();
    expect(await readdir(folder)).toEqual([]);
  });

  it("is refused to a writer that lost it while suspended", async () => {
    const store = await FileStore.open({ storagePath: folder });
    for (const name of await readdir(folder)) await new NodeDisk().remove(join(folder, name));
    const writing = store.write("a", Uint8Array.of(1));
    await expect(writing).rejects.toThrow("taken over");
    await store.close();
  });

  it("keeps no draft of a crash", async () => {
    await writeFile(join(folder, ".draft-a"), "half");
    const store = await FileStore.open({ storagePath: folder });
    expect(await store.list()).toEqual([]);
    await store.close();
    expect(await readdir(folder)).toEqual([]);
  });
});
