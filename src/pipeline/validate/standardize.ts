// A series of returns in units of its own deviation, which is all that a Sharpe ratio depends on.

/** A series as its Sharpe ratio and what is left without mean and scale. */
export interface Standardized {
  /** mean / population standard deviation, per period; 0 when nothing varies. */
  sharpe: number;
  /** (return - mean) / deviation, f64[n]: mean 0, variance 1; all 0 when nothing varies. */
  scores: Float64Array;
  varies: boolean;
}

/**
 * Standardises finite returns. They are first divided by the largest of them, which no unit can
 * then overflow, and the mean is taken out before squaring, so that a mean far from 0 costs no
 * digits. A deviation below the rounding of the mean is a constant series.
 */
export function standardize(returns: Float64Array): Standardized {
  const n = returns.length;
  const scores = new Float64Array(n);
  let largest = 0;
  for (const value of returns) largest = Math.max(largest, Math.abs(value));
  if (largest === 0) return { sharpe: 0, scores, varies: false };
  for (let t = 0; t < n; t++) scores[t] = returns[t]! / largest;
  const mean = meanOf(scores);
  let squares = 0;
  for (let t = 0; t < n; t++) {
    scores[t]! -= mean;
    squares += scores[t]! * scores[t]!;
  }
  const deviation = Math.sqrt(squares / n);
  if (deviation <= Number.EPSILON * Math.abs(mean)) {
    return { sharpe: 0, scores: scores.fill(0), varies: false };
  }
  for (let t = 0; t < n; t++) scores[t]! /= deviation;
  return { sharpe: mean / deviation, scores, varies: true };
}

function meanOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
