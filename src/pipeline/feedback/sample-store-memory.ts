// Samples in memory: for browsers and tests.

import * as z from "zod/mini";
import { checkInstance } from "../../checks.ts";
import { type Clock, clock, type Moment } from "../../clock.ts";
import { DriftkeelError } from "../../errors.ts";
import type { Sample } from "../../model/sample.ts";
import { parseOptions, positiveInteger } from "../../options.ts";
import { duplicateSample } from "./sample-copy.ts";
import { borderMs, type SampleStore, stampSamples } from "./sample-store.ts";
import { type PlacedSample, pagesOf, type ReadPage } from "./sample-store-pages.ts";

const MAX_CAPACITY = 10_000_000;
const optionsSchema = z.object({
  capacity: z._default(
    positiveInteger.check(z.maximum(MAX_CAPACITY, `at most ${MAX_CAPACITY}`)),
    100_000,
  ),
  now: clock,
});

/** What `MemorySampleStore` takes. */
export interface MemorySampleStoreOptions {
  /** Samples held at most: 1..10^7, default 10^5. */
  capacity?: number;
  /** Time of samples that bring none; default: the system's clock. */
  now?: Clock;
}

/** An ordered list; appending in the order of time costs nothing but the copy. */
export class MemorySampleStore implements SampleStore {
  readonly #options: z.output<typeof optionsSchema>;
  #samples: PlacedSample[] = [];
  #lastPosition = 0;
  #isClosed = false;

  /** Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options?: MemorySampleStoreOptions) {
    this.#options = parseOptions("MemorySampleStore", optionsSchema, options);
  }

  async append(samples: readonly Sample[]): Promise<void> {
    this.#checkOpen();
    checkInstance("samples", samples, Array);
    const stamped = stampSamples(samples, () => borderMs("now()", this.#options.now()));
    const last = this.#samples.at(-1)?.timeMs ?? Number.NEGATIVE_INFINITY;
    const all = this.#samples;
    for (const { timeMs, sample } of stamped) {
      all.push({ timeMs, position: ++this.#lastPosition, sample });
    }
    // The sort is stable: equal times stay in the order of appending.
    if (stamped.some(({ timeMs }, i) => timeMs < (stamped[i - 1]?.timeMs ?? last))) {
      all.sort((a, b) => a.timeMs - b.timeMs);
    }
    const surplus = all.length - this.#options.capacity;
    if (surplus > 0) all.splice(0, surplus);
  }

  async range(start: Moment, end: Moment): Promise<Sample[]> {
    this.#checkOpen();
    const from = this.#indexAt(borderMs("start", start));
    const to = this.#indexAt(borderMs("end", end));
    return this.#samples.slice(from, to).map(({ sample }) => duplicateSample(sample));
  }

  pages(start: Moment, end: Moment, options?: { pageSize?: number }): AsyncIterable<Sample[]> {
    const read: ReadPage = async ({ timeMs, position }, endMs, limit) => {
      this.#checkOpen();
      const from = this.#indexAt(timeMs, position + 1);
      const to = Math.min(this.#indexAt(endMs), from + limit);
      return this.#samples
        .slice(from, to)
        .map((each) => ({ ...each, sample: duplicateSample(each.sample) }));
    };
    return pagesOf(read, start, end, options);
  }

  async count(): Promise<number> {
    this.#checkOpen();
    return this.#samples.length;
  }

  async countRange(start: Moment, end: Moment): Promise<number> {
    this.#checkOpen();
    const from = this.#indexAt(borderMs("start", start));
    return Math.max(0, this.#indexAt(borderMs("end", end)) - from);
  }

  async prune(end: Moment): Promise<number> {
    this.#checkOpen();
    return this.#samples.splice(0, this.#indexAt(borderMs("end", end))).length;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#samples = [];
  }

  /** How many samples lie before a time, or before a position of that time. */
  #indexAt(timeMs: number, position = 0): number {
    let [low, high] = [0, this.#samples.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = this.#samples[middle]!;
      const isBefore = at.timeMs < timeMs || (at.timeMs === timeMs && at.position < position);
      if (isBefore) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #checkOpen(): void {
    if (!this.#isClosed) return;
    const message = "Expected an open MemorySampleStore, got a closed one; make another.";
    throw new DriftkeelError("STORE_CLOSED", message);
  }
}
