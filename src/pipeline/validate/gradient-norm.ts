// Refuses a candidate whose training ended on a steep slope.

import { checkNumber } from "../../checks.ts";
import { risesAtMost } from "../../statistics/rises-at-most.ts";
import type { ModelSnapshot, ValidationResult, Validator } from "./validator.ts";
import { notComparable, short } from "./verdict.ts";

/** Passes when `after.gradientNorm` is at most `max`; the norm of `before` is not looked at. */
export class GradientNorm implements Validator {
  readonly #max: number;

  /** max: finite, >= 0. Throws ARGUMENT_TYPE, ARGUMENT_RANGE. */
  constructor(max: number) {
    checkNumber("max", max, 0);
    this.#max = max;
  }

  validate(_before: ModelSnapshot, after: ModelSnapshot): ValidationResult {
    const { gradientNorm } = after;
    if (typeof gradientNorm !== "number") return notComparable("after.gradientNorm is missing");
    const pass = risesAtMost(0, gradientNorm, this.#max);
    const side = pass ? "at most" : "not at most";
    const norm = `the norm of the gradient is ${short(gradientNorm)}`;
    const reason = `${norm}, ${side} ${short(this.#max)}`;
    return { pass, reason, measurements: { gradientNorm } };
  }
}
