// `driftkeel serve --demo`: a service with two small models in simulated worlds that drift, so that
// everything it does can be watched. All of it goes through the service's own HTTP API.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { clock, millisecondsOf } from "../../foundation.ts";
import type { Clock } from "../../index.ts";
import { type Service, startService } from "../service.ts";
import type { LogSink } from "../service-options.ts";
import { demoConfig, SENSOR_ID, SIGNAL_ID } from "./demo-config.ts";
import { Feeder, HISTORY_SAMPLES } from "./feeder.ts";
import { marketWorld } from "./market-world.ts";
import { sensorWorld } from "./sensor-world.ts";

const DAY_MS = 86_400_000;
/** Seed of a world, and samples before its first drift: the history and some seconds. */
export const MARKET = { seed: 1, calm: HISTORY_SAMPLES + 120 };
/** The same of the sensor's. */
export const SENSOR = { seed: 2, calm: HISTORY_SAMPLES + 160 };
/** Days of the first update's window. */
const WINDOW_DAYS = 60;
/** An update that the history led to may be under way when the first one is asked for. */
const ATTEMPTS = 50;
const RETRY_MS = 100;

/** How a demonstration is started. */
export interface DemoOptions {
  /** Default: a temporary folder, which is removed at the end. */
  baseDir: string | undefined;
  port: number;
  log: LogSink;
  /** Default: the system's clock. */
  now?: Clock;
}

/** A demonstration that runs. */
export interface Demo {
  url: string;
  models: readonly string[];
  baseDir: string;
  /** Whether `close` removes the folder. */
  isTemporary: boolean;
  /** Ends the stream of samples and the service. */
  close(): Promise<void>;
}

/** Starts a service on this machine alone, gives it a past, and lets its worlds run. */
export async function startDemo({ baseDir, port, log, now }: DemoOptions): Promise<Demo> {
  const isTemporary = baseDir === undefined;
  const folder = baseDir ?? (await mkdtemp(join(tmpdir(), "driftkeel-demo-")));
  const ending = new AbortController();
  let service: Service | undefined;
  let playing: Promise<unknown> = Promise.resolve();
  const close = async () => {
    ending.abort();
    try {
      await playing;
      await service?.close();
    } finally {
      if (isTemporary) await rm(folder, { recursive: true, force: true });
    }
  };
  try {
    const config = { name: "the demonstration", text: demoConfig() };
    const logLevel = "error";
    service = await startService({ config, baseDir: folder, port, log, logLevel });
    const { url, models } = service;
    const read = clock.parse(now);
    const nowMs = () => millisecondsOf("now()", read());
    const feeders = feedersOf({ url, nowMs, signal: ending.signal });
    await givePast(feeders, url, nowMs);
    playing = Promise.all([...feeders.values()].map((feeder) => feeder.play()));
    return { url, models, baseDir: folder, isTemporary, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function feedersOf(options: ConstructorParameters<typeof Feeder>[2]): Map<string, Feeder> {
  return new Map([
    [SIGNAL_ID, new Feeder(SIGNAL_ID, marketWorld(MARKET.seed, MARKET.calm), options)],
    [SENSOR_ID, new Feeder(SENSOR_ID, sensorWorld(SENSOR.seed, SENSOR.calm), options)],
  ]);
}

/** A history for the models that have none, and an update of the signal on it. */
async function givePast(
  feeders: ReadonlyMap<string, Feeder>,
  url: string,
  nowMs: () => number,
): Promise<void> {
  for (const [id, feeder] of feeders) {
    const answer = await fetch(`${url}/api/v1/models/${id}/status`);
    const { observed } = (await answer.json()) as { observed: number };
    if (observed === 0) await feeder.sendHistory();
  }
  const end = nowMs();
  const body = {
    model_id: SIGNAL_ID,
    data_window: {
      start: new Date(end - WINDOW_DAYS * DAY_MS).toISOString(),
      end: new Date(end).toISOString(),
    },
  };
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const answer = await fetch(`${url}/api/v1/models/online-update`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (answer.status !== 409) return;
    await setTimeout(RETRY_MS);
  }
}
