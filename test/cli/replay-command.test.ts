// The command line: exit codes, what goes to which stream, and nothing for terminals elsewhere.

import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runProgram } from "../../src/cli/program.ts";
import { sampleDataPath } from "../../src/cli/sample-data.ts";
import type { Output } from "../../src/cli/terminal.ts";
import { csvOf, syntheticBars } from "../replay/synthetic-bars.ts";

const FAST = ["--warmup-years", "1", "--schedule-days", "40"];

class Capture extends Writable {
  text = "";
  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

async function run(args: string[], terminal = { isTTY: false, columns: 80 }) {
  const stdout: Output & Capture = Object.assign(new Capture(), terminal);
  const stderr: Output & Capture = Object.assign(new Capture(), terminal);
  const exitCode = await runProgram(args, { stdout, stderr });
  return { exitCode, stdout: stdout.text, stderr: stderr.text };
}

describe("driftkeel replay", () => {
  let folder: string;
  let csv: string;
  let baseDir: string[];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "driftkeel-cli-"));
    csv = join(folder, "prices.csv");
    baseDir = ["--base-dir", join(folder, "data")];
    await writeFile(csv, csvOf(syntheticBars(420)));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("ends with a table and the paths of its files, and exits with 0", async () => {
    const { exitCode, stdout, stderr } = await run(["replay", csv, ...baseDir, ...FAST]);
    expect(exitCode).toBe(0);
    for (const word of ["Regime", "Sharpe", "Drawdown", "Degradation", "naive", "all"]) {
      expect(stdout).toContain(word);
    }
    expect(stdout).toContain(join(folder, "data", "replay", "report.json"));
    expect(stdout).toContain(join(folder, "data", "replay", "report.html"));
    expect(stdout).toContain(join(folder, "data", "replay", "decisions.jsonl"));
    expect(stderr).toContain("Replaying prices.csv: 420 days, 2001-01-01 to");
    expect(stderr).toMatch(/\n +2002 +[+-]/);
  });

  it("fits into 80 columns and is plain text where there is no terminal", async () => {
    const { stdout, stderr } = await run(["replay", csv, ...baseDir, ...FAST]);
    const text = stderr + stdout;
    expect(text).not.toContain("\u001b");
    expect(text).not.toContain("\r");
    const ours = text.split("\n").filter((line) => !line.includes(folder));
    expect(Math.max(...ours.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it("shows a bar and colours on a terminal, and takes the bar away at the end", async () => {
    const shown = await run(["replay", csv, ...baseDir, ...FAST], { isTTY: true, columns: 80 });
    expect(shown.stderr).toContain("30-day Sharpe");
    expect(shown.stderr).toMatch(/\n? +2002 +[+-]/);
    expect(shown.stdout).toContain("\u001b[1m");
  });

  it("prints report.json with --json and nothing else on that stream", async () => {
    const { exitCode, stdout } = await run(["replay", csv, ...baseDir, ...FAST, "--json"]);
    expect(exitCode).toBe(0);
    const report = await readFile(join(folder, "data", "replay", "report.json"), "utf8");
    expect(stdout).toBe(report);
    expect(JSON.parse(stdout).data.bars).toBe(420);
  });

  it("says nothing with --quiet, and only the report with --quiet --json", async () => {
    const quiet = await run(["replay", csv, ...baseDir, ...FAST, "--quiet"]);
    expect(quiet).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    const both = await run(["replay", csv, ...baseDir, ...FAST, "--quiet", "--json"]);
    expect(both.stderr).toBe("");
    expect(JSON.parse(both.stdout).report_version).toBe(3);
  });

  it("searches architectures with --nas, and reports what it found", async () => {
    const args = ["replay", csv, ...baseDir, ...FAST, "--quiet", "--json"];
    const plain = await run(args);
    expect(JSON.parse(plain.stdout).architectures).toBeUndefined();
    const searched = await run([...args, "--nas"]);
    const [first] = JSON.parse(searched.stdout).architectures;
    expect(first.cell.length).toBeGreaterThan(0);
    expect(typeof first.accepted).toBe("boolean");
    expect(Number.isFinite(first.found_sharpe)).toBe(true);
    const shown = await run(["replay", csv, ...baseDir, ...FAST, "--nas"]);
    expect(shown.stdout).toMatch(/Architectures searched after alerts: \d+, \d+ accepted\./);
  });

  it.each([
    [["replay", "--colour"], "unknown option '--colour'"],
    [["replay", "--seed", "x"], "Expected a number."],
    [["replay", "--seed", "-1"], "to be an integer from 0 to 4294967295, got -1"],
    [["replay", "--warmup-years", "0"], "to be an integer > 0, got 0"],
    [["replay", "--cost-bps", "1e3"], "Expected a number."],
    [["replay", "a.csv", "b.csv"], "too many arguments"],
    [["reply"], "unknown command 'reply'"],
  ])("exits with 2 on %j", async (args, message) => {
    const { exitCode, stdout, stderr } = await run(args);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("Replaying");
    expect(stdout).toBe("");
    expect(exitCode).toBe(2);
  });

  it("exits with 5 on a file that is absent, broken or too short", async () => {
    const broken = join(folder, "broken.csv");
    await writeFile(broken, "date,open,high,low,close\n2020-01-02,1,1,1,none\n");
    const absent = await run(["replay", join(folder, "absent.csv")]);
    expect(absent).toMatchObject({ exitCode: 5, stdout: "" });
    expect(absent.stderr).toContain("(FILE_FAILED)");
    const read = await run(["replay", broken]);
    expect(read).toMatchObject({ exitCode: 5, stdout: "" });
    expect(read.stderr).toContain('line 2: expected a finite number as close, got "none"');
    const short = await run(["replay", csv, ...baseDir, "--warmup-years", "9"]);
    expect(short).toMatchObject({ exitCode: 5, stdout: "" });
    expect(short.stderr).toContain("Take fewer years or a longer file.");
  });

  it("exits with 5 when its folder cannot be written", async () => {
    const { exitCode, stderr } = await run(["replay", csv, "--base-dir", csv, ...FAST]);
    expect(exitCode).toBe(5);
    expect(stderr).toContain("(FILE_FAILED)");
    expect(await readdir(folder)).toContain("prices.csv");
  });

  it("explains itself with an example", async () => {
    const { exitCode, stdout } = await run(["replay", "--help"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("$ driftkeel replay prices.csv");
    expect(stdout).toContain("--warmup-years");
  });

  it("finds the S&P 500 among the development dependencies", async () => {
    const text = await readFile(sampleDataPath()!, "utf8");
    expect(text.startsWith("date,open,high,low,close,adjclose,volume\n2000-01-03,")).toBe(true);
  });
});
