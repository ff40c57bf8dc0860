// Refuses a candidate that gets more of the holdout wrong.

import { checkNumber } from "../../checks.ts";
import type { ModelSnapshot, ValidationResult, Validator } from "./validator.ts";
import { judgeMemberRise } from "./verdict.ts";

/** Passes when after.errorRate - before.errorRate <= maxIncrease, the limit included. */
export class ErrorRate implements Validator {
  readonly #maxIncrease: number;

  /** maxIncrease: finite; below 0 it must get better. Throws ARGUMENT_TYPE, ARGUMENT_RANGE. */
  constructor(maxIncrease: number) {
    checkNumber("maxIncrease", maxIncrease);
    this.#maxIncrease = maxIncrease;
  }

  validate(before: ModelSnapshot, after: ModelSnapshot): ValidationResult {
    const rise = { what: "the error rate", key: "errorRate", max: this.#maxIncrease };
    return judgeMemberRise("errorRate", before, after, rise);
  }
}
