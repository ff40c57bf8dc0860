// Refuses a candidate that answers too differently from the active model.

import * as z from "zod/mini";
import { checkNumber } from "../../checks.ts";
import { parseOptions, positiveInteger } from "../../options.ts";
import { risesAtMost } from "../../statistics/rises-at-most.ts";
import { logProbabilities, type OutputForm } from "./log-probabilities.ts";
import type { ModelSnapshot, ValidationResult, Validator } from "./validator.ts";
import { notComparable, short } from "./verdict.ts";

const optionsSchema = z.strictObject({
  form: z._default(z.enum(["probabilities", "logits"]), "probabilities"),
  outputSize: z.optional(positiveInteger),
});

export interface OutputKlOptions {
  /**
   * What the outputs are. `probabilities` (default); `logits` as a network gives them under a
   * cross-entropy loss.
   */
  form?: OutputForm;
  /** Outputs of one row; default: all outputs are one row. 1: each is P(yes) of a decision. */
  outputSize?: number;
}

/**
 * Passes when the mean Kullback-Leibler divergence of the candidate's outputs q from those of the
 * active model p is at most `max`, in nats:
 *
 *     KL = mean over rows of sum over classes of p ln(p / q)
 *
 * Kullback & Leibler 1951. The direction asks whether the candidate still allows what the active
 * model expects; a class that it rules out makes the divergence infinite, and it fails.
 */
export class OutputKl implements Validator {
  readonly #max: number;
  readonly #options: z.output<typeof optionsSchema>;

  /**
   * max: finite, >= 0; default 0.1. Throws ARGUMENT_TYPE, ARGUMENT_RANGE, OPTION_INVALID,
   * OPTION_UNKNOWN.
   */
  constructor(max = 0.1, options?: OutputKlOptions) {
    checkNumber("max", max, 0);
    this.#max = max;
    this.#options = parseOptions("OutputKl", optionsSchema, options);
  }

  validate(before: ModelSnapshot, after: ModelSnapshot): ValidationResult {
    const [p, q] = [this.#read("before", before), this.#read("after", after)];
    if (typeof p === "string") return notComparable(p);
    if (typeof q === "string") return notComparable(q);
    if (p.values.length !== q.values.length) {
      const lengths = `${before.outputs!.length} and after.outputs ${after.outputs!.length}`;
      return notComparable(`before.outputs has ${lengths} values; they must be of the same inputs`);
    }
    let sum = 0;
    for (let i = 0; i < p.values.length; i++) {
      const logP = p.values[i]!;
      // 0 ln 0 is 0.
      if (logP > Number.NEGATIVE_INFINITY) sum += Math.exp(logP) * (logP - q.values[i]!);
    }
    // Rounding may leave two equal models a little below 0.
    const outputKl = Math.max(0, sum / p.rows);
    const pass = risesAtMost(0, outputKl, this.#max);
    const side = pass ? "at most" : "not at most";
    const reason = `the outputs diverge by ${short(outputKl)} nats, ${side} ${short(this.#max)}`;
    return { pass, reason, measurements: { outputKl } };
  }

  #read(side: string, { outputs }: ModelSnapshot): { values: Float64Array; rows: number } | string {
    if (!(outputs instanceof Float32Array)) return `${side}.outputs is missing`;
    const { form, outputSize = outputs.length } = this.#options;
    if (outputs.length === 0 || outputs.length % outputSize !== 0) {
      return `${side}.outputs has ${outputs.length} values, no whole rows of ${outputSize}`;
    }
    const values = logProbabilities(outputs, outputSize, form);
    return typeof values === "string"
      ? `${side}.outputs ${values}`
      : { values, rows: outputs.length / outputSize };
  }
}
