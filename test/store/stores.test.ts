// Every store keeps to the contract: in memory, in files, and in files on a disk that lies in wait.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FileStore } from "../../src/store/file-store.ts";
import { MemoryStore } from "../../src/store/memory-store.ts";
import { FaultyDisk } from "../../src/testing/faulty-disk.ts";
import { type StoreSubject, storeConformance } from "../../src/testing/store-conformance.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "driftkeel-stores-"));
});
afterAll(() => rm(folder, { recursive: true }));

const disk = new FaultyDisk();
const subjects: StoreSubject[] = [
  { name: "MemoryStore", open: async () => new MemoryStore(), isPersistent: false },
  {
    name: "FileStore",
    open: (name) => FileStore.open({ storagePath: join(folder, name) }),
    isPersistent: true,
  },
  {
    name: "FileStore on a FaultyDisk",
    open: (name) =>
      FileStore.open({ storagePath: `/stores/${name}`, disk, lockHost: disk.lockHost }),
    isPersistent: true,
  },
];

describe("the contract of stores", () => {
  for (const subject of subjects) {
    for (const { name, run } of storeConformance(subject)) it(name, run);
  }
});

describe("FileStore after a power cut", () => {
  it("holds what was acknowledged: written, replaced, removed", async () => {
    const start = new FaultyDisk();
    const open = (on: FaultyDisk) =>
      FileStore.open({ storagePath: "/deep/store", disk: on, lockHost: on.lockHost });
    const store = await open(start);
    await store.write("a/b", Uint8Array.of(1));
    await store.write("a/c", Uint8Array.of(1));
    await store.write("a/c", Uint8Array.of(2));
    await store.write("a/d", Uint8Array.of(1));
    await store.write("e/f", Uint8Array.of(1));
    await store.remove("a/d");
    await store.remove("e/f");
    const after = await open(start.restart("lost"));
    expect(await after.list()).toEqual(["a/b", "a/c"]);
    expect(await after.read("a/c")).toEqual(Uint8Array.of(2));
  });
});
