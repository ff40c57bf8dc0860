// Retrains when a drift detector finds drift in the losses.

import * as z from "zod/mini";
import { nonNegativeInteger, parseOptions, parseState } from "../../options.ts";
import type { DriftDetector } from "../drift/drift-detector.ts";
import type { Trigger, TriggerState } from "./trigger.ts";
import { type TriggerOptions, triggerOptions } from "./trigger-options.ts";
import { isCoolingDown, lastTriggerMs, recordLoss } from "./trigger-state.ts";

const methods = ["update", "reset", "state", "restore"] as const;

const optionsSchema = z.strictObject({
  ...triggerOptions,
  detector: z.custom<DriftDetector>(isDetector, "a drift detector"),
  minSampleCount: z._default(nonNegativeInteger, 0),
});

const stateSchema = z.object({
  detector: z.unknown(),
  pending: z.nullable(z.strictObject({ lastTriggerMs: z.nullable(z.number()) })),
});

export interface DetectorTriggerOptions extends TriggerOptions {
  /** Sees every loss once; nothing else may feed it. */
  detector: DriftDetector;
  /** Samples before the first training, >= 0; default 0. */
  minSampleCount?: number;
}

/**
 * Retrains after drift. The detector sees each `newLoss`, in a cooldown and before `minSampleCount`
 * too; its drift stays pending until a training starts, which shows in a changed `lastTriggerTime`.
 * So drift in a cooldown is acted upon when it ends, and `allOf` can wait for its other triggers.
 * A warning starts nothing. A loss that is not finite does not reach the detector.
 */
export class DetectorTrigger implements Trigger {
  readonly #options: z.output<typeof optionsSchema>;
  /** Drift, and the training that was the last when it was found. */
  #pending: { lastTriggerMs: number | undefined } | undefined;

  /** Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options: DetectorTriggerOptions) {
    this.#options = parseOptions("DetectorTrigger", optionsSchema, options);
  }

  /**
   * Throws what the detector throws (a value outside its domain), and ARGUMENT_TYPE, ARGUMENT_RANGE
   * when the state or the clock holds no valid time.
   */
  shouldRetrain(state: TriggerState, newLoss: number): boolean {
    const { detector, minSampleCount, cooldownMs, now } = this.#options;
    const last = lastTriggerMs(state);
    if (this.#pending?.lastTriggerMs !== last) this.#pending = undefined;
    if (!Number.isFinite(newLoss)) return false;
    if (detector.update(newLoss) === "drift") this.#pending = { lastTriggerMs: last };
    if (!this.#pending || state.sampleCount < minSampleCount) return false;
    return !isCoolingDown(state, cooldownMs, now);
  }

  /** Throws ARGUMENT_TYPE, ARGUMENT_RANGE (NaN, infinity); the state is then as before. */
  recordSample(state: TriggerState, loss: number): void {
    recordLoss(state, loss, this.#options.evalWindowSize);
  }

  /** The detector's state and the pending drift, as JSON. */
  state(): unknown {
    const pending = this.#pending && { lastTriggerMs: this.#pending.lastTriggerMs ?? null };
    return { detector: this.#options.detector.state(), pending: pending ?? null };
  }

  /** Continues from what `state()` returned. Throws STATE_INVALID and changes nothing otherwise. */
  restore(state: unknown): void {
    const { detector, pending } = parseState("DetectorTrigger", stateSchema, state);
    this.#options.detector.restore(detector);
    this.#pending = pending ? { lastTriggerMs: pending.lastTriggerMs ?? undefined } : undefined;
  }
}

function isDetector(value: unknown): boolean {
  const object = (value ?? {}) as Record<string, unknown>;
  return methods.every((method) => typeof object[method] === "function");
}
