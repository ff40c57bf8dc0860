// `driftkeel serve` with Kafka: an event for every end of an update, also of the time without
// Kafka.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServeChild } from "../../service/serve-child.ts";
import { until } from "../prometheus-server.ts";
import type { KafkaBroker } from "./kafka-broker.ts";
import { readTopic, type TopicEvent } from "./topic-events.ts";

const DAY_MS = 86_400_000;
const FIELDS = [
  "event_type",
  "timestamp",
  "model_id",
  "update_type",
  "data_window",
  "performance_metrics",
  "stability_check",
  "outcome",
  "version_id",
  "job_id",
];

/** A model that earns, so that there are Sharpe ratios; it updates itself now and then, too. */
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
  trigger: { name: "minimum-new", minimum_new: 900 },
  online_update: { max_samples: 900 },
  probation: { enabled: false },
  safe_mode: { cool_off_ms: 0 },
};

type Print = (text: string) => void;

interface Job {
  job_id: string;
  status: string;
  finished_at: string;
  request: { data_window: object };
  report: Record<string, unknown> | null;
}

/** Throws with `why` when a condition does not hold; prints `what` when it does. */
function check(print: Print, what: string, holds: boolean, why: unknown = ""): void {
  if (!holds) throw new Error(`${what}: ${typeof why === "string" ? why : JSON.stringify(why)}`);
  print(`ok    ${what}`);
}

/** A service in a folder of its own, asked over HTTP. */
class Served {
  readonly folder = mkdtempSync(join(tmpdir(), "driftkeel-served-"));
  readonly nowMs = Date.now();
  #child: ServeChild | undefined;
  #sent = 0;

  async start(broker: string, topic: string): Promise<void> {
    const file = { models: { trader }, kafka: { brokers: [broker], topic } };
    writeFileSync(join(this.folder, "driftkeel.json"), JSON.stringify(file));
    this.#child = await ServeChild.start(this.folder);
  }

  async ask(path: string, body?: string, type = "application/json"): Promise<string> {
    const method = body === undefined ? "GET" : "POST";
    const headers = body === undefined ? {} : { "Content-Type": type };
    const answer = await fetch(`${this.#child!.url}${path}`, {
      method,
      headers,
      ...(body !== undefined && { body }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
    return text;
  }

  /** Lets it learn `count` more samples, one of every hour. */
  async learn(count: number): Promise<void> {
    const rows = Array.from({ length: count }, (_, step) => {
      const index = this.#sent + step;
      const x = Math.sin(12.9898 * index);
      const timestamp = new Date(this.nowMs - (2200 - index) * (DAY_MS / 24)).toISOString();
      const label = [0.01 * (x + Math.sin(78.233 * index))];
      return `${JSON.stringify({ input: [x], label, timestamp })}\n`;
    });
    this.#sent += count;
    const path = "/api/v1/models/trader";
    await this.ask(`${path}/feedback`, rows.join(""), "application/x-ndjson");
    await until("all is learned", 60_000, async () => {
      const { observed, state } = JSON.parse(await this.ask(`${path}/status`));
      return observed === this.#sent && state !== "updating" ? true : undefined;
    });
  }

  /** Asks for an update on a window of so many days and waits for its end. */
  async update(days: number, more: object = {}): Promise<Job> {
    const [start, end] = [this.nowMs - days * DAY_MS, this.nowMs];
    const data_window = {
      start: new Date(start).toISOString(),
      end: new Date(end).toISOString(),
    };
    const body = JSON.stringify({ model_id: "trader", data_window, ...more });
    const { status_url } = JSON.parse(await this.ask("/api/v1/models/online-update", body));
    return until("the update has ended", 60_000, async () => {
      const job = JSON.parse(await this.ask(status_url)) as Job;
      return /queued|running|evaluating/.test(job.status) ? undefined : job;
    });
  }

  job(id: string): Promise<Job> {
    return this.ask(`/api/v1/jobs/${id}`).then((text) => JSON.parse(text));
  }

  /** The value of a metric of the outbox. */
  async outbox(name: string): Promise<number> {
    const line = new RegExp(`^driftkeel_outbox_${name}\\{partner="kafka"\\} (\\S+)$`, "m");
    return Number(line.exec(await this.ask("/metrics"))?.[1]);
  }

  async delivered(): Promise<void> {
    const ask = async () => ((await this.outbox("waiting")) === 0 ? true : undefined);
    await until("Kafka has all events", 90_000, ask);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    await this.#child?.end(signal);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The fields of the events, for each of the four ends of an update. */
export async function eventFields(broker: KafkaBroker, print: Print): Promise<void> {
  const topic = "model_updates_fields";
  await broker.createTopics({ [topic]: 2 });
  const served = new Served();
  try {
    await served.start(broker.address, topic);
    await served.learn(1000);
    const promoted = await served.update(75, { learning_rate: 0.001, ewc_lambda: 0 });
    check(print, "a job was promoted", promoted.status === "promoted", promoted);
    const rejected = await served.update(75, { learning_rate: 30, ewc_lambda: 0 });
    check(print, "a job was rejected", rejected.status === "rejected", rejected);
    const failed = await served.update(90);
    check(print, "a job failed", failed.status === "failed", failed);
    await served.update(75, { dry_run: true });
    await served.ask("/api/v1/models/trader/rollback", "{}");
    const back = await until("the job is rolled back", 30_000, async () => {
      const job = await served.job(promoted.job_id);
      return job.status === "rolled_back" ? job : undefined;
    });
    await served.ask("/api/v1/models/trader/unfreeze", "{}");
    await served.learn(1200);
    await served.delivered();
    const events = await readTopic(broker.address, topic);
    const jobs = [promoted, rejected, failed, back];
    for (const job of jobs) checkEvent(print, events, job);
    const own = events.filter(({ value }) => value.job_id === null);
    check(print, `${own.length} updates of its own were told`, own.length > 0);
    check(
      print,
      "by what made them",
      own.every(({ value }) => value.update_type === "trigger"),
    );
    check(print, "nothing else was", events.length === jobs.length + own.length, events);
    check(
      print,
      "keyed by the model",
      events.every(({ key }) => key === "trader"),
    );
    const exact = events.every(({ value }) => Object.keys(value).join() === FIELDS.join());
    check(print, "with exactly the documented fields", exact, events[0]);
    check(print, "each with an id", new Set(events.map(({ id }) => id)).size === events.length);
  } finally {
    await served.end("SIGTERM");
    served.remove();
  }
}

function checkEvent(print: Print, events: readonly TopicEvent[], job: Job): void {
  const found = events.filter(
    ({ value }) => value.job_id === job.job_id && value.outcome === job.status,
  );
  check(print, `${job.status}: one event`, found.length === 1, events);
  const { value } = found[0]!;
  const expected = {
    event_type: "model_update",
    timestamp: job.status === "rolled_back" ? value.timestamp : job.finished_at,
    model_id: "trader",
    update_type: "online-update",
    data_window: job.request.data_window,
    performance_metrics: job.report?.performance_metrics ?? null,
    stability_check: job.report?.stability_check ?? "not applicable",
    outcome: job.status,
    version_id: job.report?.version_id ?? null,
    job_id: job.job_id,
  };
  const isSame = JSON.stringify(value) === JSON.stringify(expected);
  check(print, `${job.status}: ${JSON.stringify(value)}`, isSame, { value, expected });
}

/** Kafka goes, the service learns on, dies, starts again, and Kafka comes back. */
export async function outage(broker: KafkaBroker, print: Print): Promise<void> {
  const topic = "model_updates_outage";
  await broker.createTopics({ [topic]: 2 });
  const served = new Served();
  try {
    await served.start(broker.address, topic);
    const jobs: Job[] = [];
    await served.learn(900);
    jobs.push(await served.update(75, { learning_rate: 0.001, ewc_lambda: 0 }));
    await served.delivered();
    const before = (await readTopic(broker.address, topic)).length;
    await broker.stop();
    await served.learn(500);
    for (const learning_rate of [0.001, 30, 0.002]) {
      jobs.push(await served.update(75, { learning_rate, ewc_lambda: 0 }));
    }
    const { version_id } = JSON.parse(await predict(served));
    check(print, "it predicts without Kafka", typeof version_id === "string", version_id);
    const waiting = await until("the outage shows", 30_000, async () => {
      return (await served.outbox("outage_seconds")) > 0 ? served.outbox("waiting") : undefined;
    });
    check(print, `the metrics tell of ${waiting} events that wait`, waiting >= 3, waiting);
    await served.end("SIGKILL");
    await served.start(broker.address, topic);
    check(print, "they still wait after a kill", (await served.outbox("waiting")) === waiting);
    jobs.push(await served.update(75, { learning_rate: 0.001, ewc_lambda: 0 }));
    await broker.resume();
    await served.delivered();
    check(print, "the outage is over", (await served.outbox("outage_seconds")) === 0);
    const events = await readTopic(broker.address, topic);
    print(`${before} events before, ${events.length} after the outage`);
    const once = events.filter(({ id }, at) => events.findIndex((each) => each.id === id) === at);
    print(
      `lost events: ${jobs.length - told(once).length}; sent twice: ${events.length - once.length}`,
    );
    const expected = jobs.map(({ job_id, status }) => `${job_id} ${status}`);
    const inOrder = told(once).join() === expected.join();
    check(print, "each job was told, in order", inOrder, { expected, told: told(once) });
  } finally {
    await served.end("SIGTERM");
    served.remove();
  }
}

const told = (events: readonly TopicEvent[]): string[] =>
  events
    .filter(({ value }) => value.job_id !== null)
    .map(({ value }) => `${value.job_id} ${value.outcome}`);

function predict(served: Served): Promise<string> {
  return served.ask("/api/v1/models/trader/predict", JSON.stringify({ input: [0.5] }));
}
