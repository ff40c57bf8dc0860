// How a real `driftkeel serve` does under load from the same machine: durable and learned signals a
// second, the time of a single durable signal, and whether it answers while a long update runs.
//
//     npx tsx bench/service/load.ts [ingest|single|update, default all] [--profile <folder>]
//
// Tells which targets were reached. Exits with 1 for wrong behaviour, not for a slow machine.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bundleCommand } from "../../test/service/bundled-command.ts";
import { Client, summary } from "../../test/service/http-client.ts";
import { ServeChild } from "../../test/service/serve-child.ts";

/** Targets: durable signals a second, and the 99th percentile of /healthz in an update. */
const LEAST_SIGNALS = 10_000;
const MOST_HEALTH_MS = 20;

const CONNECTIONS = 4;
const BATCH = 1000;
const INGEST_MS = 10_000;
const SINGLES = 500;
/** Samples of the long update, and how many a request brings. */
const WINDOW = 20_000;
const WIDE_BATCH = 500;
const HEALTH_EVERY_MS = 5;
const DAY_MS = 86_400_000;

const narrow = { inputs: 8, id: "narrow" };
const wide = { inputs: 64, id: "wide" };

function networkOf(inputs: number, hidden: readonly number[]): object {
  const layers = hidden.map((size, index) => ({
    name: `hidden${index}`,
    size,
    activation: "tanh",
  }));
  return { input_size: inputs, layers: [...layers, { name: "output", size: 1 }] };
}

const config = {
  models: {
    [narrow.id]: {
      network: networkOf(narrow.inputs, [16]),
      update: { lr: 0.01, max_steps: 50 },
      detector: { name: "page-hinkley", threshold: 1e9 },
    },
    [wide.id]: {
      network: networkOf(wide.inputs, [256, 256]),
      update: { lr: 0.01, batch_size: 64, epochs: 30 },
      online_update: { learning_rate: 0.01, ewc_lambda: 0.1 },
    },
  },
};

let drawn = 0;

/** Lines with `count` samples; `ageMs` gives the age of each, without it they are of now. */
function lines(inputs: number, count: number, ageMs?: (index: number) => number): string {
  return Array.from({ length: count }, (_, index) => {
    const input = Array.from({ length: inputs }, () => {
      drawn += 1;
      return Number(Math.sin(12.9898 * drawn).toFixed(6));
    });
    const label = [Number(Math.sin(3 * input[0]! + input[1]!).toFixed(6))];
    const time = ageMs && { timestamp: Date.now() - ageMs(index) };
    return `${JSON.stringify({ input, label, ...time })}\n`;
  }).join("");
}

const feedback = (id: string) => `/api/v1/models/${id}/feedback`;
const tell = (text: string) => console.log(text);

/** A target of speed: the machine may be slow, or busy with something else. */
function aim(what: string, isMet: boolean): void {
  tell(`  ${isMet ? "met" : "MISSED"}: ${what}`);
}

/** What has to be so on any machine. */
function hold(what: string, isSo: boolean): void {
  tell(`  ${isSo ? "right" : "WRONG"}: ${what}`);
  if (!isSo) process.exitCode = 1;
}

/** Sends until it is taken; waits as long as the server asks. Returns refusals. */
async function sendUntilTaken(client: Client, path: string, body: string): Promise<number> {
  for (let refusals = 0; ; refusals++) {
    const { status, json, retryAfterMs } = await client.post(path, body);
    if (status === 202) return refusals;
    if (status !== 429) throw new Error(`Feedback gave ${status}: ${JSON.stringify(json)}`);
    await sleep(retryAfterMs);
  }
}

async function observed(client: Client, id: string): Promise<number> {
  return Number((await client.get(`/api/v1/models/${id}/status`)).json.observed);
}

async function untilLearned(client: Client, id: string, count: number): Promise<void> {
  while ((await observed(client, id)) < count) await sleep(20);
}

/** Batches over several connections: what is durable, and what is learned, a second. */
async function measureIngest(url: string): Promise<void> {
  const bodies = Array.from({ length: 16 }, () => lines(narrow.inputs, BATCH));
  const clients = Array.from({ length: CONNECTIONS }, () => new Client(url));
  const [first] = clients as [Client];
  for (let i = 0; i < 8; i++) await sendUntilTaken(first, feedback(narrow.id), bodies[i]!);
  const before = 8 * BATCH;
  await untilLearned(first, narrow.id, before);
  const start = performance.now();
  let [durable, refusals] = [0, 0];
  const work = clients.map(async (client, at) => {
    for (let i = at; performance.now() - start < INGEST_MS; i++) {
      refusals += await sendUntilTaken(client, feedback(narrow.id), bodies[i % bodies.length]!);
      durable += BATCH;
    }
  });
  await Promise.all(work);
  const durableSeconds = (performance.now() - start) / 1000;
  await untilLearned(first, narrow.id, before + durable);
  const learnedSeconds = (performance.now() - start) / 1000;
  for (const client of clients) client.close();
  const perSecond = durable / durableSeconds;
  tell(`Feedback: batches of ${BATCH} with ${narrow.inputs} inputs, ${CONNECTIONS} connections`);
  tell(`  durable: ${perSecond.toFixed(0)} signals/s over ${durableSeconds.toFixed(1)} s`);
  tell(`  learned: ${(durable / learnedSeconds).toFixed(0)} signals/s, to the last one`);
  tell(`  refused for back-pressure: ${refusals} requests`);
  aim(`${LEAST_SIGNALS} durable signals/s`, perSecond >= LEAST_SIGNALS);
}

async function measureSingle(url: string): Promise<void> {
  const client = new Client(url);
  const times: number[] = [];
  for (let i = 0; i < SINGLES; i++) {
    const { status, elapsedMs } = await client.post(
      feedback(narrow.id),
      JSON.parse(lines(narrow.inputs, 1)),
    );
    if (status !== 202) throw new Error(`A signal gave ${status}`);
    times.push(elapsedMs);
  }
  client.close();
  const { p50, p99, max } = summary(times);
  tell(`One durable signal after the other, ${SINGLES} of them`);
  tell(`  p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, max ${max.toFixed(2)} ms`);
}

/** Asks for the same again and again until told to stop. */
async function probe(
  url: string,
  everyMs: number,
  isOver: () => boolean,
  ask: (client: Client) => Promise<number>,
): Promise<number[]> {
  const client = new Client(url);
  const times: number[] = [];
  while (!isOver()) {
    times.push(await ask(client));
    if (everyMs > 0) await sleep(everyMs);
  }
  client.close();
  return times;
}

async function fillWindow(client: Client): Promise<void> {
  const stepMs = (40 * DAY_MS) / WINDOW;
  for (let at = 0; at < WINDOW; at += WIDE_BATCH) {
    const body = lines(wide.inputs, WIDE_BATCH, (index) => 41 * DAY_MS - (at + index) * stepMs);
    await sendUntilTaken(client, feedback(wide.id), body);
  }
  await untilLearned(client, wide.id, WINDOW);
}

async function runJob(client: Client): Promise<Record<string, unknown>> {
  const day = (ago: number) => new Date(Date.now() - ago * DAY_MS).toISOString();
  const asked = await client.post("/api/v1/models/online-update", {
    model_id: wide.id,
    data_window: { start: day(45), end: day(0) },
  });
  if (asked.status !== 202) throw new Error(`The job gave ${JSON.stringify(asked.json)}`);
  for (;;) {
    const { json } = await client.get(String(asked.json.status_url));
    if (!["queued", "running", "evaluating"].includes(String(json.status))) return json;
    await sleep(100);
  }
}

async function measureUpdate(url: string): Promise<void> {
  const client = new Client(url);
  await fillWindow(client);
  let isOver = false;
  const versions: string[] = [];
  const input = Array(wide.inputs).fill(0.5);
  const health = probe(
    url,
    HEALTH_EVERY_MS,
    () => isOver,
    async (each) => {
      const { status, elapsedMs } = await each.get("/healthz");
      if (status !== 200) throw new Error(`/healthz gave ${status}`);
      return elapsedMs;
    },
  );
  const predictions = probe(
    url,
    0,
    () => isOver,
    async (each) => {
      const { status, json, elapsedMs } = await each.post(`/api/v1/models/${wide.id}/predict`, {
        input,
      });
      if (status !== 200) throw new Error(`/predict gave ${status}`);
      const version = String(json.version_id);
      if (versions.at(-1) !== version) versions.push(version);
      return elapsedMs;
    },
  );
  const start = performance.now();
  const job = await runJob(client);
  const seconds = (performance.now() - start) / 1000;
  await sleep(200);
  isOver = true;
  client.close();
  tellUpdate({ job, seconds, versions, health: await health, predictions: await predictions });
}

interface UpdateFigures {
  job: Record<string, unknown>;
  seconds: number;
  versions: readonly string[];
  health: readonly number[];
  predictions: readonly number[];
}

function tellUpdate({ job, seconds, versions, health, predictions }: UpdateFigures): void {
  const { p50, p99, max } = summary(health);
  const predict = summary(predictions);
  tell(`An update of ${wide.inputs}-256-256-1 on ${WINDOW} samples: ${seconds.toFixed(1)} s`);
  tell(`  /healthz: p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, max ${max.toFixed(2)} ms`);
  tell(
    `  /predict: ${(predictions.length / seconds).toFixed(0)} a second, ` +
      `p99 ${predict.p99.toFixed(2)} ms, max ${predict.max.toFixed(2)} ms`,
  );
  tell(`  job: ${job.status}, versions seen by /predict: ${versions.length}`);
  aim(`/healthz p99 under ${MOST_HEALTH_MS} ms`, p99 < MOST_HEALTH_MS);
  hold(
    "an update that is promoted, and one swap",
    job.status === "promoted" && versions.length === 2,
  );
}

const parts = { ingest: measureIngest, single: measureSingle, update: measureUpdate };

const args = process.argv.slice(2);
const profileAt = args.indexOf("--profile");
const flags =
  profileAt < 0 ? [] : ["--cpu-prof", "--cpu-prof-dir", ...args.splice(profileAt, 2).slice(1)];
const chosen = args.length > 0 ? args : Object.keys(parts);
const folder = mkdtempSync(join(tmpdir(), "driftkeel-load-"));
const command = await bundleCommand();
writeFileSync(join(folder, "driftkeel.json"), JSON.stringify(config));
const child = await ServeChild.run([...flags, command.script], folder);
try {
  tell(`${cpus().length} cores, load average before ${loadavg()[0]!.toFixed(1)}`);
  const url = child.url;
  for (const name of chosen) await parts[name as keyof typeof parts](url);
} finally {
  await child.end("SIGTERM");
  tell(
    child.stderr
      .split("\n")
      .filter((line) => /"level":[5-9]0/.test(line))
      .join("\n"),
  );
  command.remove();
  rmSync(folder, { recursive: true, force: true });
}
