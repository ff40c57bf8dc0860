// Refuses a candidate that falls deeper from its top than the active model.

import { checkNumber } from "../../checks.ts";
import { pairedSeries } from "./paired-series.ts";
import type { ModelSnapshot, ValidationResult, Validator } from "./validator.ts";
import { judgeRise, notComparable } from "./verdict.ts";

/**
 * Passes when the largest drawdown of the candidate exceeds that of the active model on the same
 * periods by at most `max`. The drawdown is the largest 1 - equity / former top of one unit that is
 * reinvested each period, in 0..1. Paired: a fall of the market that both models share is no fault
 * of the candidate.
 */
export class Drawdown implements Validator {
  readonly #max: number;

  /**
   * max: finite, >= 0; default 0.02, two percent of the top. Throws ARGUMENT_TYPE, ARGUMENT_RANGE.
   */
  constructor(max = 0.02) {
    checkNumber("max", max, 0);
    this.#max = max;
  }

  validate(before: ModelSnapshot, after: ModelSnapshot): ValidationResult {
    const series = pairedSeries("pnl", { before, after }, 1);
    if (!series.before) return notComparable(series.problem);
    return judgeRise({
      what: "the largest drawdown",
      key: "drawdown",
      before: largestDrawdown(series.before),
      after: largestDrawdown(series.after),
      max: this.#max,
    });
  }
}

/** `pnl` as fractions of the capital; a period of -1 or less loses all of it. */
function largestDrawdown(pnl: Float64Array): number {
  // Equity in units of its former top: it stays in 0..1, so long series cannot overflow.
  let level = 1;
  let lowest = 1;
  for (const value of pnl) {
    level = Math.min(1, level * Math.max(0, 1 + value));
    lowest = Math.min(lowest, level);
  }
  return 1 - lowest;
}
