// The load under which a service is killed: batches, single signals, and updates that were asked
// for; each signal has an id, and what was acknowledged is remembered.

import type { Job } from "../../src/service/jobs/job.ts";
import { type Answer, Client } from "../service/http-client.ts";

/** The model that is served. */
export const MODEL = "signal";

const DAY_MS = 86_400_000;
/** The signals of each round lie in a day of their own. */
const BASE_MS = Date.UTC(2020, 0, 1);
const BATCH = 40;
const BATCH_WRITERS = 2;
const SINGLE_WRITERS = 2;
/** More than all rounds together bring: no signal is ever forgotten, so each can be counted. */
const ROOM = 1_000_000;

/** Every signal is kept; an update takes some tenths of a second. */
export const serviceConfig = {
  models: {
    [MODEL]: {
      network: {
        input_size: 1,
        layers: [
          { name: "hidden", size: 8, activation: "tanh" },
          { name: "output", size: 1 },
        ],
      },
      update: { lr: 0.02, optimizer: "adamw", max_steps: 200 },
      intake: {
        ...{ training_window: 64, holdout_window: 32 },
        ...{ replay_capacity: ROOM, retention_capacity: ROOM },
      },
      replay_share: 0,
      validators: { max_loss_delta: 1e9 },
      min_samples: 8,
      min_holdout: 2,
      checkpoint_every: 64,
      safe_mode: { cool_off_ms: 0 },
      online_update: { min_days: 1, max_days: 3650, learning_rate: 0.01, ewc_lambda: 0.01 },
    },
  },
};

/** Writers, and what they were told. */
export class Load {
  /** Ids of signals that were answered 202. */
  readonly signals = new Set<string>();
  /** Ids of jobs that were answered 202. */
  readonly jobs = new Set<string>();
  /** Answers that should not have been. */
  readonly wrong: string[] = [];

  /**
   * Sends until the server is gone; `onFirst` is called at the first acknowledgement. Writers wait
   * for one answer before they send the next request.
   */
  async run(url: string, round: number, onFirst: () => void = () => {}): Promise<void> {
    let isFirst = true;
    const take = (ids: readonly string[]) => {
      for (const id of ids) this.signals.add(id);
      if (isFirst) onFirst();
      isFirst = false;
    };
    const writers = [
      ...Array.from({ length: BATCH_WRITERS }, (_, at) => [`${round}-b${at}`, BATCH] as const),
      ...Array.from({ length: SINGLE_WRITERS }, (_, at) => [`${round}-s${at}`, 1] as const),
    ];
    await Promise.all([
      ...writers.map(([name, size]) => this.#feed(url, name, { round, size, take })),
      this.#update(url, round),
    ]);
  }

  async #feed(
    url: string,
    name: string,
    { round, size, take }: { round: number; size: number; take: (ids: string[]) => void },
  ): Promise<void> {
    let count = 0;
    await untilGone(url, async (client) => {
      const ids = Array.from({ length: size }, (_, index) => `${name}-${count + index}`);
      const rows = ids.map((id, index) => rowOf(id, round, count + index));
      count += size;
      const body = size === 1 ? rows[0] : rows.map((row) => `${JSON.stringify(row)}\n`).join("");
      const answer = await client.post(`/api/v1/models/${MODEL}/feedback`, body);
      if (answer.status === 202) take(ids);
      else this.#note(answer, [429]);
    });
  }

  /** One update after the other on the signals of this round and the one before. */
  async #update(url: string, round: number): Promise<void> {
    const day = (each: number) => new Date(BASE_MS + each * DAY_MS).toISOString();
    await untilGone(url, async (client) => {
      const data_window = { start: day(round - 1), end: day(round + 1) };
      const asked = await client.post("/api/v1/models/online-update", {
        ...{ model_id: MODEL, data_window },
      });
      if (asked.status === 202) this.jobs.add(String(asked.json.job_id));
      else this.#note(asked, [409, 423]);
      await new Promise((resolve) => setTimeout(resolve, 20));
    });
  }

  #note({ status, json }: Answer, expected: readonly number[]): void {
    if (!expected.includes(status)) this.wrong.push(`${status}: ${JSON.stringify(json)}`);
  }
}

/** y = sin(3x). */
function rowOf(id: string, round: number, count: number) {
  const x = Math.sin(12.9898 * count + round);
  const timestamp = BASE_MS + round * DAY_MS + (count % DAY_MS);
  return { input: [x], label: [Math.sin(3 * x)], id, timestamp };
}

/** Asks again and again until the connection breaks. */
async function untilGone(url: string, ask: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client(url);
  try {
    for (;;) await ask(client);
  } catch {
    // Killed in the middle of it: nothing of that request was acknowledged.
  } finally {
    client.close();
  }
}

/** The jobs that a service tells of. */
export async function jobsOf(url: string): Promise<Job[]> {
  const client = new Client(url);
  const { json } = await client.get("/api/v1/jobs?limit=1000");
  client.close();
  return json.jobs as Job[];
}
