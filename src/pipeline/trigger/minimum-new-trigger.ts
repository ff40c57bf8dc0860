// Allows a retraining once enough samples have come since the last.

import * as z from "zod/mini";
import { nonNegativeInteger, parseOptions, parseState, positiveInteger } from "../../options.ts";
import type { Trigger, TriggerState } from "./trigger.ts";
import { type TriggerOptions, triggerOptions } from "./trigger-options.ts";
import { isCoolingDown, lastTriggerMs, recordLoss } from "./trigger-state.ts";

const optionsSchema = z.strictObject({ ...triggerOptions, minimumNew: positiveInteger });

const stateSchema = z.object({
  lastTriggerMs: z.nullable(z.number()),
  countAtTrigger: nonNegativeInteger,
});

export interface MinimumNewTriggerOptions extends TriggerOptions {
  /** Samples since the last training started that allow the next, > 0. */
  minimumNew: number;
}

/**
 * True while at least `minimumNew` samples were recorded since the last training started (before
 * one: since the start) and no cooldown runs. Inside `allOf` it keeps other triggers from training
 * on too little; alone it trains on every `minimumNew` new samples.
 *
 * It notes `sampleCount` when it first sees a new `lastTriggerTime`, so call `recordSample` on it
 * for each sample. Where a process goes on with a saved trigger state, restore `state()` too:
 * otherwise a training that it has not seen counts as having started just now.
 */
export class MinimumNewTrigger implements Trigger {
  readonly #options: z.output<typeof optionsSchema>;
  #lastTriggerMs: number | undefined;
  #countAtTrigger = 0;

  /** Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options: MinimumNewTriggerOptions) {
    this.#options = parseOptions("MinimumNewTrigger", optionsSchema, options);
  }

  /** Throws ARGUMENT_TYPE, ARGUMENT_RANGE when the state or the clock holds no valid time. */
  shouldRetrain(state: TriggerState, newLoss: number): boolean {
    const { minimumNew, cooldownMs, now } = this.#options;
    this.#noteTraining(state);
    const isEnough = state.sampleCount - this.#countAtTrigger >= minimumNew;
    return isEnough && Number.isFinite(newLoss) && !isCoolingDown(state, cooldownMs, now);
  }

  /** Throws ARGUMENT_TYPE, ARGUMENT_RANGE (NaN, infinity); the state is then as before. */
  recordSample(state: TriggerState, loss: number): void {
    // First: the sample came after the training that is noted here.
    this.#noteTraining(state);
    recordLoss(state, loss, this.#options.evalWindowSize);
  }

  #noteTraining(state: TriggerState): void {
    const last = lastTriggerMs(state);
    if (last === this.#lastTriggerMs) return;
    this.#lastTriggerMs = last;
    this.#countAtTrigger = state.sampleCount;
  }

  /** The last training seen and the samples recorded until then, as JSON. */
  state(): unknown {
    return {
      lastTriggerMs: this.#lastTriggerMs ?? null,
      countAtTrigger: this.#countAtTrigger,
    };
  }

  /** Continues from what `state()` returned. Throws STATE_INVALID and changes nothing otherwise. */
  restore(state: unknown): void {
    const saved = parseState("MinimumNewTrigger", stateSchema, state);
    this.#lastTriggerMs = saved.lastTriggerMs ?? undefined;
    this.#countAtTrigger = saved.countAtTrigger;
  }
}
