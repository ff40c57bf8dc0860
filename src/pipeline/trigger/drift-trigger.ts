// Retrains when the recent losses are higher than those before them.

import * as z from "zod/mini";
import type { Clock } from "../../clock.ts";
import { nonNegativeInteger, nonNegativeNumber, parseOptions } from "../../options.ts";
import type { Trigger, TriggerConfig, TriggerState } from "./trigger.ts";
import { evalWindowSize, triggerOptions } from "./trigger-options.ts";
import { isCoolingDown, recordLoss } from "./trigger-state.ts";

const optionsSchema = z.strictObject({
  ...triggerOptions,
  driftThreshold: nonNegativeNumber,
  minSampleCount: nonNegativeInteger,
  evalWindowSize,
  cooldownMs: nonNegativeNumber,
});

export interface DriftTriggerOptions extends TriggerConfig {
  /** The clock, as a Date or in milliseconds since 1970; default the system's. */
  now?: Clock;
}

/**
 * Halves the last `evalWindowSize` losses, the middle one of an odd number being recent, and
 * retrains when
 *
 *     (recent - baseline) / baseline > driftThreshold,   baseline, recent: means of the halves
 *
 * and at least `minSampleCount` samples and 2 losses are there and no cooldown runs. A baseline of
 * 0, or anything that is not a number, never starts a training. Made for losses >= 0: a negative
 * baseline turns the sign of the ratio; use `DetectorTrigger` on such a loss.
 */
export class DriftTrigger implements Trigger {
  readonly #options: z.output<typeof optionsSchema>;

  /** Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options: DriftTriggerOptions) {
    this.#options = parseOptions("DriftTrigger", optionsSchema, options);
  }

  /** Throws ARGUMENT_TYPE, ARGUMENT_RANGE when the state or the clock holds no valid time. */
  shouldRetrain(state: TriggerState, newLoss: number): boolean {
    const { driftThreshold, minSampleCount, evalWindowSize, cooldownMs, now } = this.#options;
    if (!Number.isFinite(newLoss) || state.sampleCount < minSampleCount) return false;
    if (isCoolingDown(state, cooldownMs, now)) return false;
    const losses = state.recentLosses.slice(-evalWindowSize);
    if (losses.length < 2) return false;
    const half = Math.floor(losses.length / 2);
    const baseline = meanOf(losses.slice(0, half));
    if (baseline === 0) return false;
    // False when a NaN is among the losses.
    return (meanOf(losses.slice(half)) - baseline) / baseline > driftThreshold;
  }

  /** Throws ARGUMENT_TYPE, ARGUMENT_RANGE (NaN, infinity); the state is then as before. */
  recordSample(state: TriggerState, loss: number): void {
    recordLoss(state, loss, this.#options.evalWindowSize);
  }
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
