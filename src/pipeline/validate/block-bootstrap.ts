// The studentised circular block bootstrap of a difference of two Sharpe ratios.
//
// n: periods, b: periods of a block, l = floor(n / b): blocks of a resample.

import type { Random } from "../../core/random.ts";
import type { Standardized } from "./standardize.ts";

export interface BootstrapPlan {
  /** b: 1..n/2. */
  blockLength: number;
  resamples: number;
  /** Share of resamples whose |t*| lies at or below the result: (0, 1). */
  confidence: number;
}

/** Sums over each circular block, by its first period: scores and their squares, f64[n]. */
interface BlockSums {
  scores: Float64Array;
  squares: Float64Array;
}

/**
 * The `confidence` quantile of |t*|, where each resample puts l blocks end to end, drawn with
 * replacement from the n circular ones, the same periods for both series, and
 *
 *     t* = (difference* - difference) / s*
 *     s*^2 = (1/l) sum over its blocks of zeta^2 / (l b)
 *     zeta = sum over a block of (influence* - mean influence*) / sqrt(b)
 *
 * Ledoit & Wolf 2008, section 3.2, with Politis & Romano's circular blocks (1992). A Sharpe ratio
 * does not change with mean-free scaling, so we resample standardised returns: with score means a
 * and square means w, Sharpe* = (sharpe + a) / sqrt(w - a^2), and a block enters with its two sums
 * alone. They solve for the same numbers from four raw moments. A resample without variation counts
 * as an infinite |t*|, on the careful side. O(n b + resamples l); the draws are the only use of
 * `random`.
 */
export function bootstrapQuantile(
  before: Standardized,
  after: Standardized,
  plan: BootstrapPlan,
  random: Random,
): number {
  const n = before.scores.length;
  const { blockLength, resamples, confidence } = plan;
  const blocks = Math.floor(n / blockLength);
  const sums = [
    blockSums(before.scores, blockLength),
    blockSums(after.scores, blockLength),
  ] as const;
  const difference = after.sharpe - before.sharpe;
  const drawn = new Uint32Array(blocks);
  const statistics = new Float64Array(resamples);
  for (let r = 0; r < resamples; r++) {
    for (let k = 0; k < blocks; k++) drawn[k] = random.below(n);
    const one = resampled(before.sharpe, sums[0], drawn, blockLength);
    const other = resampled(after.sharpe, sums[1], drawn, blockLength);
    const variance = resampledVariance(one, other, sums, drawn) / blockLength;
    const error = Math.sqrt(variance / (blocks * blockLength));
    const statistic = Math.abs(other.sharpe - one.sharpe - difference) / error;
    statistics[r] = Number.isFinite(statistic) ? statistic : Number.POSITIVE_INFINITY;
  }
  statistics.sort();
  // The smallest rank that keeps the error at or below its level; the slack is for 0.9 * 1000.
  const rank = Math.ceil(confidence * (resamples + 1) - 1e-9);
  return statistics[rank - 1]!;
}

/** A resampled ratio, and what a score and a square add to it (its influence). */
interface Resampled {
  sharpe: number;
  perScore: number;
  perSquare: number;
  /** Mean influence of a block. */
  center: number;
}

/**
 * The ratio of the drawn blocks and its gradient: with V = w - a^2,
 *
 *     d/da = 1/sqrt(V) + (sharpe + a) a / V^(3/2),  d/dw = -(1/2) (sharpe + a) / V^(3/2)
 */
function resampled(
  sharpe: number,
  { scores, squares }: BlockSums,
  drawn: Uint32Array,
  blockLength: number,
): Resampled {
  let a = 0;
  let w = 0;
  for (let k = 0; k < drawn.length; k++) {
    a += scores[drawn[k]!]!;
    w += squares[drawn[k]!]!;
  }
  a /= drawn.length * blockLength;
  w /= drawn.length * blockLength;
  const inverse = 1 / Math.sqrt(w - a * a);
  const cubed = (sharpe + a) * inverse ** 3;
  const perScore = inverse + a * cubed;
  const perSquare = -0.5 * cubed;
  const center = blockLength * (perScore * a + perSquare * w);
  return { sharpe: (sharpe + a) * inverse, perScore, perSquare, center };
}

/** Mean square of the drawn blocks' centred influence on the difference: b zeta^2. */
function resampledVariance(
  one: Resampled,
  other: Resampled,
  [before, after]: readonly [BlockSums, BlockSums],
  drawn: Uint32Array,
): number {
  const center = other.center - one.center;
  const { length } = drawn;
  let sum = 0;
  for (let k = 0; k < length; k++) {
    const block = drawn[k]!;
    const influence =
      other.perScore * after.scores[block]! +
      other.perSquare * after.squares[block]! -
      one.perScore * before.scores[block]! -
      one.perSquare * before.squares[block]!;
    sum += (influence - center) ** 2;
  }
  return sum / length;
}

function blockSums(values: Float64Array, blockLength: number): BlockSums {
  const n = values.length;
  const scores = new Float64Array(n);
  const squares = new Float64Array(n);
  for (let start = 0; start < n; start++) {
    for (let offset = 0; offset < blockLength; offset++) {
      const value = values[(start + offset) % n]!;
      scores[start]! += value;
      squares[start]! += value * value;
    }
  }
  return { scores, squares };
}
