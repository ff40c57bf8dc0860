// Drift by two parts of an adaptive window with different means (ADWIN2).

import * as z from "zod/mini";
import { naturalLog } from "../../core/random.ts";
import { nonNegativeInteger, positiveInteger } from "../../options.ts";
import { probability } from "./detector-options.ts";
import { checkReal } from "./detector-values.ts";
import type { DriftState } from "./drift-detector.ts";
import { type Moments, mergeMoments, momentsSchema } from "./moments.ts";
import { ResettingDetector } from "./resetting-detector.ts";

/** Buckets of 2^53 values hold more than any stream brings. */
const MAX_ROWS = 53;
const MAX_BUCKETS = "an integer from 1 to 1000";

const optionsSchema = z.strictObject({
  delta: z._default(probability, 0.002),
  clock: z._default(positiveInteger, 32),
  maxBuckets: z._default(positiveInteger.check(z.maximum(1000, MAX_BUCKETS)), 5),
  minWindowLength: z._default(positiveInteger, 5),
  gracePeriod: z._default(nonNegativeInteger, 10),
});

const memorySchema = z.object({
  /** Row r holds buckets of 2^r values each, oldest first; higher rows are older. */
  rows: z.array(z.array(momentsSchema)).check(z.maxLength(MAX_ROWS)),
});

export interface AdwinOptions {
  /** Bound on the rate of false alarms per check: 1e-100 to below 1; default 0.002. */
  delta?: number;
  /** Values between two checks, > 0; default 32. A detection is late by up to that many. */
  clock?: number;
  /** Buckets of equal size before the oldest two merge: 1..1000; default 5. More is finer. */
  maxBuckets?: number;
  /** Values on either side of a cut at least, > 0; default 5. */
  minWindowLength?: number;
  /** No check while the window holds this many values or fewer; default 10. */
  gracePeriod?: number;
}

/**
 * Keeps a window as buckets of exponentially growing size and, every `clock` values, compares the
 * means of its older part (n0 values) and newer part (n1 values) at each border between buckets:
 *
 *     drift: |mean0 - mean1| > sqrt(2/m var d) + 2/(3 m) d,   d = ln(2 ln(n0 + n1) / delta)
 *     1/m = 1/(n0 - minWindowLength + 1) + 1/(n1 - minWindowLength + 1)
 *
 * var is the variance of the window. While there is such a cut, the oldest bucket goes; what is
 * left is in `measurements` until the next update starts afresh. No warning. O(log n) memory, O(1)
 * amortised time.
 *
 * The bound is proved for values from 0 to 1; scale losses to about that range, or its second term
 * makes the detector blind (far below) or hasty (far above). Takes |value| <= 1e100. The choice
 * where nothing is known of the change; `PageHinkley` and `Cusum` are quicker on one steady shift,
 * `Kswin` also sees changes of shape.
 *
 * Bifet & Gavalda 2007, with the cut of their implementation (1/m, the clock); moments
 * of a part are merged from its buckets, so nothing is subtracted and equal values never differ.
 */
export class Adwin extends ResettingDetector<typeof optionsSchema, typeof memorySchema> {
  /** Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options?: AdwinOptions) {
    const schemas = { options: optionsSchema, memory: memorySchema };
    super({ name: "Adwin", ...schemas, check: checkReal }, options);
  }

  protected override begin(): Memory {
    return { rows: [] };
  }

  protected override take(value: number, memory: Memory): DriftState {
    this.#insert({ count: 1, mean: value, m2: 0 }, memory.rows);
    const width = countValues(memory.rows);
    if (width % this.options.clock !== 0 || width <= this.options.gracePeriod) return "stable";
    let state: DriftState = "stable";
    while (this.#hasCut(memory.rows)) {
      dropOldest(memory.rows);
      state = "drift";
    }
    return state;
  }

  /** Adds a bucket to row 0; a row that overflows hands its oldest two, merged, to the next. */
  #insert(bucket: Moments, rows: Moments[][]): void {
    let moved = bucket;
    for (let row = 0; ; row++) {
      if (row === rows.length) rows.push([]);
      const buckets = rows[row]!;
      buckets.push(moved);
      if (buckets.length <= this.options.maxBuckets) return;
      moved = mergeMoments(buckets.shift()!, buckets.shift()!);
    }
  }

  #hasCut(rows: Moments[][]): boolean {
    const { minWindowLength } = this.options;
    const newer = suffixes(rows);
    const window = newer[0]!.merged;
    let older: Moments | undefined;
    for (const { bucket, merged } of newer) {
      const isLong = older && older.count >= minWindowLength && merged.count >= minWindowLength;
      if (isLong && this.#differ(older!, merged, window)) return true;
      older = older ? mergeMoments(older, bucket) : bucket;
    }
    return false;
  }

  #differ(older: Moments, newer: Moments, window: Moments): boolean {
    const { delta, minWindowLength } = this.options;
    const surplus = minWindowLength - 1;
    const reciprocal = 1 / (older.count - surplus) + 1 / (newer.count - surplus);
    // naturalLog takes 0..1: ln x = -ln(1/x).
    const d = -naturalLog(delta / (-2 * naturalLog(1 / window.count)));
    const variance = window.m2 / window.count;
    const bound = Math.sqrt(2 * reciprocal * variance * d) + (2 / 3) * reciprocal * d;
    return Math.abs(older.mean - newer.mean) > bound;
  }

  protected override isPossible({ rows }: Memory): boolean {
    return rows.every(
      (buckets, row) =>
        buckets.length <= this.options.maxBuckets &&
        buckets.every(({ count }) => count === 2 ** row),
    );
  }

  /** Values in the window, their mean and population variance. */
  protected override measure({ rows }: Memory): Record<string, number> {
    const [window] = suffixes(rows);
    if (!window) return { width: 0, mean: 0, variance: 0 };
    const { count, mean, m2 } = window.merged;
    return { width: count, mean, variance: m2 / count };
  }
}

type Memory = z.output<typeof memorySchema>;

function countValues(rows: Moments[][]): number {
  let count = 0;
  for (let row = 0; row < rows.length; row++) count += rows[row]!.length * 2 ** row;
  return count;
}

/** Every bucket, oldest first, with the moments of itself and all newer ones. */
function suffixes(rows: Moments[][]): { bucket: Moments; merged: Moments }[] {
  const list: { bucket: Moments; merged: Moments }[] = [];
  for (const buckets of rows) {
    for (let i = buckets.length - 1; i >= 0; i--) {
      const bucket = buckets[i]!;
      const last = list.at(-1);
      list.push({ bucket, merged: last ? mergeMoments(last.merged, bucket) : bucket });
    }
  }
  return list.reverse();
}

function dropOldest(rows: Moments[][]): void {
  rows.at(-1)!.shift();
  while (rows.at(-1)?.length === 0) rows.pop();
}
