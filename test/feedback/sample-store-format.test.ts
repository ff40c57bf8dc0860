// Files of samples in format 1 are upgraded whole or not at all, and every process that writes to a
// file keeps its number of samples right.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SqliteSampleStore } from "../../src/pipeline/feedback/sample-store-sqlite.ts";
import { hasDriver, openDatabase } from "./driver.ts";

const STORE_SOURCE = "src/pipeline/feedback/sample-store-sqlite.ts";
/** What releases before format 2 make. */
const FORMAT_1 = `
  PRAGMA journal_mode = WAL;
  CREATE TABLE samples (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    time_ms INTEGER NOT NULL,
    input BLOB NOT NULL,
    label BLOB NOT NULL,
    weight REAL,
    id TEXT,
    origin TEXT
  ) STRICT;
  CREATE INDEX samples_by_time ON samples (time_ms, position);
  PRAGMA user_version = 1;
`;
const INSERT = "INSERT INTO samples (time_ms, input, label, weight, id, origin) VALUES";
const THREE_ROWS = `${INSERT}
  (30, x'0000803f', x'00000040', 0.5, '"three"', 'peer'),
  (10, x'0000803f0000803f', x'00000040', NULL, NULL, NULL),
  (20, x'0000803f', x'00000040', NULL, NULL, 'replay');
`;
const THREE_SAMPLES = [
  { input: Float32Array.of(1, 1), label: Float32Array.of(2), timestamp: new Date(10) },
  {
    input: Float32Array.of(1),
    label: Float32Array.of(2),
    timestamp: new Date(20),
    origin: "replay",
  },
  {
    input: Float32Array.of(1),
    label: Float32Array.of(2),
    weight: 0.5,
    timestamp: new Date(30),
    id: "three",
    origin: "peer",
  },
];

let folder: string;
const fileOf = (name: string) => join(folder, `${name}.db`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "driftkeel-format-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Does SQL on a file through the driver alone; the rows of the last text, if it is a query. */
function onFile(path: string, sql: string, query = "SELECT 1"): Record<string, unknown>[] {
  const database = openDatabase(path);
  try {
    database.exec(sql);
    return database.prepare(query).all([]);
  } finally {
    database.close();
  }
}

function makeFormat1(name: string): string {
  onFile(fileOf(name), FORMAT_1 + THREE_ROWS);
  return fileOf(name);
}

async function contentOf(path: string) {
  const store = await SqliteSampleStore.open({ path });
  try {
    return { count: await store.count(), samples: await store.range(-8.64e15, 8.64e15) };
  } finally {
    await store.close();
  }
}

const sampleAt = (timeMs: number) => ({
  input: Float32Array.of(1),
  label: Float32Array.of(2),
  timestamp: new Date(timeMs),
});

/** Runs a script on the bundled store in a process of its own; how that ended. */
async function runChild(script: string, ...args: string[]) {
  const child = spawn(process.execPath, [join(folder, script), ...args]);
  let complaint = "";
  child.stderr.on("data", (text) => {
    complaint += text;
  });
  const [code, signal] = await once(child, "close");
  return { code, signal, complaint };
}

/** A process that opens a store and dies before it asks the driver for the n-th time. */
const KILLED = `
  import Database from "libsql";
  import { SqliteSampleStore } from "./store.mjs";
  const [path, calls] = process.argv.slice(2);
  let left = Number(calls);
  for (const name of ["exec", "prepare"]) {
    const original = Database.prototype[name];
    Database.prototype[name] = function (sql) {
      if (left-- === 0) process.kill(process.pid, "SIGKILL");
      return original.call(this, sql);
    };
  }
  await SqliteSampleStore.open({ path });
`;

/** A process that appends samples one by one. */
const WRITER = `
  import { SqliteSampleStore } from "./store.mjs";
  const [path, count, capacity] = process.argv.slice(2);
  const store = await SqliteSampleStore.open({ path, capacity: Number(capacity) });
  for (let i = 0; i < Number(count); i++) {
    await store.append([{ input: Float32Array.of(i), label: Float32Array.of(i) }]);
  }
  await store.close();
`;

describe.runIf(hasDriver)("a file of samples in format 1", () => {
  it("is upgraded in place with everything that it holds", async () => {
    const path = makeFormat1("upgraded");
    expect(await contentOf(path)).toEqual({ count: 3, samples: THREE_SAMPLES });
    expect(onFile(path, "", "PRAGMA user_version")).toEqual([{ user_version: 2 }]);
    expect(await contentOf(path)).toEqual({ count: 3, samples: THREE_SAMPLES });
  });

  it("may be upgraded while a process of the older release has it open", async () => {
    const path = makeFormat1("still-open");
    const older = openDatabase(path);
    const insert = older.prepare(`${INSERT} (?, x'00000000', x'00000000', NULL, NULL, NULL)`);
    const trim = older.prepare("DELETE FROM samples WHERE time_ms < ?");
    const store = await SqliteSampleStore.open({ path });
    insert.run([40]);
    insert.run([50]);
    trim.run([20]);
    expect(await store.count()).toBe(4);
    // The last act of an older release that was opening the file while it was upgraded.
    older.exec("PRAGMA user_version = 1");
    older.close();
    await store.close();
    expect((await contentOf(path)).count).toBe(4);
  });
});

describe.runIf(hasDriver)("a file of samples among processes", () => {
  beforeAll(async () => {
    await build({
      entryPoints: [STORE_SOURCE],
      outfile: join(folder, "store.mjs"),
      bundle: true,
      platform: "node",
      format: "esm",
      logLevel: "silent",
    });
    await symlink(resolve("node_modules"), join(folder, "node_modules"));
    await writeFile(join(folder, "killed.mjs"), KILLED);
    await writeFile(join(folder, "writer.mjs"), WRITER);
  });

  // Calls of the driver: 3 begins the transaction, 7 commits it, 8 is the first one after it.
  it.each([3, 4, 5, 6, 7, 8])("stays whole when an upgrade dies at call %i", async (call) => {
    const path = fileOf(`killed-${call}`);
    makeFormat1(`killed-${call}`);
    expect(await runChild("killed.mjs", path, `${call}`)).toMatchObject({ signal: "SIGKILL" });
    const copy = fileOf(`looked-at-${call}`);
    await cp(path, copy);
    await cp(`${path}-wal`, `${copy}-wal`);
    const [version] = onFile(copy, "", "PRAGMA user_version");
    const additions = onFile(
      copy,
      "",
      "SELECT name FROM sqlite_master WHERE name LIKE 'sample/_%' ESCAPE '/' ORDER BY name",
    );
    const isUpgraded = call === 8;
    expect(version).toEqual({ user_version: isUpgraded ? 2 : 1 });
    expect(additions).toHaveLength(isUpgraded ? 3 : 0);
    expect(await contentOf(path)).toEqual({ count: 3, samples: THREE_SAMPLES });
  });

  it("counts what two of them append and trim at once", async () => {
    const path = makeFormat1("two-writers");
    const ends = await Promise.all(
      ["40", "40"].map((count) => runChild("writer.mjs", path, count, "60")),
    );
    const ended = { code: 0, signal: null, complaint: "" };
    expect(ends).toEqual([ended, ended]);
    const { count, samples } = await contentOf(path);
    expect(count).toBe(60);
    expect(samples).toHaveLength(60);
  });
});

describe.runIf(hasDriver)("the number of samples in a file", () => {
  it("is the same for two stores on it, whoever appends, trims and prunes", async () => {
    const path = fileOf("shared");
    const one = await SqliteSampleStore.open({ path, capacity: 120 });
    const other = await SqliteSampleStore.open({ path, capacity: 100 });
    const times = Array.from({ length: 77 }, (_, index) => index);
    await one.append(times.map((timeMs) => sampleAt(timeMs)));
    await other.append([sampleAt(1000)]);
    expect(await Promise.all([one.count(), other.count()])).toEqual([78, 78]);
    await one.append(times.map((timeMs) => sampleAt(100 + timeMs)));
    expect(await Promise.all([one.count(), other.count()])).toEqual([120, 120]);
    await other.append([sampleAt(2000)]);
    expect(await Promise.all([one.count(), other.count()])).toEqual([100, 100]);
    expect(await one.prune(150)).toBe(71); // 56..76 and 100..149
    expect(await Promise.all([one.count(), other.count()])).toEqual([29, 29]);
    expect(await other.countRange(0, 3000)).toBe(29);
    await Promise.all([one.close(), other.close()]);
  });

  it("is kept in the file, so that an append looks at no other row", async () => {
    const path = fileOf("kept");
    const store = await SqliteSampleStore.open({ path, capacity: 10 });
    await store.append([sampleAt(1), sampleAt(2), sampleAt(3)]);
    onFile(path, "UPDATE sample_count SET n = 9");
    expect(await store.count()).toBe(9);
    await store.append([sampleAt(4), sampleAt(5)]);
    expect(await store.count()).toBe(10);
    expect(await store.countRange(0, 9)).toBe(4);
    await store.close();
  });

  it("cannot be missing", async () => {
    const path = fileOf("no-count");
    const store = await SqliteSampleStore.open({ path });
    onFile(path, "DELETE FROM sample_count");
    await expect(store.append([sampleAt(1)])).rejects.toMatchObject({ code: "FILE_CORRUPT" });
    expect(await store.range(0, 9)).toEqual([]);
    await store.close();
    const foreign = fileOf("foreign");
    onFile(foreign, "CREATE TABLE samples (a); PRAGMA user_version = 2");
    await expect(SqliteSampleStore.open({ path: foreign })).rejects.toMatchObject({
      code: "FILE_CORRUPT",
    });
  });
});
