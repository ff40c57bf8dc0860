// Sends simulated samples to a service as any client would: a history at once, then a stream at a
// pace that can be watched.

import { setTimeout } from "node:timers/promises";
import { DriftkeelError, type Sample } from "../../index.ts";

const DAY_MS = 86_400_000;
/** Of the simulated past. */
const HISTORY_DAYS = 120;
/** Samples of the simulated past. */
export const HISTORY_SAMPLES = 600;
/** Twenty samples a second: a drift is seen within seconds, and the machine has little to do. */
const TURN_MS = 250;
const TURN_SAMPLES = 5;
/** Four hours; then the service goes on without samples, as the disk is not to fill. */
const MOST_TURNS = 57_600;
/** Turns of a service that cannot take samples now. */
const MOST_REFUSALS = 40;

/** Where samples go, and what ends their stream. */
interface FeederOptions {
  url: string;
  nowMs: () => number;
  signal: AbortSignal;
}

/** Sends the samples of one model. */
export class Feeder {
  readonly #options: FeederOptions;
  readonly #modelId: string;
  readonly #world: Iterator<Sample, never>;

  /** world: gives samples without end. */
  constructor(modelId: string, world: Iterator<Sample, never>, options: FeederOptions) {
    this.#options = options;
    this.#modelId = modelId;
    this.#world = world;
  }

  /** The simulated past, up to now. Throws FILE_FAILED when the service refuses it. */
  async sendHistory(): Promise<void> {
    const nowMs = this.#options.nowMs();
    const stepMs = (HISTORY_DAYS * DAY_MS) / HISTORY_SAMPLES;
    const times = Array.from(
      { length: HISTORY_SAMPLES },
      (_, index) => nowMs - (HISTORY_SAMPLES - index) * stepMs,
    );
    const answer = await this.#send(times);
    if (answer.ok) return;
    const message = `Expected the service to take a simulated history, got ${answer.status}.`;
    throw new DriftkeelError("FILE_FAILED", message);
  }

  /** Samples of now, turn by turn, until the signal; or until the service refuses for 10 s. */
  async play(): Promise<void> {
    const { nowMs, signal } = this.#options;
    let refusals = 0;
    for (let turn = 0; turn < MOST_TURNS && refusals < MOST_REFUSALS; turn++) {
      await setTimeout(TURN_MS, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      const answer = await this.#send(Array(TURN_SAMPLES).fill(nowMs())).catch(() => undefined);
      refusals = answer?.ok ? 0 : refusals + 1;
    }
  }

  /** One sample for each time. */
  async #send(times: readonly number[]): Promise<{ ok: boolean; status: number }> {
    const { url, signal } = this.#options;
    const lines = times.map((timestamp) => {
      const { input, label } = this.#world.next().value;
      return JSON.stringify({ input: [...input], label: [...label], timestamp });
    });
    const answer = await fetch(`${url}/api/v1/models/${this.#modelId}/feedback`, {
      method: "POST",
      headers: { "Content-Type": "application/x-ndjson" },
      body: lines.join("\n"),
      signal,
    });
    await answer.arrayBuffer(); // the connection is free for the next turn
    return answer;
  }
}
