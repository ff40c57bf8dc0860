// Back-pressure: how many samples of a model may wait to be learned.

import { ProblemError } from "./problem.ts";

/** Seconds after which a refused client may ask again. */
const RETRY_AFTER = "1";

/** Counts the samples of the batches that are under way, by model. */
export class WaitingSamples {
  readonly #most: number;
  readonly #waiting = new Map<string, number>();

  /** most: samples of one model. */
  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Lets a batch in, until what it returns is called. Throws a problem: 413 for a batch that never
   * fits, 429 for one that does not fit now.
   */
  enter(modelId: string, samples: number): () => void {
    const waiting = this.#waiting.get(modelId) ?? 0;
    if (samples > this.#most) {
      throw new ProblemError(413, `Expected at most ${this.#most} samples, got ${samples}.`);
    }
    if (waiting + samples > this.#most) {
      const detail = `${waiting} samples wait already, of ${this.#most} that may; try again.`;
      throw new ProblemError(429, detail, { "Retry-After": RETRY_AFTER });
    }
    this.#waiting.set(modelId, waiting + samples);
    return () => {
      this.#waiting.set(modelId, this.#waiting.get(modelId)! - samples);
    };
  }
}
