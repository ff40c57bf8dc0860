// How far a batch has moved from a reference batch (population stability index).

import * as z from "zod/mini";
import { checkFinite, checkInstance, checkNumber } from "../../checks.ts";
import { naturalLog } from "../../core/random.ts";
import { DriftkeelRangeError } from "../../errors.ts";
import { parseOptions, positiveInteger } from "../../options.ts";
import type { DriftState } from "./drift-detector.ts";

const BINS = "an integer from 2 to 10000";
const optionsSchema = z.strictObject({
  bins: z._default(positiveInteger.check(z.minimum(2, BINS), z.maximum(10_000, BINS)), 10),
});

/** The levels in common use: some movement, and a changed population. */
const WARNING_LEVEL = 0.1;
const DRIFT_LEVEL = 0.25;

/** What counts for an empty bin: half a value. */
const EMPTY_COUNT = 0.5;

export interface PopulationStabilityOptions {
  /** Parts of about equal size that the reference is cut into: 2..10^4; default 10. */
  bins?: number;
}

/**
 * The population stability index over bins of shares r of `reference` and c of `current`:
 *
 *     PSI = sum over bins of (c - r) ln(c / r)      >= 0, 0 for equal shares
 *
 * Bins begin at the quantiles k / bins of the reference, k = 1..bins - 1; the outer two have no
 * end. A value that fills a whole bin by itself (discrete data) gets a bin of its own. A bin that
 * is empty in one batch counts as half a value there, a bin that is empty in both is left out; no
 * other share is smoothed. `driftByStability` names the levels.
 *
 * For batches where any change of distribution matters; `Kswin` tests the same on a stream, with a
 * stated level. With small batches the index is large by chance: about (bins - 1) (1/n + 1/m) for n
 * and m values. reference, current: f64, not empty, any order, left as they are. O(n log n).
 *
 * Throws ARGUMENT_TYPE, DATA_EMPTY, VALUE_NOT_FINITE, OPTION_INVALID, OPTION_UNKNOWN.
 */
export function populationStabilityIndex(
  reference: Float64Array,
  current: Float64Array,
  options?: PopulationStabilityOptions,
): number {
  const { bins } = parseOptions("populationStabilityIndex", optionsSchema, options);
  checkBatch("reference", reference);
  checkBatch("current", current);
  const sorted = reference.slice().sort();
  const borders = bordersOf(sorted, bins);
  const before = countsBelow(sorted, borders);
  const after = countsBelow(current.slice().sort(), borders);
  let index = 0;
  for (let bin = 0; bin <= borders.length; bin++) {
    const expected = (before[bin + 1] ?? reference.length) - before[bin]!;
    const actual = (after[bin + 1] ?? current.length) - after[bin]!;
    if (expected === 0 && actual === 0) continue;
    const r = Math.max(expected, EMPTY_COUNT) / reference.length;
    const c = Math.max(actual, EMPTY_COUNT) / current.length;
    index += (c - r) * (naturalLog(c) - naturalLog(r));
  }
  return index;
}

/**
 * The usual reading of a population stability index: below 0.1 `stable`, below 0.25 `warning`, else
 * `drift`. Throws ARGUMENT_TYPE, ARGUMENT_RANGE.
 */
export function driftByStability(index: number): DriftState {
  checkNumber("index", index);
  if (index < WARNING_LEVEL) return "stable";
  return index < DRIFT_LEVEL ? "warning" : "drift";
}

/** Between the values below and those from `value` on; with `isAbove`, just above `value`. */
interface Border {
  value: number;
  isAbove: boolean;
}

function bordersOf(sorted: Float64Array, bins: number): Border[] {
  const borders: Border[] = [];
  const quantile = (k: number): number => sorted[Math.floor((k * sorted.length) / bins)]!;
  for (let k = 1; k < bins; k++) {
    const value = quantile(k);
    const last = borders.at(-1);
    if (last?.value !== value) borders.push({ value, isAbove: false });
    else if (!last.isAbove) borders.push({ value, isAbove: true });
  }
  return borders;
}

/** For each bin, how many values lie below its begin; the first begins below all. */
function countsBelow(sorted: Float64Array, borders: readonly Border[]): number[] {
  const counts = [0];
  let count = 0;
  for (const { value, isAbove } of borders) {
    while (
      count < sorted.length &&
      (sorted[count]! < value || (isAbove && sorted[count] === value))
    )
      count++;
    counts.push(count);
  }
  return counts;
}

function checkBatch(name: string, batch: unknown): void {
  checkInstance(name, batch, Float64Array);
  checkFinite(name, batch as Float64Array);
  if ((batch as Float64Array).length > 0) return;
  throw new DriftkeelRangeError(
    "DATA_EMPTY",
    `Expected ${name} to hold at least one value, got none.`,
  );
}
