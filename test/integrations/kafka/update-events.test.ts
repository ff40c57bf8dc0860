// The events of a service while there is no Kafka: kept, in order, across restarts.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { EventBody, LearnerEvent } from "../../../src/index.ts";
import { type EndedJob, parseKafka, UpdateEvents } from "../../../src/integrations/kafka/index.ts";

let baseDir: string;
beforeEach(async () => {
  baseDir = await mkdtemp(join(tmpdir(), "driftkeel-events-"));
});
afterEach(() => rm(baseDir, { recursive: true, force: true }));

/** Nobody listens there. */
const settings = parseKafka("test", { brokers: ["127.0.0.1:1"] }, {});

async function open() {
  const events = await UpdateEvents.open({ settings, baseDir, now: () => 1_700_000_000_000 });
  const failures: unknown[] = [];
  events.onFailure = (error) => failures.push(error);
  return { events, failures };
}

const jobOf = (day: number, status: string): EndedJob => ({
  job_id: `job-${day}`,
  model_id: "m",
  status,
  source: "api",
  finished_at: `2026-01-0${day}T00:00:00.000Z`,
  request: { data_window: { start: "a", end: "b" }, dry_run: false },
  report: { performance_metrics: null, stability_check: "off", version_id: `v${day}` },
});

/** Jobs that tell whoever listens. */
class Jobs {
  readonly all: EndedJob[] = [];
  #tell: (job: EndedJob) => void = () => {};

  list(): EndedJob[] {
    return this.all;
  }

  listen(listener: (job: EndedJob) => void): () => void {
    this.#tell = listener;
    return () => {};
  }

  end(job: EndedJob): void {
    this.all.push(job);
    this.#tell(job);
  }
}

const happening = (body: EventBody): LearnerEvent => ({ at: 0, modelId: "m", ...body });
const back = (from: string) =>
  happening({ type: "rolled-back", from, to: "v0", reason: "", measurements: {} });
const promoted = (reason: "request" | "trigger", versionId: string) => [
  happening({ type: "update-started", reason, samples: 1, replayed: 0 }),
  happening({ type: "promoted", versionId, reason: "", measurements: {} }),
];

describe("the events of a service", () => {
  it("wait for Kafka, and are there after a restart", async () => {
    const { events } = await open();
    const jobs = new Jobs();
    events.attach(jobs);
    jobs.end(jobOf(1, "promoted"));
    jobs.end(jobOf(2, "rejected"));
    await events.keep(promoted("trigger", "v3"));
    await events.close();
    expect(events.status()).toMatchObject({ waiting: 3, delivered: 0 });
    const { events: next } = await open();
    expect(next.status().waiting).toBe(3);
    await next.close();
  });

  it("come once of updates that were asked for: of the job, and of its rollback", async () => {
    const { events } = await open();
    const jobs = new Jobs();
    events.attach(jobs);
    await events.keep(promoted("request", "v1"));
    jobs.end(jobOf(1, "promoted"));
    await events.keep([back("v1")]);
    jobs.end(jobOf(1, "rolled_back"));
    await events.close();
    expect(events.status().waiting).toBe(2);
  });

  it("catch up with jobs that ended when the process did, and with no others", async () => {
    const jobs = new Jobs();
    jobs.all.push(jobOf(1, "promoted"));
    const { events } = await open();
    events.attach(jobs); // history of a time without Kafka
    jobs.end(jobOf(2, "promoted"));
    await events.close();
    expect(events.status().waiting).toBe(1);
    jobs.all.push(jobOf(3, "failed"));
    const { events: next } = await open();
    next.attach(jobs);
    await next.close();
    expect(next.status().waiting).toBe(2);
  });
});

describe("the member kafka", () => {
  it("has defaults for all but the brokers", () => {
    expect(settings).toMatchObject({
      connection: { brokers: ["127.0.0.1:1"], clientId: "driftkeel", tls: false },
      topic: "model_updates",
      feedbackTopic: "feedback",
      groupId: "driftkeel",
    });
  });

  it("takes a password from the environment alone", () => {
    const sasl = { username: "u", password_env: "SECRET" };
    const read = (environment: Record<string, string>) =>
      parseKafka("test", { brokers: ["b:1"], sasl }, environment).connection.sasl;
    expect(read({ SECRET: "p" })).toEqual({
      mechanism: "SCRAM-SHA-512",
      username: "u",
      password: "p",
    });
    expect(() => read({})).toThrow(/kafka\.sasl\.password_env/);
  });

  for (const [name, value, code] of [
    ["brokers", [], "OPTION_INVALID"],
    ["brokers", ["nowhere"], "OPTION_INVALID"],
    ["topic", "a b", "OPTION_INVALID"],
    ["batch_size", 0, "OPTION_INVALID"],
    ["max_open_models", 100_001, "OPTION_INVALID"],
    ["tpoic", "x", "OPTION_UNKNOWN"],
  ] as const) {
    it(`refuses ${name} ${JSON.stringify(value)}`, () => {
      const given = { brokers: ["b:1"], [name]: value };
      expect(() => parseKafka("test", given, {})).toThrow(expect.objectContaining({ code }));
    });
  }
});
