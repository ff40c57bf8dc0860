// `driftkeel daily` on samples that a service has kept: one update a day for every model, whatever
// becomes of the others.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { parseModelConfigs } from "../../src/config/model-config.ts";
import { startService } from "../../src/service/index.ts";
import { ModelHost } from "../../src/service/model-host.ts";
import { signal } from "../config/config-file.ts";
import { batch } from "../service/served.ts";
import { run, runJson } from "./command-line.ts";

/** Learns quickly, and does not update by itself. */
const eager = { ...signal, online_update: { learning_rate: 0.02, ewc_lambda: 0.01 } };

let folder: string;
let args: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "driftkeel-daily-"));
  args = ["daily", "--config", join(folder, "driftkeel.json"), "--base-dir", join(folder, "data")];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const baseDir = () => join(folder, "data");

function configure(models: object): string {
  const text = JSON.stringify({ models });
  writeFileSync(join(folder, "driftkeel.json"), text);
  return text;
}

/** Samples of the last minutes, as a service keeps them. */
async function feed(models: object, id: string, count: number): Promise<void> {
  const configs = parseModelConfigs("test.json", JSON.stringify({ models }));
  const options = { baseDir: baseDir(), now: () => Date.now() };
  const host = await ModelHost.open(new Map([[id, configs.get(id)!]]), options);
  const rows = batch(count).trim().split("\n");
  const samples = rows.map((row) => {
    const { input, label } = JSON.parse(row);
    return { input: Float32Array.from(input), label: Float32Array.from(label) };
  });
  await (await host.find(id).take(samples)).learned;
  await host.close();
}

const outcomes = ({ models }: { models: { model_id: string; outcome: string }[] }) =>
  Object.fromEntries(models.map(({ model_id, outcome }) => [model_id, outcome]));

it("updates every model on what was kept, as a job of its schedule", async () => {
  const models = { one: eager, two: { ...eager, schedule: { window_days: 30 } } };
  configure(models);
  for (const id of Object.keys(models)) await feed(models, id, 300);
  const { exitCode, record, stderr } = await runJson(args);
  expect(exitCode).toBe(0);
  expect(outcomes(record)).toEqual({ one: "promoted", two: "promoted" });
  expect(stderr).toBe("one: updating\ntwo: updating\n");
  const { job } = record.models[1];
  expect(job).toMatchObject({ source: "schedule", status: "promoted" });
  const { start, end } = job.request.data_window;
  expect(Date.parse(end) - Date.parse(start)).toBe(30 * 86_400_000);
  const status = (await runJson(["status", "--model", "two", "--base-dir", baseDir()])).record;
  expect(JSON.stringify(status)).toContain(job.report.version_id);
  const audit = readFileSync(join(baseDir(), "two", "audit.jsonl"), "utf8");
  expect(audit).toContain(`"promoted"`);
});

it("updates once a day, and again when it is forced", async () => {
  const models = { signal: eager };
  configure(models);
  await feed(models, "signal", 300);
  expect((await run(args)).exitCode).toBe(0);
  const again = await run(args);
  expect(again.exitCode).toBe(3);
  expect(again.stdout).toContain("it was updated once today (UTC), max_updates_per_day is 1");
  const forced = await runJson([...args, "--force"]);
  expect(forced.record.models[0].job).not.toBeNull();
});

it("leaves a service nothing to make up for", async () => {
  const models = { signal: { ...eager, schedule: { cron: "* * * * * *" } } };
  const text = configure(models);
  await feed(models, "signal", 300);
  const { record } = await runJson(args);
  const service = await startService({
    config: { name: "test.json", text },
    baseDir: baseDir(),
    port: 0,
  });
  const answer = await fetch(`${service.url}/api/v1/schedule`);
  const { schedules } = (await answer.json()) as { schedules: { last_run: object }[] };
  expect(schedules[0]!.last_run).toMatchObject({ job_id: record.models[0].job.job_id });
  await service.close();
});

it("goes on when a model fails, and exits with what is worst", async () => {
  const models = {
    broken: { ...signal, ewc: { gamma: 0.5, lambda: 1 }, detector: { name: "adwin", delta: 0 } },
    empty: signal,
    fine: eager,
  };
  configure(models);
  await feed(models, "fine", 300);
  const { exitCode, record } = await runJson(args);
  expect(outcomes(record)).toEqual({ broken: "failed", empty: "skipped", fine: "promoted" });
  expect(exitCode).toBe(5);
  expect(record.models[0]).toMatchObject({ code: "OPTION_INVALID", job: null });
  expect(record.models[1].reason).toBe("0 training samples, 64 are needed");
  expect((await run([...args, "--model", "empty"])).exitCode).toBe(3);
  const quiet = await run([...args, "--quiet"]);
  expect(quiet.stdout).toBe("");
  expect(quiet.stderr).toMatch(/^error: broken: .*\(OPTION_INVALID\)\n$/);
});

it("says that a running service has a model, and updates the others", async () => {
  const models = { signal: eager, other: eager };
  const text = configure(models);
  await feed(models, "other", 300);
  const only = JSON.stringify({ models: { signal: eager } });
  const config = { name: "test.json", text: only };
  const service = await startService({ config, baseDir: baseDir(), port: 0 });
  const { exitCode, record } = await runJson(args);
  await service.close();
  expect(text).toContain("other");
  expect(outcomes(record)).toEqual({ signal: "locked", other: "promoted" });
  expect(record.models[0].code).toBe("STORE_LOCKED");
  expect(record.models[0].reason).toContain("updates its models by their schedules");
  expect(exitCode).toBe(7);
});

it("promotes nothing in a dry run, and says what it would do", async () => {
  const models = { signal: eager };
  configure(models);
  await feed(models, "signal", 300);
  const pointer = join(baseDir(), "signal", "current.json");
  const before = readFileSync(pointer, "utf8");
  const { exitCode, record } = await runJson([...args, "--dry-run"]);
  expect(exitCode).toBe(0);
  expect(record).toMatchObject({ dry_run: true, models: [{ outcome: "accepted" }] });
  expect(readFileSync(pointer, "utf8")).toBe(before);
  // A dry run is no update: the real one may follow on the same day.
  expect((await run([...args, "--quiet"])).exitCode).toBe(0);
});

it("names the models there are when another is asked for", async () => {
  configure({ signal, other: signal });
  const { exitCode, stderr } = await run([...args, "--model", "signl"]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('did you mean "signal"?');
  expect((await run(["daily", "--config", join(folder, "none.json")])).exitCode).toBe(2);
});
