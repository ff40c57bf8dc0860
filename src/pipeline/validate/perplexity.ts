// Refuses a candidate whose perplexity rose too far.

import { checkNumber } from "../../checks.ts";
import { risesAtMost } from "../../statistics/rises-at-most.ts";
import type { ModelSnapshot, ValidationResult, Validator } from "./validator.ts";
import { notComparable, short } from "./verdict.ts";

/**
 * Passes when the perplexity e^loss rose by at most the share `maxIncrease` of itself:
 *
 *     e^(after.loss - before.loss) - 1 <= maxIncrease
 *
 * Losses are mean negative log likelihoods in nats. It is the ratio that is limited, so it is
 * computed from the difference of the losses and cannot overflow before they do.
 */
export class Perplexity implements Validator {
  readonly #maxIncrease: number;

  /** maxIncrease: finite, >= 0; default 0.05, 5%. Throws ARGUMENT_TYPE, ARGUMENT_RANGE. */
  constructor(maxIncrease = 0.05) {
    checkNumber("maxIncrease", maxIncrease, 0);
    this.#maxIncrease = maxIncrease;
  }

  validate(before: ModelSnapshot, after: ModelSnapshot): ValidationResult {
    for (const [side, { loss }] of Object.entries({ before, after })) {
      if (typeof loss !== "number") return notComparable(`${side}.loss is missing`);
    }
    const limit = Math.log1p(this.#maxIncrease);
    const pass = risesAtMost(before.loss, after.loss, limit);
    const measurements = {
      perplexityBefore: Math.exp(before.loss),
      perplexityAfter: Math.exp(after.loss),
      perplexityIncrease: Math.expm1(after.loss - before.loss),
    };
    const { perplexityBefore, perplexityAfter, perplexityIncrease } = measurements;
    const reason =
      `perplexity went from ${short(perplexityBefore)} to ${short(perplexityAfter)}, a rise of ` +
      `${short(100 * perplexityIncrease)}% where ${short(100 * this.#maxIncrease)}% is allowed`;
    return { pass, reason, measurements };
  }
}
