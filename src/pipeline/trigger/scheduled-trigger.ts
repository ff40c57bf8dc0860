// Retrains after every so many samples.

import * as z from "zod/mini";
import { parseOptions, positiveInteger } from "../../options.ts";
import type { Trigger, TriggerState } from "./trigger.ts";
import { type TriggerOptions, triggerOptions } from "./trigger-options.ts";
import { isCoolingDown, recordLoss } from "./trigger-state.ts";

const optionsSchema = z.strictObject({ ...triggerOptions, interval: positiveInteger });

export interface ScheduledTriggerOptions extends TriggerOptions {
  /** Samples between trainings, > 0. */
  interval: number;
}

/**
 * Retrains when `sampleCount` is a multiple of `interval` above 0 and no cooldown runs. A turn that
 * falls into a cooldown is left out, not made up for.
 */
export class ScheduledTrigger implements Trigger {
  readonly #options: z.output<typeof optionsSchema>;

  /** Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options: ScheduledTriggerOptions) {
    this.#options = parseOptions("ScheduledTrigger", optionsSchema, options);
  }

  /** Throws ARGUMENT_TYPE, ARGUMENT_RANGE when the state or the clock holds no valid time. */
  shouldRetrain(state: TriggerState, newLoss: number): boolean {
    const { interval, cooldownMs, now } = this.#options;
    const isTurn = state.sampleCount > 0 && state.sampleCount % interval === 0;
    return isTurn && Number.isFinite(newLoss) && !isCoolingDown(state, cooldownMs, now);
  }

  /** Throws ARGUMENT_TYPE, ARGUMENT_RANGE (NaN, infinity); the state is then as before. */
  recordSample(state: TriggerState, loss: number): void {
    recordLoss(state, loss, this.#options.evalWindowSize);
  }
}
