// `driftkeel router`: what it prints, what it exits with, and what each flag does.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileStore } from "../../../src/store/file-store.ts";
import { contentOf, run, runJson } from "../../cli/command-line.ts";
import { RouterBase, suite } from "./router-base.ts";

let base: RouterBase;
beforeEach(() => {
  base = new RouterBase();
  writeFileSync(join(base.path, "suite.json"), suite.toJson());
});
afterEach(() => base.remove());

const router = (...args: string[]) => run(["router", ...args, "--base-dir", base.baseDir]);
const cycle = async (...args: string[]) => {
  const { exitCode, stdout, stderr } = await router("run", ...args);
  return { exitCode, stderr, report: stdout === "" ? undefined : JSON.parse(stdout) };
};

describe("driftkeel router run", () => {
  it("prints the report as JSON without a terminal, and exits with 0 and then 3", async () => {
    base.add({ count: 300 });
    const first = await cycle();
    expect(first.exitCode).toBe(0);
    expect(first.report).toMatchObject({ outcome: "promoted", dry_run: false });
    const again = await cycle();
    expect(again.exitCode).toBe(3);
    expect(again.report).toMatchObject({ outcome: "skipped", baseline_id: null });
    expect((await cycle("--quiet")).report).toBeUndefined();
  });

  it("prints lines for a person on a terminal", async () => {
    base.add({ count: 300 });
    base.write("broken.json", "{");
    const args = ["router", "run", "--base-dir", base.baseDir];
    const { stdout } = await run(args, { isTTY: true, columns: 80 });
    expect(stdout).toMatch(/outcome.*promoted/);
    expect(stdout).toMatch(/broken.*1 skipped\S*\n +\S*broken\.json: /);
    expect(stdout).toMatch(/vs active.*reward 0\.\d+ -> 0\.\d+/);
  });

  it("exits with 4 and the gate when the challenger is worse", async () => {
    base.add({ count: 600 });
    await cycle();
    base.add({ count: 1500, seed: 1, firstNumber: 600, inverted: true });
    const { exitCode, report } = await cycle();
    expect(exitCode).toBe(4);
    expect(report.comparisons[0].gates.reasons[0]).toContain("the paired reward changed by -0.");
  });

  it("exits with 5 when it fails, and reports why", async () => {
    base.add({ count: 20 });
    writeFileSync(join(base.path, "seen.json"), "{}");
    const { exitCode, report } = await cycle("--min-new-trajectories", "10");
    expect(exitCode).toBe(5);
    expect(report.reason).toContain("(FILE_CORRUPT)");
  });

  it("exits with 7 and names the process that has the folder", async () => {
    const writer = await FileStore.open({ storagePath: base.path });
    const { exitCode, stderr } = await cycle();
    expect(exitCode).toBe(7);
    expect(stderr).toContain(`process ${process.pid}`);
    await writer.close();
  });

  it("exits with 2 on a wrong flag, suite or version, and writes no report", async () => {
    base.add({ count: 20 });
    expect((await cycle("--min-new-trajectories", "0")).exitCode).toBe(2);
    expect((await cycle("--seed", "-1")).exitCode).toBe(2);
    expect((await cycle("--baseline-version", "20200101-000000-0000")).exitCode).toBe(2);
    const { exitCode, stderr } = await cycle("--suite", join(base.baseDir, "none.json"));
    expect(exitCode).toBe(2);
    expect(stderr).toContain("driftkeel router sample");
    expect(existsSync(join(base.path, "reports"))).toBe(false);
  });

  it("changes nothing but the report with --dry-run", async () => {
    base.add({ count: 300 });
    await cycle();
    base.add({ count: 300, seed: 1, firstNumber: 300 });
    const before = contentOf(base.baseDir);
    const { report } = await cycle("--dry-run");
    expect(report.dry_run).toBe(true);
    const added = contentOf(base.baseDir).filter((line) => !before.includes(line));
    expect(added).toHaveLength(1);
    expect(added[0]).toContain(`reports/${report.report_id}.json`);
  });

  it("keeps seen ids and cases where it is told, and starts from a given version", async () => {
    base.add({ count: 300 });
    const seen = join(base.baseDir, "elsewhere", "seen.json");
    const cases = join(base.baseDir, "cases.json");
    const flags = ["--seen-trajectory-store", seen, "--case-index", cases];
    const first = await cycle(...flags);
    expect(readFileSync(seen, "utf8")).toContain("sample-0000299");
    expect(first.report.case_index).toBeGreaterThan(0);
    expect(existsSync(join(base.path, "seen.json"))).toBe(false);
    const skipped = await cycle(...flags, "--rebuild-case-index");
    expect(skipped.report).toMatchObject({ outcome: "skipped" });
    expect(skipped.report.case_index).toBe(first.report.case_index);
    base.add({ count: 300, seed: 1, firstNumber: 300 });
    const pinned = await cycle(...flags, "--baseline-version", first.report.baseline_id);
    expect(pinned.report.comparisons.map(({ role }: { role: string }) => role)).toEqual(["pinned"]);
    expect(pinned.report.baseline_id).toBe(first.report.baseline_id);
  });
});

describe("the other commands of the router", () => {
  it("go from samples to a promotion, and back", async () => {
    const sampled = await runJson([
      ...["router", "sample", "--trajectories", "300", "--base-dir", base.baseDir],
    ]);
    expect(sampled.record).toMatchObject({ trajectories: 300, first_number: 0 });
    const { report } = await cycle();
    const place = ["--base-dir", base.baseDir];
    const status = await runJson(["router", "status", ...place]);
    expect(status.record).toMatchObject({
      active_version: report.version_id,
      files: 300,
      learned: 300,
      last_report: { outcome: "promoted" },
    });
    const listed = await runJson(["router", "versions", ...place]);
    expect(listed.record.versions).toHaveLength(2);
    const back = await runJson(["router", "rollback", report.baseline_id, ...place]);
    expect(back.record).toMatchObject({ outcome: "done", to: report.baseline_id });
    const more = await runJson(["router", "sample", "--trajectories", "5", ...place]);
    expect(more.record.first_number).toBe(300);
  });

  it("index says what there is, and writes cases", async () => {
    base.add({ count: 10 });
    base.write("broken.json", "{");
    const cases = join(base.baseDir, "cases.json");
    const args = ["router", "index", "--case-index", cases, "--base-dir", base.baseDir];
    const { exitCode, record } = await runJson(args);
    expect(exitCode).toBe(0);
    expect(record).toMatchObject({ live: 10, benchmark: 0, peer: 0 });
    expect(record.broken).toHaveLength(1);
    expect(record.cases).toBeGreaterThan(0);
    expect(existsSync(cases)).toBe(true);
  });
});
