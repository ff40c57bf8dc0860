// Refuses a candidate with a tensor that has grown too large.

import { checkNumber } from "../../checks.ts";
import { risesAtMost } from "../../statistics/rises-at-most.ts";
import { tensorsOf } from "./tensors-of.ts";
import type { ModelSnapshot, ValidationResult, Validator } from "./validator.ts";
import { notComparable, short } from "./verdict.ts";

/**
 * Passes when each tensor of the candidate has an L2 norm sqrt(sum of w^2) of at most `max`.
 * Squares are summed in f64: a square of an f32 has 48 bits. O(weights).
 */
export class WeightNorm implements Validator {
  readonly #max: number;

  /** max: finite, >= 0. Throws ARGUMENT_TYPE, ARGUMENT_RANGE. */
  constructor(max: number) {
    checkNumber("max", max, 0);
    this.#max = max;
  }

  validate(_before: ModelSnapshot, after: ModelSnapshot): ValidationResult {
    const tensors = tensorsOf(after);
    if (typeof tensors === "string") return notComparable(tensors);
    const norms = tensors.map(([name, values]) => ({ name, norm: normOf(values) }));
    // NaN compares false: it stays the largest once met.
    const largest = norms.reduce((a, b) => (b.norm <= a.norm || Number.isNaN(a.norm) ? a : b));
    const pass = norms.every(({ norm }) => risesAtMost(0, norm, this.#max));
    const side = pass ? "at most" : "more than";
    const reason =
      `the largest norm of a tensor is ${short(largest.norm)} (${largest.name}), ` +
      `${side} ${short(this.#max)}`;
    return { pass, reason, measurements: { weightNorm: largest.norm } };
  }
}

function normOf(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return Math.sqrt(sum);
}
