// Refuses a candidate that has forgotten what the model could do before.

import { checkNumber } from "../../checks.ts";
import { pairedSeries } from "./paired-series.ts";
import type { ModelSnapshot, ValidationResult, Validator } from "./validator.ts";
import { judgeRise, notComparable } from "./verdict.ts";

/**
 * Passes when the mean loss on the replay holdout rose by at most `maxForgetting`:
 *
 *     mean(after.replayLosses) - mean(before.replayLosses) <= maxForgetting
 *
 * The replay holdout is a fixed set of earlier samples that no update trains on.
 */
export class Retention implements Validator {
  readonly #maxForgetting: number;

  /** maxForgetting: finite, in units of the loss. Throws ARGUMENT_TYPE, ARGUMENT_RANGE. */
  constructor(maxForgetting: number) {
    checkNumber("maxForgetting", maxForgetting);
    this.#maxForgetting = maxForgetting;
  }

  validate(before: ModelSnapshot, after: ModelSnapshot): ValidationResult {
    const series = pairedSeries("replayLosses", { before, after }, 1);
    if (!series.before) return notComparable(series.problem);
    return judgeRise({
      what: "the mean loss on replayed samples",
      key: "replayLoss",
      before: meanOf(series.before),
      after: meanOf(series.after),
      max: this.#maxForgetting,
    });
  }
}

function meanOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value / values.length;
  return sum;
}
