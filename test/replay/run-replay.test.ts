// A run leaves a folder of files that belong together, the same bytes each time, or leaves all as
// it was.

import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BarFile, parseBars } from "../../src/replay/bars.ts";
import type { ReplayEvent } from "../../src/replay/replay-event.ts";
import type { ReplayOptions } from "../../src/replay/replay-options.ts";
import { type ReplayResult, runReplay } from "../../src/replay/run-replay.ts";
import { AuditLog } from "../../src/store/audit-log.ts";
import { VersionStore } from "../../src/store/version-store.ts";
import { readPage } from "./page/well-formed.ts";
import { csvOf, shuffledAfter, syntheticBars } from "./synthetic-bars.ts";

const bars = syntheticBars(400);
const file: BarFile = {
  name: "prices.csv",
  sha256: "0",
  bars: parseBars(csvOf(bars), "prices.csv"),
};
const options: ReplayOptions = {
  warmupYears: 1,
  scheduleDays: 10,
  trainDays: 80,
  holdoutDays: 20,
  base: { maxSteps: 40 },
  update: { maxSteps: 10 },
};

describe("runReplay", () => {
  let folder: string;
  let first: ReplayResult;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "driftkeel-run-"));
    first = await runReplay(file, options, { baseDir: join(folder, "first") });
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("writes report and decisions, which the report names by digest", async () => {
    expect(first.reportPath).toBe(join(folder, "first", "replay", "report.json"));
    expect((await readdir(join(folder, "first", "replay"))).sort()).toEqual([
      "audit.jsonl",
      "audit.jsonl.head",
      "current.json",
      "decisions.jsonl",
      "report.html",
      "report.json",
      "state",
      "versions",
    ]);
    expect(await readdir(join(folder, "first"))).toEqual(["replay"]);
    const report = await readFile(first.reportPath, "utf8");
    expect(report).toBe(first.report);
    const decisions = await readFile(first.decisionsPath, "utf8");
    expect(JSON.parse(report).decisions).toEqual({
      file: "decisions.jsonl",
      lines: decisions.split("\n").length - 1,
      sha256: createHash("sha256").update(decisions).digest("hex"),
    });
  });

  it("writes a page about the same run", async () => {
    const page = await readFile(first.pagePath, "utf8");
    expect(first.pagePath).toBe(join(folder, "first", "replay", "report.html"));
    readPage(page);
    const { data, decisions } = JSON.parse(first.report);
    expect(page).toContain(data.file);
    expect(page).toContain(decisions.sha256);
  });

  it("leaves an audit log that verifies, and a version for every promotion", async () => {
    const audit = await AuditLog.open(first.auditPath, { readOnly: true });
    expect(await audit.verify()).toMatchObject({ intact: true });
    const events = await audit.readAll();
    await audit.close();
    const promoted = events.filter(({ outcome }) => outcome === "promoted");
    const { promotions } = first.summaries.at(-1)!;
    expect(promotions).toBeGreaterThan(0);
    expect(promoted).toHaveLength(1 + promotions); // the base network was the first
    const ids = promoted.map(({ details }) => details!.version_id);
    expect(await readdir(first.versionsPath)).toEqual(expect.arrayContaining(ids));
    expect(ids).toContain(first.current.activeId);
  });

  it("goes back to a version without an error, and is the model that it then says", async () => {
    const storagePath = dirname(first.versionsPath);
    const versions = await VersionStore.open({ storagePath });
    const prior = first.current.priorId!;
    await versions.rollback(prior);
    expect((await versions.getCurrent())?.activeId).toBe(prior);
    await versions.rollback(first.current.activeId);
    await versions.close();
  });

  it("does not replace a folder that a process works on", async () => {
    const baseDir = join(folder, "locked");
    await runReplay(file, options, { baseDir });
    const versions = await VersionStore.open({ storagePath: join(baseDir, "replay") });
    await expect(runReplay(file, options, { baseDir })).rejects.toMatchObject({
      code: "STORE_LOCKED",
    });
    await versions.close();
    expect(await readdir(baseDir)).toEqual(["replay"]);
  });

  it("makes the same bytes of the same seed, and others of another", async () => {
    const baseDir = join(folder, "again");
    const again = await runReplay(file, options, { baseDir });
    expect(again.report).toBe(first.report);
    const decisions = await readFile(again.decisionsPath);
    expect(decisions).toEqual(await readFile(first.decisionsPath));
    expect(await readFile(again.pagePath)).toEqual(await readFile(first.pagePath));
    expect(await readFile(again.auditPath)).toEqual(await readFile(first.auditPath));
    const other = await runReplay(file, { ...options, seed: 2 }, { baseDir });
    expect(other.report).not.toBe(first.report);
  });

  it("logs the same lines up to the day after which the future is shuffled", async () => {
    const day = 330;
    const shuffled = { ...file, bars: shuffledAfter(file.bars, day) };
    const other = await runReplay(shuffled, options, { baseDir: join(folder, "shuffled") });
    const past = async (path: string) => {
      const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
      return lines.filter((line) => JSON.parse(line).date <= file.bars[day]!.date);
    };
    const lines = await past(first.decisionsPath);
    expect(lines.length).toBeGreaterThan(3);
    expect(await past(other.decisionsPath)).toEqual(lines);
  });

  it("leaves the files of the run before when it is interrupted", async () => {
    const interruption = new AbortController();
    const running = runReplay(
      file,
      { ...options, seed: 3 },
      {
        baseDir: join(folder, "first"),
        onEvent: (event: ReplayEvent) => {
          if (event.kind === "day-settled") interruption.abort();
        },
        signal: interruption.signal,
      },
    );
    await expect(running).rejects.toMatchObject({ code: "UPDATE_CANCELLED" });
    expect(await readFile(first.reportPath, "utf8")).toBe(first.report);
    expect(await readdir(join(folder, "first"))).toEqual(["replay"]);
  });

  it.each([
    [{ warmupYears: 0 }, "OPTION_INVALID"],
    [{ costBps: Number.NaN }, "OPTION_INVALID"],
    [{ update: { rank: 2.5 } }, "OPTION_INVALID"],
    [{ warmupYear: 3 }, "OPTION_UNKNOWN"],
    [{ warmupYears: 20 }, "DATA_EMPTY"],
  ])("refuses %j before it writes anything", async (wrong, code) => {
    const baseDir = join(folder, "refused");
    await expect(runReplay(file, wrong as ReplayOptions, { baseDir })).rejects.toMatchObject({
      code,
    });
    await expect(readdir(baseDir)).rejects.toMatchObject({ code: "ENOENT" });
  });
});
