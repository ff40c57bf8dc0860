// Workers that are killed and paused at random learn every signal once, and end with the bytes of a
// learner that was alone.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { Random } from "../../../src/index.ts";
import { KafkaSender } from "../../../src/integrations/kafka/index.ts";
import { bundleCommand } from "../../service/bundled-command.ts";
import type { KafkaBroker } from "./kafka-broker.ts";
import { learnAlone, model, modelIds, readModel, signalsOf } from "./signals.ts";
import { readTopic, type TopicEvent } from "./topic-events.ts";
import { GroupObserver, WorkerGroup } from "./worker-group.ts";

/** How large a run is. */
export interface ExactlyOnceSize {
  workers: number;
  models: number;
  signals: number;
  partitions: number;
  /** Milliseconds between two kills, on average. */
  killEveryMs: number;
  seed: number;
  limitMs: number;
}

const SESSION_MS = 2_000;
const OUTAGE_MS = 2_000;
const BATCH = 2_000;

/** Runs it and returns what was wrong. */
export async function exactlyOnce(
  broker: KafkaBroker,
  size: ExactlyOnceSize,
  print: (text: string) => void,
): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "driftkeel-workers-"));
  const command = await bundleCommand();
  const topic = "feedback";
  const groupId = "driftkeel";
  const ids = modelIds(size.models);
  const each = Math.ceil(size.signals / size.models);
  let group: WorkerGroup | undefined;
  const observer = new GroupObserver(broker.address, topic, size.partitions, groupId);
  try {
    await broker.createTopics({ [topic]: size.partitions, model_updates: 3 });
    const models = Object.fromEntries(ids.map((id) => [id, model]));
    const kafka = { brokers: [broker.address], session_timeout_ms: SESSION_MS, batch_size: 300 };
    writeFileSync(join(folder, "driftkeel.json"), JSON.stringify({ models, kafka }));
    mkdirSync(join(folder, "models"));
    await produce(broker, topic, ids, each);
    print(`${each * ids.length} signals of ${ids.length} models in ${size.partitions} partitions`);
    group = new WorkerGroup(command.script, folder, size.workers);
    const elapsedMs = await disturb(group, { broker, observer }, size, print);
    const totals = await group.end();
    const { killed, paused } = group;
    print(`learned in ${(elapsedMs / 1000).toFixed(0)} s: ${killed} kills, ${paused} pauses`);
    print(`of those that ended by themselves: ${JSON.stringify(totals)}`);
    const told = await readTopic(broker.address, "model_updates");
    return await compare({ baseDir: join(folder, "models"), ids, each, told }, print);
  } finally {
    await group?.kill();
    if (group)
      for (const line of [...new Set(group.errors)].slice(-8)) print(`  ${line.slice(0, 300)}`);
    await observer.close();
    command.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Signals of all models in turn, as a live source would send them. */
async function produce(
  broker: KafkaBroker,
  topic: string,
  ids: readonly string[],
  each: number,
): Promise<void> {
  const connection = { brokers: [broker.address], clientId: "source", tls: false };
  const sender = new KafkaSender(connection);
  const streams = ids.map((id) => signalsOf(id, each));
  const messages = Array.from({ length: each }, (_, at) =>
    ids.map((key, index) => {
      return { topic, key, value: JSON.stringify(streams[index]![at]), headers: {} };
    }),
  ).flat();
  for (let at = 0; at < messages.length; at += BATCH) {
    await sender.send(messages.slice(at, at + BATCH));
  }
  await sender.close();
}

/**
 * Kills one every few seconds, pauses one now and then, and stops the broker for a moment in the
 * midst of it, until everything is learned. Returns how long that took.
 */
async function disturb(
  group: WorkerGroup,
  { broker, observer }: { broker: KafkaBroker; observer: GroupObserver },
  { killEveryMs, seed, limitMs, signals }: ExactlyOnceSize,
  print: (text: string) => void,
): Promise<number> {
  const random = new Random(seed);
  const start = performance.now();
  let nextKill = start + 3 * killEveryMs * random.uniform() + killEveryMs;
  let nextPause = start + 2 * killEveryMs;
  let pausing: Promise<void> = Promise.resolve();
  let told = start;
  let hadOutage = false;
  for (;;) {
    await setTimeout(100);
    group.check();
    const now = performance.now();
    if (now > start + limitMs) throw new Error(`not all is learned after ${limitMs} ms`);
    const lag = await observer.lag();
    if (lag === 0) break;
    if (lag !== undefined && now > told + 10_000) {
      told = now;
      print(`  ${((now - start) / 1000).toFixed(0)} s: ${lag} signals to go`);
    }
    if (!hadOutage && lag !== undefined && lag < signals / 2) {
      hadOutage = true;
      await broker.stop();
      await setTimeout(OUTAGE_MS);
      await broker.resume();
      print(`  the broker was away for ${((performance.now() - now) / 1000).toFixed(1)} s`);
    }
    if (now > nextPause) {
      // Longer than the session: its partitions go to others, and it wakes up as the former owner.
      pausing = group.pauseOne(Math.floor(3 * random.uniform()), SESSION_MS * 2.5);
      nextPause = now + killEveryMs * (3 + 2 * random.uniform());
    }
    if (now > nextKill) {
      await group.killOne(Math.floor(3 * random.uniform()));
      nextKill = now + killEveryMs * (0.5 + random.uniform());
    }
  }
  await pausing;
  return performance.now() - start;
}

/** What a run has left. */
interface Remains {
  baseDir: string;
  ids: readonly string[];
  /** Signals of each model. */
  each: number;
  /** Events of all updates. */
  told: readonly TopicEvent[];
}

/** Every model beside a learner that was alone. */
async function compare(
  { baseDir, ids, each, told }: Remains,
  print: (text: string) => void,
): Promise<string[]> {
  const wrong: string[] = [];
  let [lost, doubled, equal, updates, lostEvents] = [0, 0, 0, 0, 0];
  const events = [...new Map(told.map((event) => [event.id, event])).values()];
  for (const id of ids) {
    const rows = signalsOf(id, each);
    const found = await readModel(baseDir, id);
    const seen = new Set(found.ids);
    lost += rows.filter((row) => !seen.has(row.id!)).length;
    doubled += found.ids.length - seen.size;
    const alone = await learnAlone(id, rows);
    updates += alone.updates.length;
    if (alone.weights === found.weights) equal += 1;
    else wrong.push(`${id} has other weights than a learner that was alone`);
    if (found.observed !== each) wrong.push(`${id} observed ${found.observed} of ${each} signals`);
    const own = events.filter(({ key }) => key === id).map(({ value }) => value.outcome);
    lostEvents += Math.max(0, alone.updates.length - own.length);
    if (own.join() !== alone.updates.join()) {
      wrong.push(`${id} told ${own.join()}, and alone ${alone.updates.join()}`);
    }
  }
  print(`lost signals: ${lost}; doubled signals: ${doubled}`);
  print(`models with the same weights, byte for byte: ${equal} of ${ids.length}`);
  print(
    `events of ${updates} updates: ${events.length}, of which ${told.length - events.length} ` +
      `came twice; lost: ${lostEvents}`,
  );
  if (lost > 0) wrong.push(`${lost} signals were lost`);
  if (doubled > 0) wrong.push(`${doubled} signals were learned twice`);
  if (updates < ids.length) wrong.push("there were no updates: the comparison says nothing");
  return wrong;
}
