// docs/schedule.md and its examples: the commands print what the page shows, cron and systemd can
// read the files, and the configuration is one that the service takes.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { scheduleConfig } from "../../src/config/schedule-config.ts";
import { ModelHost } from "../../src/service/model-host.ts";
import { parseServiceConfig } from "../../src/service/service-config.ts";
import { run } from "../cli/command-line.ts";
import { consoleExamples } from "../pages/console-examples.ts";
import { batch } from "./served.ts";

const page = readFileSync("docs/schedule.md", "utf8");
const example = (name: string) => readFileSync(join("docs/examples", name), "utf8");
const UNITS = ["driftkeel.service", "driftkeel-daily.service", "driftkeel-daily.timer"];

/** Four hundred samples of the last days, as a service keeps them. */
async function keepSamples(baseDir: string): Promise<void> {
  const { models } = parseServiceConfig("driftkeel.json", example("driftkeel.json"));
  const signal = new Map([["signal", models.get("signal")!]]);
  const host = await ModelHost.open(signal, { baseDir, now: () => Date.now() });
  const rows = batch(400).trim().split("\n");
  const samples = rows.map((row) => {
    const { input, label } = JSON.parse(row);
    return { input: Float32Array.from(input), label: Float32Array.from(label) };
  });
  await (await host.find("signal").take(samples)).learned;
  await host.close();
}

/** The text without what differs from run to run. */
function lasting(text: string): string {
  return text
    .replace(/\d{8}-\d{6}-[0-9a-f]{4}/g, "<id>")
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>")
    .replace(/\d\.\d+/g, "<number>")
    .replace(/ {2,}/g, " ")
    .replace(/─+/g, "─")
    .trim();
}

it("prints what the page shows", async () => {
  const folder = mkdtempSync(join(tmpdir(), "driftkeel-schedule-docs-"));
  const home = process.cwd();
  try {
    writeFileSync(join(folder, "driftkeel.json"), example("driftkeel.json"));
    await keepSamples(join(folder, "driftkeel-data"));
    process.chdir(folder);
    const examples = consoleExamples(page, "$ driftkeel ");
    expect(examples.length).toBe(2);
    for (const { command, output } of examples) {
      const { stdout, stderr } = await run(command.split(" "));
      expect(`${command}\n${lasting(stderr + stdout)}`).toBe(`${command}\n${lasting(output)}`);
    }
  } finally {
    process.chdir(home);
    rmSync(folder, { recursive: true, force: true });
  }
});

it("tells of every member of the section and of its default", () => {
  const defaults: Record<string, unknown> = { window_days: 60, cron: "none" };
  for (const [member, value] of Object.entries(scheduleConfig.parse({}))) defaults[member] = value;
  expect(Object.keys(defaults).sort()).toEqual(Object.keys(scheduleConfig.shape).sort());
  for (const [member, value] of Object.entries(defaults)) {
    const text = member === "time_zone" ? '`"UTC"`' : String(value);
    expect(page).toContain(`| \`${member}\` | ${text} |`);
  }
});

it("shows a line that cron can read", () => {
  const lines = example("crontab").trim().split("\n");
  const [line, ...more] = lines.filter((each) => !each.startsWith("#"));
  expect(more).toEqual([]);
  expect(page).toContain(line);
  const [, expression, command] = /^((?:\S+ ){5})(.*)$/.exec(line!)!;
  expect(scheduleConfig.parse({ cron: expression!.trim() }).cron).toBe("0 6 * * *");
  expect(command).not.toContain("%"); // to cron that is the end of the line
  const flags = command!.split(" driftkeel ")[1]!.split(" ");
  expect(flags).toEqual(["daily", "--quiet"]);
  expect(spawnSync("sh", ["-n", "-c", command!]).status).toBe(0);
});

it("has units whose commands this program knows", async () => {
  for (const unit of UNITS.filter((name) => name.endsWith(".service"))) {
    const start = /^ExecStart=\/usr\/bin\/env driftkeel (.*)$/m.exec(example(unit))![1]!;
    const { exitCode, stderr } = await run([...start.split(" "), "--help"]);
    expect({ unit, exitCode, stderr }).toEqual({ unit, exitCode: 0, stderr: "" });
  }
  expect(example("driftkeel-daily.service")).toContain("\nSuccessExitStatus=3 4\n");
  const timer = example("driftkeel-daily.timer");
  expect(timer).toMatch(/^OnCalendar=\*-\*-\* \d\d:\d\d:\d\d UTC$/m);
  expect(timer).toContain("\nPersistent=true\n");
});

const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;

it.skipIf(!hasSystemd)("has units that systemd accepts", () => {
  const paths = UNITS.map((unit) => `./${unit}`);
  const verified = spawnSync("systemd-analyze", ["verify", ...paths], {
    cwd: "docs/examples",
    encoding: "utf8",
  });
  const findings = verified.stderr.split("\n").filter((line) => /driftkeel/.test(line));
  expect({ status: verified.status, findings }).toEqual({ status: 0, findings: [] });
});
