// A server whose model learns on request alone, sixty days of samples in it, and its jobs.

import type { Job } from "../../src/service/jobs/job.ts";
import { signal } from "../config/config-file.ts";
import { batch, Served } from "./served.ts";

const DAY_MS = 86_400_000;

/** What the clock of these servers says. */
const NOW_MS = Date.UTC(2026, 10, 20);

/** Two months up to now. */
export const DATA_WINDOW = { start: "2026-09-20", end: "2026-11-20" };

/** A learner without detector and trigger: what happens is the jobs' doing. */
export const QUIET = { ...signal, min_samples: 64 };

/** The same with an update that takes minutes; it is there to be cut short. */
export const SLOW = { ...QUIET, update: { ...signal.update, max_steps: 20_000_000 } };

/** Numbers with which the small network learns in one update. */
export const QUICK = { learning_rate: 0.02, ewc_lambda: 0.01 };

/** Lines with their times spread over the sixty days before now. */
export function dated(lines: string): string {
  const rows = lines.trim().split("\n");
  const text = rows.map((row, index) => {
    const timestamp = NOW_MS - 60 * DAY_MS + (index * 59 * DAY_MS) / rows.length;
    return JSON.stringify({ ...JSON.parse(row), timestamp });
  });
  return `${text.join("\n")}\n`;
}

/** Asks for updates of the model `signal` and follows them. */
export class UpdateDesk {
  readonly served: Served;

  private constructor(served: Served) {
    this.served = served;
  }

  /** Over fresh models, `others` by their ids; the one that is named signal gets `rows`. */
  static async open(
    model: object = QUIET,
    rows = dated(batch(600)),
    others: object = {},
  ): Promise<UpdateDesk> {
    const models = { signal: model, ...others };
    const desk = new UpdateDesk(await Served.open({ models, now: () => NOW_MS }));
    await desk.feed(rows);
    return desk;
  }

  /** Over what another one left. */
  static async reopen(
    baseDir: string,
    model: object = QUIET,
    others: object = {},
  ): Promise<UpdateDesk> {
    const models = { signal: model, ...others };
    return new UpdateDesk(await Served.open({ models, now: () => NOW_MS, baseDir }));
  }

  /** Gives samples, and waits until they are learned. */
  async feed(rows: string): Promise<void> {
    const { learner } = this.served.host.find("signal");
    const before = learner.status().observed;
    const { status, json } = await this.served.ask("POST", "/api/v1/models/signal/feedback", rows);
    if (status !== 202) throw new Error(`Feedback gave ${status}`);
    while (learner.status().observed < before + json.accepted) await turn();
  }

  /** Asks for an update; `body` joins or replaces the members of a good request. */
  ask(body: object = {}, headers: object = {}) {
    return this.askText(
      JSON.stringify({ model_id: "signal", data_window: DATA_WINDOW, ...body }),
      headers,
    );
  }

  /** Asks with any text as the body. */
  askText(text: string, headers: object = {}) {
    return this.served.ask("POST", "/api/v1/models/online-update", text, {
      "content-type": "application/json",
      ...headers,
    });
  }

  /** Asks for an update that is taken in, and returns its id. */
  async start(body: object = QUICK, headers: object = {}): Promise<string> {
    const { status, json } = await this.ask(body, headers);
    if (status !== 202) throw new Error(`The request gave ${status}: ${JSON.stringify(json)}`);
    return json.job_id;
  }

  async job(id: string): Promise<Job> {
    return (await this.served.ask("GET", `/api/v1/jobs/${id}`)).json;
  }

  cancel(id: string) {
    return this.served.ask("DELETE", `/api/v1/jobs/${id}`);
  }

  /** The job once it is as `is` wants it. */
  async until(id: string, is: (job: Job) => boolean): Promise<Job> {
    for (;;) {
      const job = await this.job(id);
      if (is(job)) return job;
      await turn();
    }
  }

  /** The job once it has ended. */
  ended(id: string): Promise<Job> {
    return this.until(id, ({ status }) => !["queued", "running", "evaluating"].includes(status));
  }

  /** Where the model stands. */
  async status() {
    return (await this.served.ask("GET", "/api/v1/models/signal/status")).json;
  }

  async versions() {
    return (await this.served.ask("GET", "/api/v1/models/signal/versions")).json.versions;
  }

  async jobs(): Promise<Job[]> {
    return (await this.served.ask("GET", "/api/v1/jobs")).json.jobs;
  }

  /** What the active version gives for an input. */
  async output(x: number): Promise<number> {
    const url = "/api/v1/models/signal/predict";
    return (await this.served.ask("POST", url, { input: [x] })).json.output[0];
  }
}

/** After the events that are due. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
