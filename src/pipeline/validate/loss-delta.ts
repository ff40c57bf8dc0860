// Refuses a candidate whose loss on the holdout rose too far.

import { checkNumber } from "../../checks.ts";
import type { ModelSnapshot, ValidationResult, Validator } from "./validator.ts";
import { judgeMemberRise } from "./verdict.ts";

/**
 * Passes when after.loss - before.loss <= maxDelta, the limit included. NaN on either side fails,
 * and so does an infinite loss of the candidate.
 */
export class LossDelta implements Validator {
  readonly #maxDelta: number;

  /** maxDelta: finite; below 0 the loss must fall. Throws ARGUMENT_TYPE, ARGUMENT_RANGE. */
  constructor(maxDelta: number) {
    checkNumber("maxDelta", maxDelta);
    this.#maxDelta = maxDelta;
  }

  validate(before: ModelSnapshot, after: ModelSnapshot): ValidationResult {
    const rise = { what: "the loss", key: "loss", max: this.#maxDelta };
    return judgeMemberRise("loss", before, after, rise);
  }
}
