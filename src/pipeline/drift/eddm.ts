// Drift by errors that follow each other more closely than they did (EDDM).

import * as z from "zod/mini";
import { nonNegativeInteger, nonNegativeNumber, positiveInteger } from "../../options.ts";
import { atMost } from "./detector-options.ts";
import { checkBit } from "./detector-values.ts";
import type { DriftState } from "./drift-detector.ts";
import { addToMoments, type Moments, momentsSchema, sampleDeviation } from "./moments.ts";
import { ResettingDetector } from "./resetting-detector.ts";

const LEVEL = "a number above 0 and at most 1";
const level = z.number(LEVEL).check(z.gt(0, LEVEL), z.maximum(1, LEVEL));

const optionsSchema = z
  .strictObject({
    warmStart: z._default(positiveInteger, 30),
    alpha: z._default(level, 0.95),
    beta: z._default(level, 0.9),
  })
  .check(atMost("beta", "alpha"));

const memorySchema = z.object({
  count: nonNegativeInteger,
  /** Number of the value that was the last error; 0 before one. */
  lastError: nonNegativeInteger,
  distances: momentsSchema,
  /** The largest mean + 2 deviations. */
  largest: nonNegativeNumber,
  zone: z.enum(["stable", "warning", "drift"]),
});

type Memory = z.output<typeof memorySchema>;

export interface EddmOptions {
  /**
   * Values before the largest spread is looked for, and errors before others are compared with it,
   * > 0; default 30.
   */
  warmStart?: number;
  /** Share of the largest spread below which is a warning: above 0 to 1; default 0.95. */
  alpha?: number;
  /** Share below which is drift: above 0, at most alpha; default 0.9. */
  beta?: number;
}

/**
 * Watches the distances between errors: 1 is an error, 0 is none, nothing else is taken. With p'
 * the mean of the distances, s' their standard deviation (divisor n - 1), and the largest
 * p' + 2 s' so far:
 *
 *     ratio = (p' + 2 s') / largest      warning: ratio < alpha      drift: ratio < beta
 *
 * It judges at errors; between them the zone stays. The first distance counts from the start. O(1).
 *
 * For gradual change of a low error rate. On noisy errors the defaults alarm often: lower alpha and
 * beta, or take `Ddm` or `HddmA`.
 *
 * Baena-Garcia et al. 2006.
 */
export class Eddm extends ResettingDetector<typeof optionsSchema, typeof memorySchema> {
  /** Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options?: EddmOptions) {
    const schemas = { options: optionsSchema, memory: memorySchema };
    super({ name: "Eddm", ...schemas, check: checkBit }, options);
  }

  protected override begin(): Memory {
    const distances = { count: 0, mean: 0, m2: 0 };
    return { count: 0, lastError: 0, distances, largest: 0, zone: "stable" };
  }

  protected override take(value: number, memory: Memory): DriftState {
    memory.count++;
    if (value === 1) {
      addToMoments(memory.distances, memory.count - memory.lastError);
      memory.lastError = memory.count;
      memory.zone = this.#judge(memory);
    }
    return memory.zone;
  }

  #judge(memory: Memory): DriftState {
    const { warmStart, alpha, beta } = this.options;
    if (memory.count <= warmStart) return "stable";
    const spread = spreadOf(memory.distances);
    memory.largest = Math.max(memory.largest, spread);
    if (memory.distances.count <= warmStart) return "stable";
    const ratio = spread / memory.largest;
    if (ratio < beta) return "drift";
    return ratio < alpha ? "warning" : "stable";
  }

  protected override isPossible({ count, lastError, distances }: Memory): boolean {
    return distances.count <= lastError && lastError <= count;
  }

  /** Errors so far, p', s', p' + 2 s' and its maximum. */
  protected override measure({ distances, largest }: Memory): Record<string, number> {
    const { count: errors, mean: distance } = distances;
    const deviation = sampleDeviation(distances);
    return { errors, distance, deviation, spread: spreadOf(distances), largest };
  }
}

/** p' + 2 s'. */
function spreadOf(distances: Moments): number {
  return distances.mean + 2 * sampleDeviation(distances);
}
