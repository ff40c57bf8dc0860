// Drift by cumulated deviations from a frozen reference, in its standard deviations (CUSUM chart).

import * as z from "zod/mini";
import { nonNegativeNumber, positiveInteger, positiveNumber } from "../../options.ts";
import { type ChangeMode, changeMode, excursion } from "./detector-options.ts";
import { checkReal } from "./detector-values.ts";
import type { DriftState } from "./drift-detector.ts";
import { addToMoments, momentsSchema, sampleDeviation } from "./moments.ts";
import { ResettingDetector } from "./resetting-detector.ts";

const optionsSchema = z.strictObject({
  minInstances: z._default(positiveInteger.check(z.minimum(2, "an integer > 1")), 30),
  slack: z._default(nonNegativeNumber, 0.5),
  threshold: z._default(positiveNumber, 5),
  mode: z._default(changeMode, "both"),
});

const memorySchema = z.object({
  /** Of the first minInstances values. */
  reference: momentsSchema,
  rise: nonNegativeNumber,
  fall: nonNegativeNumber,
});

type Memory = z.output<typeof memorySchema>;

export interface CusumOptions {
  /** Values the reference is taken from, > 1; default 30. */
  minInstances?: number;
  /** Deviation that is tolerated, in standard deviations of the reference, >= 0; default 0.5. */
  slack?: number;
  /** Sum that is drift, in standard deviations of the reference, > 0; default 5. */
  threshold?: number;
  /** Whether a rise of the mean counts, a fall, or both (default). */
  mode?: ChangeMode;
}

/**
 * Two sums against mean mu and standard deviation sigma (divisor n - 1) of the first `minInstances`
 * values, which stay as they are:
 *
 *     rise = max(0, rise + (x - mu) - slack sigma)
 *     fall = max(0, fall - (x - mu) - slack sigma)      drift: either > threshold sigma
 *
 * The last value of the warm-up is the first one judged. No warning. O(1). Takes |value| <= 1e100.
 * After a constant warm-up sigma is 0 and any other value is drift.
 *
 * The quickest on a shift of about 2 slack sigma, in any units. At the defaults it also alarms once
 * in a few hundred values of a stable stream, more often where the short warm-up misjudged it:
 * raise `minInstances` and `threshold` for long streams. `PageHinkley` follows a mean that wanders
 * slowly; `Adwin` bounds its false alarms.
 *
 * Page 1954; the tabular form as in Montgomery, Introduction to Statistical Quality Control.
 */
export class Cusum extends ResettingDetector<typeof optionsSchema, typeof memorySchema> {
  /** Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options?: CusumOptions) {
    const schemas = { options: optionsSchema, memory: memorySchema };
    super({ name: "Cusum", ...schemas, check: checkReal }, options);
  }

  protected override begin(): Memory {
    return { reference: { count: 0, mean: 0, m2: 0 }, rise: 0, fall: 0 };
  }

  protected override take(value: number, memory: Memory): DriftState {
    const { minInstances, slack, threshold, mode } = this.options;
    const { reference } = memory;
    if (reference.count < minInstances) addToMoments(reference, value);
    if (reference.count < minInstances) return "stable";
    const sigma = sampleDeviation(reference);
    const deviation = value - reference.mean;
    memory.rise = Math.max(0, memory.rise + deviation - slack * sigma);
    memory.fall = Math.max(0, memory.fall - deviation - slack * sigma);
    const sum = excursion(mode, memory.rise, memory.fall);
    return sum > threshold * sigma ? "drift" : "stable";
  }

  protected override isPossible({ reference }: Memory): boolean {
    return reference.count <= this.options.minInstances;
  }

  /** Mean and standard deviation of the reference so far, and both sums in units of the values. */
  protected override measure({ reference, rise, fall }: Memory): Record<string, number> {
    return { mean: reference.mean, deviation: sampleDeviation(reference), rise, fall };
  }
}
