// Drift by the cumulated deviation from the running mean (Page-Hinkley).

import * as z from "zod/mini";
import { finiteNumber, nonNegativeNumber, positiveInteger, positiveNumber } from "../../options.ts";
import { type ChangeMode, changeMode, excursion } from "./detector-options.ts";
import { checkReal } from "./detector-values.ts";
import type { DriftState } from "./drift-detector.ts";
import { addToMean, meanSchema } from "./moments.ts";
import { ResettingDetector } from "./resetting-detector.ts";

const ALPHA = "a number above 0 and at most 1";

const optionsSchema = z.strictObject({
  minInstances: z._default(positiveInteger, 30),
  delta: z._default(nonNegativeNumber, 0.005),
  threshold: z._default(positiveNumber, 50),
  alpha: z._default(z.number(ALPHA).check(z.gt(0, ALPHA), z.maximum(1, ALPHA)), 0.9999),
  mode: z._default(changeMode, "both"),
});

const memorySchema = z.object({
  mean: meanSchema,
  /** U and the smallest it has been. */
  up: finiteNumber,
  lowest: finiteNumber,
  /** D and the largest it has been. */
  down: finiteNumber,
  highest: finiteNumber,
});

type Memory = z.output<typeof memorySchema>;

export interface PageHinkleyOptions {
  /** Values before the first possible detection, > 0; default 30. */
  minInstances?: number;
  /** Deviation from the mean that is tolerated, in units of the values, >= 0; default 0.005. */
  delta?: number;
  /** Cumulated deviation that is drift (lambda), in units of the values, > 0; default 50. */
  threshold?: number;
  /** What each step keeps of the sums: above 0 to 1; default 0.9999. */
  alpha?: number;
  /** Whether a rise of the mean counts, a fall, or both (default). */
  mode?: ChangeMode;
}

/**
 * Cumulates deviations from the running mean, the present value included, less a tolerance:
 *
 *     U = alpha U + (x - mean) - delta      drift up:    U - min U > threshold
 *     D = alpha D + (x - mean) + delta      drift down:  max D - D > threshold
 *
 * from the `minInstances`-th value on. No warning. O(1). Takes |value| <= 1e100.
 *
 * Choose it where the size of the shift to notice is known in the units of the stream: delta is
 * half of it, and the delay is about threshold / (shift - delta). `Cusum` sets both in standard
 * deviations of a warm-up; `Adwin` needs no scale but values of about 0 to 1.
 *
 * Page 1954, with the forgetting factor alpha.
 */
export class PageHinkley extends ResettingDetector<typeof optionsSchema, typeof memorySchema> {
  /** Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options?: PageHinkleyOptions) {
    const schemas = { options: optionsSchema, memory: memorySchema };
    super({ name: "PageHinkley", ...schemas, check: checkReal }, options);
  }

  protected override begin(): Memory {
    // The first deviation is 0, so zeros are the extremes of nothing.
    return { mean: { count: 0, mean: 0 }, up: 0, lowest: 0, down: 0, highest: 0 };
  }

  protected override take(value: number, memory: Memory): DriftState {
    const { minInstances, delta, threshold, alpha, mode } = this.options;
    addToMean(memory.mean, value);
    const deviation = value - memory.mean.mean;
    memory.up = alpha * memory.up + deviation - delta;
    memory.down = alpha * memory.down + deviation + delta;
    memory.lowest = Math.min(memory.lowest, memory.up);
    memory.highest = Math.max(memory.highest, memory.down);
    if (memory.mean.count < minInstances) return "stable";
    const { rise, fall } = excursions(memory);
    return excursion(mode, rise, fall) > threshold ? "drift" : "stable";
  }

  /** The running mean, U - min U and max D - D. */
  protected override measure(memory: Memory): Record<string, number> {
    return { mean: memory.mean.mean, ...excursions(memory) };
  }
}

function excursions({ up, lowest, down, highest }: Memory): { rise: number; fall: number } {
  return { rise: up - lowest, fall: highest - down };
}
