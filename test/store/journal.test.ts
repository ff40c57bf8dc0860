// The journal: records in order, durable before they are acknowledged, whole after a crash.

import { describe, expect, it } from "vitest";
import { FileStore } from "../../src/store/file-store.ts";
import { Journal } from "../../src/store/journal.ts";
import { MemoryStore } from "../../src/store/memory-store.ts";
import type { Store } from "../../src/store/store.ts";
import { FaultyDisk } from "../../src/testing/faulty-disk.ts";

/** Keeps its bytes when a journal's owner closes and opens again. */
async function reopened(store: MemoryStore, after: number) {
  const { journal, entries } = await Journal.open(store, after);
  return { journal, entries: entries.map(({ seq, record }) => [seq, record]) };
}

const long = "x".repeat(20_000);

describe("a journal", () => {
  it("gives back what was appended, numbered from 1, in the order of the calls", async () => {
    const store = new MemoryStore();
    const { journal } = await Journal.open(store, 0);
    await Promise.all([journal.append({ a: 1 }), journal.append({ a: 2 })]);
    await journal.append({ a: 3 });
    const all = [
      [1, { a: 1 }],
      [2, { a: 2 }],
      [3, { a: 3 }],
    ];
    expect((await reopened(store, 0)).entries).toEqual(all);
    expect((await reopened(store, 1)).entries).toEqual(all.slice(1));
  });

  it("goes on counting after what its owner has kept elsewhere", async () => {
    const store = new MemoryStore();
    const { journal } = await Journal.open(store, 41);
    await journal.append({ a: 1 });
    expect((await reopened(store, 41)).entries).toEqual([[42, { a: 1 }]]);
    const { journal: next, entries } = await reopened(store, 42);
    expect(entries).toEqual([]);
    await next.append({ a: 2 });
    expect((await reopened(store, 42)).entries).toEqual([[43, { a: 2 }]]);
  });

  it("shares one write among the records that wait together", async () => {
    const store = new MemoryStore();
    let writes = 0;
    const counting: Store = {
      read: (key) => store.read(key),
      write: (key, bytes) => {
        writes += 1;
        return store.write(key, bytes);
      },
      list: (prefix) => store.list(prefix),
      remove: (key) => store.remove(key),
      close: () => store.close(),
    };
    const { journal } = await Journal.open(counting, 0);
    await Promise.all(Array.from({ length: 100 }, (_, a) => journal.append({ a })));
    expect(writes).toBe(1);
    expect((await reopened(store, 0)).entries).toHaveLength(100);
  });

  it("removes whole segments from the front, and nothing that is still needed", async () => {
    const store = new MemoryStore();
    const { journal } = await Journal.open(store, 0);
    for (let a = 1; a <= 5; a++) await journal.append({ a, long });
    const keys = await store.list("journal/");
    expect(keys).toHaveLength(3); // two records fill a segment
    await journal.removeUpTo(1);
    expect(await store.list("journal/")).toEqual(keys);
    await journal.removeUpTo(3);
    expect(await store.list("journal/")).toEqual(keys.slice(1));
    await journal.removeUpTo(5);
    expect(await store.list("journal/")).toEqual([]);
    await journal.append({ a: 6 });
    expect((await reopened(store, 5)).entries).toEqual([[6, { a: 6 }]]);
  });

  it("refuses a record when the write fails, and uses its number for the next", async () => {
    const disk = new FaultyDisk();
    const on = { storagePath: "/data", disk, lockHost: disk.lockHost };
    const { journal } = await Journal.open(await FileStore.open(on), 0);
    await journal.append({ a: 1 });
    disk.failAt(disk.points, "ENOSPC");
    await expect(journal.append({ a: 2 })).rejects.toMatchObject({ code: "FILE_FAILED" });
    await journal.append({ a: 3 });
    const left = disk.restart("lost");
    const store = await FileStore.open({ ...on, disk: left, lockHost: left.lockHost });
    const { entries } = await Journal.open(store, 0);
    expect(entries.map(({ record }) => record)).toEqual([{ a: 1 }, { a: 3 }]);
  });
});

describe("a journal that was changed", () => {
  async function threeSegments() {
    const store = new MemoryStore();
    const { journal } = await Journal.open(store, 0);
    for (let a = 1; a <= 6; a++) await journal.append({ a, long });
    return { store, keys: await store.list("journal/") };
  }

  it("is refused when a byte of it is different", async () => {
    const { store, keys } = await threeSegments();
    const bytes = (await store.read(keys[1]!))!;
    bytes[100]! ^= 1;
    await store.write(keys[1]!, bytes);
    await expect(Journal.open(store, 0)).rejects.toMatchObject({ code: "FILE_CORRUPT" });
  });

  it("is refused when a segment is missing before one that is needed", async () => {
    const { store, keys } = await threeSegments();
    await store.remove(keys[1]!);
    await expect(Journal.open(store, 0)).rejects.toMatchObject({ code: "FILE_CORRUPT" });
  });

  it("is refused when a segment lies under another's name", async () => {
    const { store, keys } = await threeSegments();
    await store.write(keys[0]!, (await store.read(keys[1]!))!);
    await expect(Journal.open(store, 0)).rejects.toMatchObject({ code: "FILE_CORRUPT" });
  });
});
