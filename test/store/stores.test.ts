// Every store keeps to the contract: in memory, in files, and in files on a disk that lies in wait.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
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
