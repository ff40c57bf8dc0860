// The metrics, the rules and the example configuration against a real Prometheus.
//
// `tsx test/integration/prometheus.ts` prints what it checked; 1 when something was wrong, 0 also
// when there is no Prometheus and none can be installed, which it says.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServeChild } from "../service/serve-child.ts";
import { keyOf } from "../service/served.ts";
import { findOrInstall, run } from "./prometheus-install.ts";
import {
  type ActiveAlert,
  type LoadedRule,
  PrometheusServer,
  type Target,
  until,
} from "./prometheus-server.ts";

/** Everything together takes far less. */
const LIMIT_MS = 180_000;
const KEY = "integration";
const DAY_MS = 86_400_000;

/** A model that earns, so that Sharpe ratios are measured; EWC, so that a Fisher is. */
const trader = {
  network: {
    input_size: 1,
    layers: [
      { name: "hidden", size: 8, activation: "tanh" },
      { name: "output", size: 1, activation: "tanh" },
    ],
    loss: "negative-sharpe",
  },
  update: { lr: 0.01, optimizer: "adamw", max_steps: 30 },
  ewc: { lambda: 1 },
  trigger: { name: "minimum-new", minimum_new: 100 },
};
const { loss: _, ...network } = trader.network;
const models = { trader, signal: { ...trader, network } };

function print(text: string): void {
  writeSync(1, `${text}\n`);
}

/** Throws with `why` when a condition does not hold; prints `what` when it does. */
function check(what: string, holds: boolean, why: unknown = ""): void {
  if (!holds) throw new Error(`${what}: ${typeof why === "string" ? why : JSON.stringify(why)}`);
  print(`ok    ${what}`);
}

function promtool(what: string, args: readonly string[], input?: string): void {
  const { code, output } = run("promtool", args, input === undefined ? {} : { input });
  check(`promtool ${what}`, code === 0 && (input === undefined || output === ""), output);
}

async function ask(url: string, path: string, body?: string, type = "application/json") {
  const headers = { Authorization: `Bearer ${KEY}`, ...(body && { "Content-Type": type }) };
  const method = body === undefined ? "GET" : "POST";
  const answer = await fetch(url + path, { method, headers, ...(body && { body }) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
  return text;
}

/** Samples of the last days, one each hour, whose label follows from the input. */
function feedback(count: number, nowMs: number): string {
  return Array.from({ length: count }, (_, index) => {
    const x = Math.sin(12.9898 * index);
    const timestamp = new Date(nowMs - (count - index) * (DAY_MS / 24)).toISOString();
    const label = [0.01 * (x + Math.sin(78.233 * index))];
    return `${JSON.stringify({ input: [x], label, timestamp })}\n`;
  }).join("");
}

/** Lets the service learn, be updated and predict; returns its metrics after that. */
async function use(url: string, nowMs: number): Promise<string> {
  for (const id of Object.keys(models)) {
    const path = `/api/v1/models/${id}`;
    await ask(url, `${path}/feedback`, feedback(960, nowMs), "application/x-ndjson");
    await ask(url, `${path}/predict`, JSON.stringify({ input: [0.5] }));
    await until(`${id} has learned`, 30_000, async () => {
      const status = JSON.parse(await ask(url, `${path}/status`));
      return status.observed === 960 ? true : undefined;
    });
    const [start, end] = [nowMs - 40 * DAY_MS, nowMs].map((ms) => new Date(ms).toISOString());
    const body = JSON.stringify({ model_id: id, data_window: { start, end } });
    const { status_url } = JSON.parse(await ask(url, "/api/v1/models/online-update", body));
    await until(`the update of ${id} has ended`, 30_000, async () => {
      const job = JSON.parse(await ask(url, status_url));
      if (/queued|running|evaluating/.test(job.status)) return undefined;
      if (/failed|cancelled/.test(job.status)) throw new Error(JSON.stringify(job));
      return job;
    });
  }
  return ask(url, "/metrics");
}

/** The example files as they are, but for where the service is and how often it is asked. */
function configure(folder: string, url: string): void {
  cpSync("docs/prometheus", folder, { recursive: true });
  const path = join(folder, "prometheus.yml");
  const example = readFileSync(path, "utf8");
  const text = example.replace("127.0.0.1:8600", new URL(url).host).replaceAll(": 15s", ": 1s");
  check("the example has what is replaced", text.length !== example.length && !/15s/.test(text));
  writeFileSync(path, text);
  writeFileSync(join(folder, "driftkeel.key"), KEY);
}

/** Names of the metrics, and of the series that they consist of. */
function namesIn(text: string): { metrics: string[]; series: string[] } {
  const metrics = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!);
  const series = [...text.matchAll(/^([a-zA-Z_:][\w:]*)[{ ]/gm)].map(([, name]) => name!);
  return { metrics, series: [...new Set(series)] };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The scrape, and the series in Prometheus after it. */
async function checkScrape(server: PrometheusServer, text: string): Promise<void> {
  await until("the target is up", 30_000, async () => {
    const { activeTargets } = await server.ask<{ activeTargets: Target[] }>("targets");
    if (activeTargets.some(({ health }) => health === "down")) {
      throw new Error(activeTargets.map(({ lastError }) => lastError).join());
    }
    return activeTargets.length === 1 && activeTargets[0]!.health === "up" ? true : undefined;
  });
  const { metrics, series } = namesIn(text);
  const own = metrics.filter((name) => name.startsWith("driftkeel_"));
  const silent = own.filter((name) => !series.some((each) => each.startsWith(name)));
  check(`each of the ${own.length} metrics of ours has a series`, silent.length === 0, silent);
  const known = new Set(await server.ask<string[]>("label/__name__/values"));
  const missing = series.filter((name) => !known.has(name));
  check(`Prometheus has all ${series.length} names of series`, missing.length === 0, missing);
  const told = await server.ask<{ metric: string }[]>("targets/metadata");
  const names = new Set(told.map(({ metric }) => metric));
  const untold = metrics.filter((name) => !names.has(name));
  check(`Prometheus knows all ${metrics.length} metrics`, untold.length === 0, untold);
}

/** What the service was made to do is there as numbers. */
async function checkValues(server: PrometheusServer): Promise<void> {
  const values: [string, (value: number) => boolean][] = [
    ['driftkeel_feedback_total{model="trader"}', (value) => value === 960],
    ['driftkeel_predictions_total{model="signal"}', (value) => value === 1],
    ['sum(driftkeel_updates_total{model="trader"})', (value) => value > 1],
    ['driftkeel_update_duration_seconds_count{model="signal"}', (value) => value > 1],
    ['driftkeel_sharpe_ratio{model="trader",phase="pre"}', Number.isFinite],
    ['driftkeel_sharpe_ratio{model="trader",phase="post"}', Number.isFinite],
    ['driftkeel_sharpe_ratio{model="trader",phase="live"}', Number.isFinite],
    ['driftkeel_sharpe_ratio{model="signal",phase="live"}', Number.isNaN],
    ['driftkeel_degradation_ratio{model="signal"}', Number.isFinite],
    ['driftkeel_fisher_max{model="signal"}', (value) => value > 0],
    ['driftkeel_fisher_median{model="signal"}', (value) => value > 0],
    ['driftkeel_ewc_penalty{model="signal"}', (value) => value > 0],
    ['driftkeel_feedback_lag_seconds{model="signal"}', (lag) => lag > 3000 && lag < 7200],
  ];
  for (const [expression, isRight] of values) {
    const value = await server.value(expression);
    check(`${expression} is ${value}`, isRight(value), "that is wrong");
  }
}

/** Every expression of the dashboard, with what Grafana puts into it, has an answer. */
async function checkDashboard(server: PrometheusServer): Promise<void> {
  const { panels } = JSON.parse(readFileSync("docs/grafana/driftkeel.json", "utf8")) as {
    panels: { targets?: { expr: string }[] }[];
  };
  const all = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  for (const expression of all) {
    const query = expression.replaceAll("$model", ".*").replaceAll("$__rate_interval", "1m");
    await server.ask(`query?query=${encodeURIComponent(query)}`);
  }
  check(`Prometheus answers all ${all.length} expressions of the dashboard`, all.length > 0);
}

/** The rules were evaluated without an error, and one of them sees the service end. */
async function checkRules(server: PrometheusServer, service: ServeChild): Promise<void> {
  const rules = await until("the rules were evaluated", 30_000, async () => {
    const { groups } = await server.ask<{ groups: { rules: LoadedRule[] }[] }>("rules");
    const all = groups.flatMap((group) => group.rules);
    return all.length > 0 && all.every(({ health }) => health !== "unknown") ? all : undefined;
  });
  const broken = rules.filter(({ health, lastError }) => health !== "ok" || lastError);
  check(`all ${rules.length} rules are loaded and healthy`, broken.length === 0, broken);
  check("the service ended with 0", (await service.end("SIGTERM")) === 0, service.stderr);
  const state = await until("DriftkeelServiceDown begins", 30_000, async () => {
    const { alerts } = await server.ask<{ alerts: ActiveAlert[] }>("alerts");
    return alerts.find(({ labels }) => labels.alertname === "DriftkeelServiceDown")?.state;
  });
  check(`DriftkeelServiceDown is ${state} once the service has ended`, state !== "inactive");
}

async function main(): Promise<void> {
  const found = findOrInstall();
  if ("skipped" in found) return print(`SKIPPED: ${found.skipped}`);
  for (const version of found.versions) print(version);
  promtool("check rules", ["check", "rules", "docs/prometheus/driftkeel.rules.yml"]);
  promtool("test rules", ["test", "rules", "docs/prometheus/driftkeel.rules.test.yml"]);
  const folder = mkdtempSync(join(tmpdir(), "driftkeel-prometheus-"));
  let service: ServeChild | undefined;
  let server: PrometheusServer | undefined;
  const limit = setTimeout(() => {
    print(`FAILED: not done after ${LIMIT_MS / 1000} s`);
    process.exitCode = 1;
    void service?.end("SIGKILL").then(() => server?.stop());
  }, LIMIT_MS);
  try {
    const keys = [keyOf(KEY, ["read", "write", "operate"])];
    writeFileSync(join(folder, "driftkeel.json"), JSON.stringify({ models, keys }));
    service = await ServeChild.start(folder);
    const text = await use(service.url, Date.now());
    promtool("check metrics", ["check", "metrics"], text);
    configure(folder, service.url);
    promtool("check config", ["check", "config", join(folder, "prometheus.yml")]);
    server = await PrometheusServer.start(folder, await freePort());
    await checkScrape(server, text);
    await checkValues(server);
    await checkDashboard(server);
    await checkRules(server, service);
    print("All checks passed.");
  } finally {
    clearTimeout(limit);
    await server?.stop();
    await service?.end("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  await main();
} catch (error) {
  print(`FAILED: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
