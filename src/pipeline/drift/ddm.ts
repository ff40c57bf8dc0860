// Drift by an error rate above its own minimum (DDM).

import * as z from "zod/mini";
import { positiveInteger, positiveNumber, share } from "../../options.ts";
import { atMost } from "./detector-options.ts";
import { checkBit } from "./detector-values.ts";
import type { DriftState } from "./drift-detector.ts";
import { addToMean, type Mean, meanSchema } from "./moments.ts";
import { ResettingDetector } from "./resetting-detector.ts";

const optionsSchema = z
  .strictObject({
    warmStart: z._default(positiveInteger, 30),
    warningThreshold: z._default(positiveNumber, 2),
    driftThreshold: z._default(positiveNumber, 3),
  })
  .check(atMost("warningThreshold", "driftThreshold"));

const memorySchema = z.object({ errors: meanSchema, bestRate: share, bestDeviation: share });

type Memory = z.output<typeof memorySchema>;

export interface DdmOptions {
  /** Values after which the watch begins, > 0; default 30. */
  warmStart?: number;
  /** Deviations above the minimum that are a warning, > 0; default 2. */
  warningThreshold?: number;
  /** Deviations above the minimum that are drift, at least warningThreshold; default 3. */
  driftThreshold?: number;
}

/**
 * Watches errors: 1 is an error, 0 is none, nothing else is taken. With p the error rate of the n
 * values so far and s = sqrt(p (1 - p) / n), it keeps p and s of where p + s was smallest:
 *
 *     warning: p + s > pMin + warningThreshold sMin      drift: p + s > pMin + driftThreshold sMin
 *
 * from the value after `warmStart` on. O(1). The inequalities are strict, so that a model without
 * errors stays stable; its first error after the warm start is then drift, since s was 0.
 *
 * The simplest for classifiers and sudden change. `Eddm` is earlier on gradual change, `HddmA` and
 * `HddmW` bound their false alarms and also take losses from 0 to 1.
 *
 * Gama, Medas, Castillo & Rodrigues 2004.
 */
export class Ddm extends ResettingDetector<typeof optionsSchema, typeof memorySchema> {
  /** Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options?: DdmOptions) {
    const schemas = { options: optionsSchema, memory: memorySchema };
    super({ name: "Ddm", ...schemas, check: checkBit }, options);
  }

  protected override begin(): Memory {
    // No rate reaches p + s = 2: the first one watched is the smallest.
    return { errors: { count: 0, mean: 0 }, bestRate: 1, bestDeviation: 1 };
  }

  protected override take(value: number, memory: Memory): DriftState {
    const { warmStart, warningThreshold, driftThreshold } = this.options;
    addToMean(memory.errors, value);
    if (memory.errors.count <= warmStart) return "stable";
    const rate = memory.errors.mean;
    const deviation = deviationOf(memory.errors);
    if (rate + deviation <= memory.bestRate + memory.bestDeviation) {
      memory.bestRate = rate;
      memory.bestDeviation = deviation;
    }
    const { bestRate, bestDeviation } = memory;
    const exceeds = (threshold: number): boolean =>
      rate + deviation > bestRate + threshold * bestDeviation;
    if (exceeds(driftThreshold)) return "drift";
    return exceeds(warningThreshold) ? "warning" : "stable";
  }

  protected override isPossible({ errors }: Memory): boolean {
    return errors.mean >= 0 && errors.mean <= 1;
  }

  /** p, s, pMin and sMin; the last two are 1 before the watch begins. */
  protected override measure({ errors, bestRate, bestDeviation }: Memory): Record<string, number> {
    return { errorRate: errors.mean, deviation: deviationOf(errors), bestRate, bestDeviation };
  }
}

/** sqrt(p (1 - p) / n); 0 of no values. */
function deviationOf({ count, mean }: Mean): number {
  return count === 0 ? 0 : Math.sqrt((mean * (1 - mean)) / count);
}
