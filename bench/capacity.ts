// What one worker costs and how fast it is, on real disks and without Kafka: to open models, to
// keep them in memory and on disk, to learn signals that are spread over many, to update.
//
//     npx tsx bench/capacity.ts [--publish]
//
// Each part runs in a process of its own, so that memory is its own. `--publish` writes
// docs/capacity.json and docs/capacity.md.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Table from "cli-table3";
import { configureLearner } from "../src/config/configured-learner.ts";
import { parseModelConfigs } from "../src/config/model-config.ts";
import { OnlineLearner } from "../src/index.ts";
import type { OwnedModels } from "../src/integrations/kafka/owned-models.ts";
import { findWaiting, type Signal } from "../src/integrations/kafka/worker-model.ts";
import {
  configOf,
  goOn,
  idsOf,
  type Kind,
  kinds,
  now,
  owned,
  SOURCE,
  signalsFor,
  take,
} from "./capacity-models.ts";
import { type CapacityFigure, type CapacityRun, writeCapacityPage } from "./capacity-page.ts";
import { describeMachine, load } from "./machine.ts";

/** As `kafka.batch_size` has it by default. */
const BATCH = 500;
const RATE_MS = 3000;
const DECLARED = 20_000;
const UPDATES = 12;

function summary(times: readonly number[]): [median: number, p99: number] {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.floor(part * (sorted.length - 1))]!;
  return [at(0.5), at(0.99)];
}

/** Bytes that the disk gives to everything below a folder, and how many files and folders. */
function diskUse(path: string): { bytes: number; entries: number } {
  let [bytes, entries] = [statSync(path).blocks * 512, 1];
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    const below = entry.isDirectory()
      ? diskUse(child)
      : { bytes: statSync(child).blocks * 512, entries: 1 };
    bytes += below.bytes;
    entries += below.entries;
  }
  return { bytes, entries };
}

function residentBytes(): number {
  for (let i = 0; i < 3; i++) globalThis.gc!();
  return process.memoryUsage().rss;
}

const figure = (name: string, value: number, unit: string): CapacityFigure => ({
  name,
  value: Number(value.toPrecision(3)),
  unit,
});

/** Calls `task` for all ids, a few side by side: what it does is not timed. */
async function besideEachOther(ids: string[], task: (id: string) => Promise<void>): Promise<void> {
  const left = [...ids];
  const one = async () => {
    for (let id = left.pop(); id !== undefined; id = left.pop()) await task(id);
  };
  await Promise.all(Array.from({ length: 16 }, one));
}

/** Makes models that have learned `each` signals, and looks what the disk holds. */
async function fill(folder: string, kind: Kind, count: number, each: number) {
  const baseDir = join(folder, `${kind}-${each}`);
  const models = owned(baseDir, kind, count);
  await besideEachOther(idsOf(count), async (id) => {
    for (let left = each; left > 0; left -= BATCH) {
      await take(models, id, signalsFor(kinds[kind].inputs, Math.min(left, BATCH)));
    }
  });
  await models.closeAll();
  const { bytes, entries } = diskUse(baseDir);
  const name = `${kind}, ${each} signals`;
  return [
    figure(`${name}: disk`, bytes / count / 1024, "KiB"),
    figure(`${name}: files and folders`, entries / count, ""),
  ];
}

/**
 * Opens the models of `fill` in a new process, one after the other; the time has one durable signal
 * in it. Then signals come for all of them, in batches of these sizes.
 */
async function reopen(folder: string, kind: Kind, count: number, each: number, batches: number[]) {
  const models = owned(join(folder, `${kind}-${each}`), kind, count);
  const { inputs } = kinds[kind];
  const times: number[] = [];
  const [first, ...others] = idsOf(count);
  await take(models, first!, signalsFor(inputs, 1)); // brings the core, which all share
  const before = residentBytes();
  for (const id of others) {
    const signals = signalsFor(inputs, 1);
    const start = performance.now();
    await take(models, id, signals);
    times.push(performance.now() - start);
  }
  const held = (residentBytes() - before) / others.length;
  const rates: CapacityFigure[] = [];
  for (const batch of batches) {
    const name = `signals, ${count} models open, batches of ${batch}`;
    rates.push(figure(name, await rate(models, count, batch), "/s"));
  }
  await models.closeAll();
  const [median, p99] = summary(times);
  const name = `${kind}, ${each} signals`;
  return [
    figure(`${name}: open, median`, median, "ms"),
    figure(`${name}: open, p99`, p99, "ms"),
    figure(`${name}: memory when open`, held / 1024, "KiB"),
    ...rates,
  ];
}

/** Signals a second for small models in turn, a batch after the other, as a worker takes them. */
async function rate(models: OwnedModels, count: number, batch: number): Promise<number> {
  const ids = idsOf(count);
  let [learned, next] = [0, 0];
  const start = performance.now();
  while (performance.now() - start < RATE_MS) {
    const byModel = new Map<string, Signal[]>();
    for (const signal of signalsFor(8, batch)) {
      const id = ids[next++ % count]!;
      const signals = byModel.get(id) ?? [];
      byModel.set(id, signals);
      signals.push(signal);
    }
    await Promise.all(Array.from(byModel, ([id, signals]) => take(models, id, signals)));
    learned += batch;
  }
  return (1000 * learned) / (performance.now() - start);
}

/** The rate over the first `count` models of `fill`, of which `maxOpen` may be open. */
async function rateOf(folder: string, count: number, maxOpen: number) {
  const models = owned(join(folder, "small-200"), "small", count, maxOpen);
  if (maxOpen === count) {
    await besideEachOther(idsOf(count), (id) => take(models, id, signalsFor(8, 1)));
  }
  const perSecond = await rate(models, count, BATCH);
  await models.closeAll();
  const all = count === 1 ? "1 model open" : `${count} models open`;
  const open = maxOpen === count ? all : `${count} models, ${maxOpen} open`;
  return [figure(`signals, ${open}, batches of ${BATCH}`, perSecond, "/s")];
}

/** Updates on a full window: trained, judged, durable, swapped; and what a version takes. */
async function update(folder: string, kind: Kind) {
  const path = join(folder, `update-${kind}`);
  const { options, dispose } = configureLearner("any", configOf(kind));
  const learner = await OnlineLearner.open({ ...options, storagePath: path, now });
  const samples = signalsFor(kinds[kind].inputs, 1000).map(({ sample }) => sample);
  for (const sample of samples) await (await learner.submit(sample)).learned;
  const times: number[] = [];
  let promoted = 0;
  const before = diskUse(path);
  for (let i = 0; i < UPDATES; i++) {
    const start = performance.now();
    const { outcome } = await learner.update();
    times.push(performance.now() - start);
    if (outcome === "promoted") promoted += 1;
  }
  const after = diskUse(path);
  await learner.close();
  dispose();
  if (promoted < UPDATES) throw new Error(`${promoted} of ${UPDATES} updates were promoted.`);
  return [
    figure(`update, ${kind}: median`, summary(times)[0], "ms"),
    figure(`update, ${kind}: longest`, Math.max(...times), "ms"),
    figure(
      `update, ${kind}: disk of a version`,
      (after.bytes - before.bytes) / promoted / 1024,
      "KiB",
    ),
    figure(`update, ${kind}: files of a version`, (after.entries - before.entries) / promoted, ""),
  ];
}

/** What a declared model costs every worker before its first signal. */
async function declare() {
  const { config } = kinds.small;
  const text = JSON.stringify({
    models: Object.fromEntries(idsOf(DECLARED).map((id) => [id, config])),
  });
  const before = residentBytes();
  const start = performance.now();
  const configs = parseModelConfigs("capacity.json", text);
  const parsed = performance.now();
  for (const [id, each] of configs) configureLearner(id, each).dispose();
  const checked = performance.now();
  const held = residentBytes() - before;
  return [
    figure("declared: configuration file", text.length / DECLARED / 1024, "KiB"),
    figure("declared: reading", (parsed - start) / DECLARED, "ms"),
    figure("declared: checking", (checked - parsed) / DECLARED, "ms"),
    figure("declared: memory", held / DECLARED / 1024, "KiB"),
  ];
}

/** What a rebalance costs for each model: a look whether events wait. */
async function look(folder: string) {
  const ids = idsOf(1000);
  const start = performance.now();
  for (const id of ids) await findWaiting(join(folder, "small-200"), id, new Set([SOURCE]));
  return [figure("declared: look at a rebalance", (performance.now() - start) / ids.length, "ms")];
}

const parts: Record<string, (folder: string) => Promise<CapacityFigure[]>> = {
  declare,
  "fill-small": (folder) => fill(folder, "small", 1000, 200),
  "open-small": (folder) => reopen(folder, "small", 1000, 200, [BATCH, 10 * BATCH]),
  look,
  "rate-1": (folder) => rateOf(folder, 1, 1),
  "rate-100": (folder) => rateOf(folder, 100, 100),
  "rate-closed": (folder) => rateOf(folder, 1000, 100),
  "fill-full": (folder) => fill(folder, "small", 30, 4000),
  "open-full": (folder) => reopen(folder, "small", 30, 4000, []),
  "fill-large": (folder) => fill(folder, "large", 100, 200),
  "open-large": (folder) => reopen(folder, "large", 100, 200, []),
  "update-small": (folder) => update(folder, "small"),
  "update-large": (folder) => update(folder, "large"),
};

/** Runs one part in a process of its own. */
function inProcess(part: string, folder: string): CapacityFigure[] {
  const script = fileURLToPath(import.meta.url);
  const args = [...process.execArgv, "--expose-gc", script, "--part", part, folder];
  const stdio: ["ignore", "pipe", "inherit"] = ["ignore", "pipe", "inherit"];
  const { status, stdout } = spawnSync(process.execPath, args, { stdio, encoding: "utf8" });
  if (status !== 0) throw new Error(`The part ${part} ended with ${status}.`);
  return JSON.parse(stdout) as CapacityFigure[];
}

function measureAll(): CapacityRun {
  const folder = mkdtempSync(join(tmpdir(), "driftkeel-capacity-"));
  const machine = describeMachine();
  const start = performance.now();
  try {
    const figures = Object.keys(parts).flatMap((part) => inProcess(part, folder));
    const seconds = Math.round((performance.now() - start) / 1000);
    const { memoryGiB, loadBefore, loadAfter: _, ...rest } = machine;
    const loads = { load_before: loadBefore, load_after: load() };
    return { machine: { ...rest, memory_gib: memoryGiB, ...loads }, seconds, figures };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const [flag, part, folder] = process.argv.slice(2);
if (flag === "--part") {
  goOn(Object.keys(parts).indexOf(part!));
  process.stdout.write(JSON.stringify(await parts[part!]!(folder!)));
} else {
  const run = measureAll();
  const table = new Table({ head: ["what", "value", ""], style: { head: [], border: [] } });
  for (const { name, value, unit } of run.figures) table.push([name, value, unit]);
  console.log(table.toString());
  console.log(`${run.seconds} s, load ${run.machine.load_before} to ${run.machine.load_after}`);
  if (flag === "--publish") {
    const docs = new URL("../docs/", import.meta.url);
    writeFileSync(new URL("capacity.json", docs), `${JSON.stringify(run, null, 2)}\n`);
    writeFileSync(new URL("capacity.md", docs), writeCapacityPage(run));
  }
}
