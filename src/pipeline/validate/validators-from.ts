// The usual composite from a few limits.

import * as z from "zod/mini";
import { finiteNumber, nonNegativeNumber, parseOptions } from "../../options.ts";
import { Composite } from "./composite.ts";
import { FiniteWeights } from "./finite-weights.ts";
import { GradientNorm } from "./gradient-norm.ts";
import { LossDelta } from "./loss-delta.ts";
import type { Validator } from "./validator.ts";
import { WeightNorm } from "./weight-norm.ts";

const optionsSchema = z.strictObject({
  maxLossDelta: z.optional(finiteNumber),
  maxWeightNorm: z.optional(nonNegativeNumber),
  maxGradNorm: z.optional(nonNegativeNumber),
});

/** Each limit that is given adds its validator. */
export interface ValidatorLimits {
  /** Largest rise of the loss on the holdout. */
  maxLossDelta?: number;
  /** Largest L2 norm of a tensor. */
  maxWeightNorm?: number;
  /** Largest L2 norm of the last gradient. */
  maxGradNorm?: number;
}

/**
 * FiniteWeights, then LossDelta, WeightNorm and GradientNorm for the limits given, in this order.
 * Throws OPTION_INVALID, OPTION_UNKNOWN.
 */
export function validatorsFrom(limits?: ValidatorLimits): Composite {
  const parsed = parseOptions("validatorsFrom", optionsSchema, limits);
  const { maxLossDelta, maxWeightNorm, maxGradNorm } = parsed;
  const validators: Validator[] = [new FiniteWeights()];
  if (maxLossDelta !== undefined) validators.push(new LossDelta(maxLossDelta));
  if (maxWeightNorm !== undefined) validators.push(new WeightNorm(maxWeightNorm));
  if (maxGradNorm !== undefined) validators.push(new GradientNorm(maxGradNorm));
  return new Composite(validators);
}
