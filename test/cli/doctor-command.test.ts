// `driftkeel doctor`: what it finds on this machine, and that it leaves nothing behind.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkNode } from "../../src/cli/machine-check.ts";
import { run, runJson } from "./command-line.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "driftkeel-doctor-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("driftkeel doctor", () => {
  it("finds a machine that runs these tests usable, with measured numbers", async () => {
    const { exitCode, record } = await runJson(["doctor", "--base-dir", folder]);
    expect(exitCode).toBe(0);
    expect(record).toMatchObject({
      is_usable: true,
      node: { version: process.versions.node, is_enough: true },
      core: { variant: "simd128-shared", is_memory_shared: true },
      disk: { path: folder, is_writable: true, failure: null },
    });
    expect(record.disk.median_sync_ms).toBeGreaterThan(0);
    expect(record.disk.free_bytes).toBeGreaterThan(0);
    expect(Math.abs(Date.parse(record.system_clock) - Date.now())).toBeLessThan(60_000);
    expect(readdirSync(folder)).toEqual([]);
    const { stdout } = await run(["doctor", "--base-dir", folder]);
    for (const word of ["simd128-shared", "disk sync", "SQLite", "Driftkeel works here."]) {
      expect(stdout).toContain(word);
    }
  });

  it("tries the folder above a base directory that is not there, and creates none", async () => {
    const absent = join(folder, "a", "b");
    const { exitCode, record } = await runJson(["doctor", "--base-dir", absent]);
    expect({ exitCode, path: record.disk.path }).toEqual({ exitCode: 0, path: folder });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("exits with 5 where nothing can be written", async () => {
    writeFileSync(join(folder, "file"), "");
    const place = ["--base-dir", join(folder, "file")];
    const { exitCode, record } = await runJson(["doctor", ...place]);
    expect(exitCode).toBe(5);
    expect(record).toMatchObject({ is_usable: false, disk: { is_writable: false } });
    const { stdout } = await run(["doctor", ...place]);
    expect(stdout).toContain("Something that is needed is missing.");
  });
});

it.each([
  ["20.19.0", true],
  ["20.18.9", false],
  ["18.20.0", false],
  ["22.1.0", true],
])("Node %s is enough: %s", (version, isEnough) => {
  expect(checkNode(version)).toEqual({ version, needed: ">=20.19", isEnough });
});
