// Refuses a candidate that answers more slowly.

import { checkNumber } from "../../checks.ts";
import type { ModelSnapshot, ValidationResult, Validator } from "./validator.ts";
import { judgeMemberRise } from "./verdict.ts";

/** Passes when after.latencyMs - before.latencyMs <= maxIncreaseMs, the limit included. */
export class Latency implements Validator {
  readonly #maxIncreaseMs: number;

  /** maxIncreaseMs: finite; below 0 it must get faster. Throws ARGUMENT_TYPE, ARGUMENT_RANGE. */
  constructor(maxIncreaseMs: number) {
    checkNumber("maxIncreaseMs", maxIncreaseMs);
    this.#maxIncreaseMs = maxIncreaseMs;
  }

  validate(before: ModelSnapshot, after: ModelSnapshot): ValidationResult {
    const rise = {
      what: "the latency in ms",
      key: "latency",
      unit: "Ms",
      max: this.#maxIncreaseMs,
    };
    return judgeMemberRise("latencyMs", before, after, rise);
  }
}
