// Refuses a candidate unless held-out samples prove that its loss is not higher.

import * as z from "zod/mini";
import { finiteNumber, parseOptions } from "../../options.ts";
import { risesAtMost } from "../../statistics/rises-at-most.ts";
import { studentQuantile } from "../../statistics/student-quantile.ts";
import { pairedSeries } from "./paired-series.ts";
import type { ModelSnapshot, ValidationResult, Validator } from "./validator.ts";
import { notComparable, short } from "./verdict.ts";

/** Fewer say too little of the spread for any bound. */
const LEAST_SAMPLES = 8;

const LEVEL = "a number from 0.000001 to 0.5";
const optionsSchema = z.strictObject({
  level: z._default(z.number(LEVEL).check(z.minimum(1e-6, LEVEL), z.maximum(0.5, LEVEL)), 0.1),
  maxDelta: z._default(finiteNumber, 0),
});

export interface LossImprovementOptions {
  /** Chance of passing a candidate whose true loss rose beyond maxDelta: 1e-6..0.5, default 0.1. */
  level?: number;
  /** Rise of the loss that is still allowed, finite; below 0 it must fall. Default 0. */
  maxDelta?: number;
}

/**
 * Passes when the loss is proved not to have risen by more than `maxDelta`: from the differences
 * d = after.losses - before.losses, sample by sample, their number n, mean, deviation s and
 * skewness g it takes the upper bound
 *
 *     mean + s / sqrt(n) (t + max(0, g) (2 t^2 + 1) / (6 sqrt(n)))
 *
 * t: the 1 - level quantile of Student's t with n - 1 degrees of freedom. The bound must be at most
 * `maxDelta`, the limit included. Without the last term this is the bound of Student 1908, exact
 * for independent normal differences; the term is the first of the Cornish-Fisher expansion
 * (Johnson 1978), for candidates that gain a little often and lose a lot rarely. We differ in never
 * letting skewness lower the bound.
 *
 * It assumes samples that are independent of each other and of the training, and tails of the
 * differences that n samples show: a loss that none of them met cannot be seen. Differences that
 * depend on their neighbours make it too trusting.
 *
 * Fails with fewer than 8 samples, and where a loss is NaN or that of the candidate infinite. When
 * the active model has an infinite loss and the candidate nowhere, the candidate passes. Where all
 * differences are equal the bound is that difference.
 */
export class LossImprovement implements Validator {
  readonly #options: z.output<typeof optionsSchema>;

  /** Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options?: LossImprovementOptions) {
    this.#options = parseOptions("LossImprovement", optionsSchema, options);
  }

  validate(before: ModelSnapshot, after: ModelSnapshot): ValidationResult {
    const { level, maxDelta } = this.#options;
    const infinite = countInfinite(before.losses);
    // What is known of those samples is that the candidate cannot be worse there.
    const losses = infinite > 0 ? before.losses?.map(zeroForInfinite) : before.losses;
    const series = pairedSeries("losses", { before: { ...before, losses }, after }, LEAST_SAMPLES);
    if (!series.before) return notComparable(series.problem);
    if (infinite > 0) {
      const reason = `the loss was infinite on ${infinite} samples and is finite on all`;
      return { pass: true, reason, measurements: { infiniteBefore: infinite } };
    }
    const differences = series.after.map((value, index) => value - series.before[index]!);
    const { mean, standardError, upper } = upperBound(differences, level);
    const pass = risesAtMost(0, upper, maxDelta);
    const reason =
      `the loss changed by ${short(mean)} on ${differences.length} samples and at most by ` +
      `${short(upper)} with confidence ${short(1 - level)}, ` +
      `${pass ? "within" : "not within"} the allowed rise of ${short(maxDelta)}`;
    const measurements = {
      lossDifference: mean,
      lossDifferenceError: standardError,
      lossDifferenceUpper: upper,
    };
    return { pass, reason, measurements };
  }
}

function countInfinite(losses: unknown): number {
  if (!(losses instanceof Float64Array)) return 0;
  return losses.filter((loss) => loss === Number.POSITIVE_INFINITY).length;
}

const zeroForInfinite = (loss: number) => (loss === Number.POSITIVE_INFINITY ? 0 : loss);

/** The upper bound of the class; sums in f64. */
function upperBound(differences: Float64Array, level: number) {
  const n = differences.length;
  const mean = differences.reduce((sum, value) => sum + value / n, 0);
  let [squares, cubes] = [0, 0];
  for (const value of differences) {
    squares += (value - mean) ** 2 / n;
    cubes += (value - mean) ** 3 / n;
  }
  const standardError = Math.sqrt(squares / (n - 1));
  // Rounding leaves equal differences a spread of some epsilon, whose skewness means nothing.
  const rounding = n * Number.EPSILON * Math.abs(mean);
  if (standardError <= rounding) return { mean, standardError: 0, upper: mean };
  const skewness = Math.max(0, cubes / squares ** 1.5);
  const t = studentQuantile(1 - level, n - 1);
  const correction = (skewness * (2 * t * t + 1)) / (6 * Math.sqrt(n));
  return { mean, standardError, upper: mean + standardError * (t + correction) };
}
