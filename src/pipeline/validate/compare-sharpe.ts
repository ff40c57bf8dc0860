// Paired inference on the difference of two Sharpe ratios over the same periods.

import * as z from "zod/mini";
import { checkFinite, checkInstance, checkLength } from "../../checks.ts";
import { Random } from "../../core/random.ts";
import { DriftkeelRangeError } from "../../errors.ts";
import {
  nonNegativeNumber,
  parseOptions,
  positiveInteger,
  positiveNumber,
  seed,
} from "../../options.ts";
import { studentQuantile } from "../../statistics/student-quantile.ts";
import { bootstrapQuantile } from "./block-bootstrap.ts";
import { type Kernel, longRunVariance } from "./long-run-variance.ts";
import { type Standardized, standardize } from "./standardize.ts";

/** Four moments are estimated; fewer periods than this leave nothing to judge them by. */
export const LEAST_PERIODS = 10;
const MOST_PERIODS = 1_000_000;

/** A difference or an error below this is rounding of the scores, which are of the order of 1. */
const ROUNDING = 1e-12;

const LEVEL = "a number from 0.0001 to 0.4";
const RESAMPLES = "an integer from 99 to 100000";

/** Members of every options schema that leads to a comparison. */
export const sharpeMembers = {
  level: z._default(z.number(LEVEL).check(z.minimum(1e-4, LEVEL), z.maximum(0.4, LEVEL)), 0.05),
  annualization: z._default(positiveNumber, 252),
  method: z._default(z.enum(["bootstrap", "hac"]), "bootstrap"),
  blockLength: z.optional(positiveInteger),
  resamples: z._default(
    positiveInteger.check(z.minimum(99, RESAMPLES), z.maximum(100_000, RESAMPLES)),
    999,
  ),
  seed: z._default(seed, 0),
  kernel: z._default(z.enum(["parzen", "quadratic-spectral"]), "parzen"),
  prewhiten: z._default(z.boolean(), true),
};

const optionsSchema = z.strictObject({
  ...sharpeMembers,
  tolerance: z._default(nonNegativeNumber, 0),
});

/** How a comparison draws its interval. */
export interface SharpeInference {
  /**
   * Chance of `worse` for models with equal ratios, and likewise of `better`: 0.0001..0.4, default
   * 0.05. The interval covers the true difference with 1 - 2 level.
   */
  level?: number;
  /** Periods per year; ratios are scaled by its root. Default 252. */
  annualization?: number;
  /**
   * `bootstrap` (default), or `hac`: faster by far, and a little too sure on short or dependent
   * series.
   */
  method?: "bootstrap" | "hac";
  /** Periods of a bootstrap block; default the cube root of their number. */
  blockLength?: number;
  /** Resamples of the bootstrap: 99..100000 and at least 1/(2 level) - 1; default 999. */
  resamples?: number;
  /** Seed of the bootstrap; default 0. */
  seed?: number;
  /** Kernel of the standard error; default `parzen`. */
  kernel?: Kernel;
  /** Whether the standard error is prewhitened; default true. */
  prewhiten?: boolean;
}

export interface CompareSharpeOptions extends SharpeInference {
  /** Loss of annual Sharpe ratio that does not count as `worse`, >= 0; default 0. */
  tolerance?: number;
}

/** Annual figures. */
export interface SharpeComparison {
  /** after - before. */
  difference: number;
  /** Bounds of the true difference, each exceeded with probability `level`. */
  interval: [number, number];
  outcome: "better" | "inconclusive" | "worse";
  /** The two ratios; 0 for a series that never varies. */
  before: number;
  after: number;
  standardError: number;
}

/**
 * Compares the Sharpe ratios (mean / population standard deviation x sqrt(annualization)) of two
 * models from their returns in the same periods, f64[n], n: 10..10^6, oldest first:
 *
 *     interval = difference -+ q s
 *
 * `worse` when the interval lies below -tolerance, `better` when it lies above 0. Ledoit & Wolf
 * 2008: s is the HAC standard error of the difference (`longRunVariance` of its influence z - (1/2)
 * Sharpe (z^2 - 1), after minus before, times n / (n - 4)); q is the symmetric quantile of the
 * studentised circular block bootstrap, or with `hac` that of Student's t with n - 4 degrees, where
 * they take the normal. The block length is fixed, where they calibrate it by simulation:
 * `bench/quality/gates.ts` measures the error rates of all variants and gave the default.
 *
 * A series that never varies has no Sharpe ratio: the interval is infinite and the outcome
 * `inconclusive`. The same inputs and options give the same result to the bit. Allocates O(n +
 * resamples).
 *
 * Throws ARGUMENT_TYPE, LENGTH_MISMATCH, VALUE_NOT_FINITE, ARGUMENT_RANGE (too few periods),
 * OPTION_INVALID, OPTION_UNKNOWN.
 */
export function compareSharpe(
  before: Float64Array,
  after: Float64Array,
  options?: CompareSharpeOptions,
): SharpeComparison {
  const parsed = parseOptions("compareSharpe", optionsSchema, options);
  checkResamples("compareSharpe", parsed);
  checkInstance("before", before, Float64Array);
  checkInstance("after", after, Float64Array);
  checkLength("after", after.length, before.length, "one return for each of before");
  checkPeriods(before.length, parsed.blockLength);
  checkFinite("before", before);
  checkFinite("after", after);
  return compareStandardized(standardize(before), standardize(after), parsed);
}

/** Parsed options of a comparison. */
export type ParsedInference = z.output<typeof optionsSchema>;

/**
 * `compareSharpe` of standardised returns and without its checks, for callers that have made them.
 */
export function compareStandardized(
  one: Standardized,
  other: Standardized,
  options: ParsedInference,
): SharpeComparison {
  const year = Math.sqrt(options.annualization);
  const ratios = { before: year * one.sharpe, after: year * other.sharpe };
  if (!one.varies || !other.varies) {
    const interval: [number, number] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    const difference = ratios.after - ratios.before;
    const standardError = Number.POSITIVE_INFINITY;
    return { difference, interval, outcome: "inconclusive", ...ratios, standardError };
  }
  const exact = other.sharpe - one.sharpe;
  const period = Math.abs(exact) <= ROUNDING ? 0 : exact;
  const error = standardErrorOf(one, other, options);
  const margin = error === 0 ? 0 : quantileOf(one, other, options) * error;
  const interval: [number, number] = [year * (period - margin), year * (period + margin)];
  const outcome =
    interval[1] < -options.tolerance ? "worse" : interval[0] > 0 ? "better" : "inconclusive";
  return { difference: year * period, interval, outcome, ...ratios, standardError: year * error };
}

/** Standard error of the difference per period; 0 when the two series move as one. */
function standardErrorOf(one: Standardized, other: Standardized, options: ParsedInference): number {
  const n = one.scores.length;
  const influence = other.scores.map((z, t) => {
    const y = one.scores[t]!;
    return z - y - 0.5 * (other.sharpe * (z * z - 1) - one.sharpe * (y * y - 1));
  });
  const variance = (longRunVariance(influence, options) * n) / (n - 4);
  const error = Math.sqrt(variance / n);
  return error <= ROUNDING ? 0 : error;
}

function quantileOf(one: Standardized, other: Standardized, options: ParsedInference): number {
  const { level, method, resamples } = options;
  const n = one.scores.length;
  if (method === "hac") return studentQuantile(1 - level, n - 4);
  const blockLength = options.blockLength ?? Math.round(Math.cbrt(n));
  const plan = { blockLength, resamples, confidence: 1 - 2 * level };
  return bootstrapQuantile(one, other, plan, new Random(options.seed));
}

/** Throws OPTION_INVALID when so few resamples have no quantile as far out as the level asks. */
export function checkResamples(
  owner: string,
  { level, resamples, method }: Pick<ParsedInference, "level" | "resamples" | "method">,
): void {
  const least = Math.ceil(1 / (2 * level) - 1e-9) - 1;
  if (method === "hac" || resamples >= least) return;
  throw new DriftkeelRangeError(
    "OPTION_INVALID",
    `Expected ${owner} option "resamples" to be at least ${least} for level ${level}, ` +
      `got ${resamples}.`,
  );
}

function checkPeriods(n: number, blockLength = 1): void {
  const least = Math.max(LEAST_PERIODS, 2 * blockLength);
  if (n >= least && n <= MOST_PERIODS) return;
  throw new DriftkeelRangeError(
    "ARGUMENT_RANGE",
    `Expected ${least} to ${MOST_PERIODS} periods, got ${n}. Collect more of them, or use ` +
      "shorter ones.",
  );
}
