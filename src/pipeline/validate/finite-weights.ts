// Refuses a candidate with a weight that is NaN or infinite.

import { tensorsOf } from "./tensors-of.ts";
import type { ModelSnapshot, ValidationResult, Validator } from "./validator.ts";
import { notComparable } from "./verdict.ts";

/**
 * Passes when every weight of the candidate is a finite number. First in every composite: the other
 * validators then look at a model that can compute something. O(weights).
 */
export class FiniteWeights implements Validator {
  validate(_before: ModelSnapshot, after: ModelSnapshot): ValidationResult {
    const tensors = tensorsOf(after);
    if (typeof tensors === "string") return notComparable(tensors);
    let count = 0;
    let first: string | undefined;
    for (const [name, values] of tensors) {
      for (let i = 0; i < values.length; i++) {
        if (Number.isFinite(values[i])) continue;
        count++;
        first ??= `${values[i]} in ${name} at index ${i}`;
      }
    }
    const reason = first === undefined ? "every weight is finite" : `a weight is ${first}`;
    return { pass: first === undefined, reason, measurements: { nonFiniteWeights: count } };
  }
}
