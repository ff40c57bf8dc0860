// The Sharpe ratio of a sliding window, recomputed from the window for every value.

import { moments } from "./moments.ts";

/** `returns`: the values are returns. `pnl`: returns are first differences of the values. */
export type SharpeInput = "pnl" | "returns";

/** What turns values into a Sharpe ratio. */
export interface SharpeOptions {
  /** Values in a window: at least 2 for `pnl`, which makes windowSize - 1 returns; else 1. */
  windowSize: number;
  /** Periods per year. */
  annualization: number;
  input: SharpeInput;
}

/**
 * Returns mean / population std * sqrt(annualization) of the returns in `values`, 0 when std is
 * 0. Fewer values than two have no spread and give 0. values: [m], oldest first.
 */
export function sharpeOf(
  values: ArrayLike<number>,
  annualization: number,
  input: SharpeInput,
): number {
  const returns: number[] = [];
  for (let k = 0; k < values.length; k++) {
    if (input === "returns") returns.push(values[k]!);
    else if (k >= 1) returns.push(values[k]! - values[k - 1]!);
  }
  const { mean, std } = moments(returns);
  return std === 0 ? 0 : (mean / std) * Math.sqrt(annualization);
}

/**
 * Returns `sharpeOf` the last windowSize values at every position, NaN until the window is full.
 * values: [m]. Allocates the result, f64[m].
 */
export function rollingSharpe(values: ArrayLike<number>, options: SharpeOptions): Float64Array {
  const { windowSize, annualization, input } = options;
  const all = Array.from(values);
  const sharpes = new Float64Array(all.length).fill(NaN);
  for (let end = windowSize; end <= all.length; end++) {
    sharpes[end - 1] = sharpeOf(all.slice(end - windowSize, end), annualization, input);
  }
  return sharpes;
}
