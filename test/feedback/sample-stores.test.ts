// Every store of samples keeps to the contract; SQLite also finds damage and survives a restart.

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SampleStore } from "../../src/pipeline/feedback/sample-store.ts";
import { MemorySampleStore } from "../../src/pipeline/feedback/sample-store-memory.ts";
import { SqliteSampleStore } from "../../src/pipeline/feedback/sample-store-sqlite.ts";
import { sampleStoreConformance } from "../../src/testing/sample-store-conformance.ts";
import { hasDriver } from "./driver.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "driftkeel-samples-"));
});
afterAll(() => rm(folder, { recursive: true }));

const sample = (value: number, timestamp?: Date) => ({
  input: Float32Array.of(value),
  label: Float32Array.of(value),
  ...(timestamp && { timestamp }),
});

/** What happens, in order, when three pages are read and each starts something for later. */
async function readingWithEvents(store: SampleStore): Promise<string[]> {
  await store.append([1, 2, 3].map((value) => sample(value, new Date(value))));
  const order: string[] = [];
  for await (const _ of store.pages(0, 9, { pageSize: 1 })) {
    order.push("page");
    setImmediate(() => order.push("event"));
  }
  await store.close();
  return order.slice(0, 5);
}
const TURNS = ["page", "event", "page", "event", "page"];

describe("MemorySampleStore", () => {
  const subject = {
    name: "MemorySampleStore",
    open: async (_: string, capacity: number) => new MemorySampleStore({ capacity }),
    isPersistent: false,
  };
  for (const { name, run } of sampleStoreConformance(subject)) it(name, run);

  it("stamps samples with its own clock", async () => {
    const store = new MemorySampleStore({ now: () => 42 });
    await store.append([sample(1), sample(2, new Date(41))]);
    expect(await store.range(41, 43)).toEqual([sample(2, new Date(41)), sample(1, new Date(42))]);
  });

  it("gives the event loop a turn between pages", async () => {
    expect(await readingWithEvents(new MemorySampleStore())).toEqual(TURNS);
  });

  it("refuses a capacity of 0 and unknown options", () => {
    expect(() => new MemorySampleStore({ capacity: 0 })).toThrow("an integer > 0");
    expect(() => new MemorySampleStore({ size: 1 } as object)).toThrow("Unknown");
  });
});

describe.runIf(hasDriver)("SqliteSampleStore, with libsql installed", () => {
  const open = (name: string, capacity: number) =>
    SqliteSampleStore.open({ path: join(folder, "deep", `${name}.db`), capacity });
  const subject = { name: "SqliteSampleStore", open, isPersistent: true };
  for (const { name, run } of sampleStoreConformance(subject)) it(name, run);

  it("gives the event loop a turn between pages", async () => {
    expect(await readingWithEvents(await open("turns", 10))).toEqual(TURNS);
  });

  it("keeps calls as long as many statements' rows whole and in order", async () => {
    for (const count of [1, 49, 50, 51, 150]) {
      const store = await open(`rows-${count}`, 1000);
      const samples = Array.from({ length: count }, (_, i) => sample(i, new Date(i >> 3)));
      await store.append(samples);
      expect(await store.range(0, 1000)).toEqual(samples);
      await store.close();
    }
  });

  it("lets two connections use one file", async () => {
    const [one, other] = await Promise.all([open("shared", 10), open("shared", 10)]);
    await Promise.all([
      one.append([sample(1, new Date(1))]),
      other.append([sample(2, new Date(2))]),
    ]);
    expect(await one.count()).toBe(2);
    await Promise.all([one.close(), other.close()]);
  });

  it("refuses a file that is no database, and one of another format", async () => {
    const text = join(folder, "text.db");
    await writeFile(text, "this is no database ".repeat(500));
    const before = await readFile(text);
    await expect(SqliteSampleStore.open({ path: text })).rejects.toMatchObject({
      code: "FILE_CORRUPT",
    });
    expect(await readFile(text)).toEqual(before);

    const path = join(folder, "later.db");
    await (await SqliteSampleStore.open({ path })).close();
    const bytes = await readFile(path);
    bytes.writeUInt32BE(3, 60); // user_version in the header of an SQLite file
    await writeFile(path, bytes);
    await expect(SqliteSampleStore.open({ path })).rejects.toThrow("format version 3");
  });

  it("reports a folder that cannot be made", async () => {
    await writeFile(join(folder, "file"), "");
    const path = join(folder, "file", "samples.db");
    await expect(SqliteSampleStore.open({ path })).rejects.toMatchObject({ code: "FILE_FAILED" });
  });
});

describe.runIf(!hasDriver)("SqliteSampleStore, without libsql", () => {
  it("says what to install", async () => {
    const opening = SqliteSampleStore.open({ path: join(folder, "samples.db") });
    await expect(opening).rejects.toMatchObject({
      code: "DRIVER_MISSING",
      message: expect.stringContaining("npm install libsql"),
    });
  });
});
