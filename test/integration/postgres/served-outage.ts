// `driftkeel serve` with a partner that goes away and comes back.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { signal } from "../../config/config-file.ts";
import { ServeChild } from "../../service/serve-child.ts";
import { until } from "../prometheus-server.ts";
import { check, checkSame } from "./report.ts";

/** The name of the model. */
export const SERVED_MODEL = "served";
const SAMPLES = 120;
const STEP_MS = 60_000;

/** The partner under test. */
export interface ServedPartner {
  /** As the metrics name it, and the configuration file. */
  name: "mlflow" | "postgres";
  /** The member of the configuration file. */
  member: object;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Compares what the partner has with what was sent; `versionId`: the active one. */
  verify(sent: number, versionId: string): Promise<void>;
}

async function ask(url: string, path: string, body?: string, type = "application/json") {
  const answer = await fetch(url + path, {
    method: body === undefined ? "GET" : "POST",
    ...(body !== undefined && { body, headers: { "Content-Type": type } }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${text}`);
  return text;
}

const PATH = `/api/v1/models/${SERVED_MODEL}`;

/** Sends samples whose world has moved on, and waits until they are learned. */
async function feed(url: string, sent: number): Promise<number> {
  const shift = sent / SAMPLES;
  const lines = Array.from({ length: SAMPLES }, (_, index) => {
    const x = Math.sin(12.9898 * (sent + index));
    const timestamp = new Date(1_790_000_000_000 + (sent + index) * STEP_MS).toISOString();
    return `${JSON.stringify({ input: [x], label: [Math.sin(3 * x) + shift], timestamp })}\n`;
  });
  await ask(url, `${PATH}/feedback`, lines.join(""), "application/x-ndjson");
  const total = sent + SAMPLES;
  await until("the samples are learned", 60_000, async () => {
    const { observed } = JSON.parse(await ask(url, `${PATH}/status`));
    return observed === total ? true : undefined;
  });
  return total;
}

/** The value of a metric of the partner's outbox. */
async function gauge(url: string, metric: string, partner: string): Promise<number> {
  const name = `driftkeel_outbox_${metric}{partner="${partner}"}`;
  const line = (await ask(url, "/metrics")).split("\n").find((each) => each.startsWith(name));
  return Number(line?.split(" ").at(-1));
}

async function activeVersion(url: string): Promise<string> {
  const { version_id } = JSON.parse(await ask(url, `${PATH}/predict`, '{"input":[0.5]}'));
  return version_id;
}

/** Feeds, stops the partner, feeds on, restarts the service, starts the partner, compares. */
export async function checkServedOutage(partner: ServedPartner): Promise<void> {
  const { name } = partner;
  const folder = mkdtempSync(join(tmpdir(), `driftkeel-served-${name}-`));
  const trigger = { name: "minimum-new", minimum_new: 50 };
  const models = { [SERVED_MODEL]: { ...signal, trigger, min_samples: 16 } };
  const config = { models, [name]: partner.member };
  writeFileSync(join(folder, "driftkeel.json"), JSON.stringify(config));
  let served = await ServeChild.start(folder);
  try {
    let sent = await feed(served.url, 0);
    const before = await activeVersion(served.url);
    await partner.stop();
    sent = await feed(served.url, sent);
    sent = await feed(served.url, sent);
    check("predictions and learning go on", (await activeVersion(served.url)) !== before);
    const waiting = await until("the outage shows in the metrics", 30_000, async () => {
      const isAway = (await gauge(served.url, "outage_seconds", name)) > 0;
      return isAway ? gauge(served.url, "waiting", name) : undefined;
    });
    check(`the metrics tell of an outage and ${waiting} waiting records`, waiting > 0);
    checkSame("the service ends with 0 all the same", await served.end("SIGTERM"), 0);
    served = await ServeChild.start(folder);
    sent = await feed(served.url, sent);
    await partner.start();
    await until("nothing waits any more", 60_000, async () =>
      (await gauge(served.url, "waiting", name)) === 0 ? true : undefined,
    );
    checkSame("the outage is over", await gauge(served.url, "outage_seconds", name), 0);
    await partner.verify(sent, await activeVersion(served.url));
    checkSame("the service ends with 0", await served.end("SIGTERM"), 0);
  } finally {
    await served.end("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}
