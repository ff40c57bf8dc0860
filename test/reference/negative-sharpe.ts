// The loss of a trading signal: minus the Sharpe ratio of the P&L its positions earn.
// Letters: n rows (consecutive times), o outputs; Z = positions [n x o], T = next returns [n x o].

import { moments } from "./moments.ts";

/** What a change of position costs, and how many rows form the sequence that pays it. */
export interface NegativeSharpeOptions {
  /** Cost per unit of |change of position|; 0 when absent. */
  cost?: number;
  /** Rows 1 to sequenceRows - 1 pay the cost of moving from the row before; n when absent. */
  sequenceRows?: number;
}

function paysCost(s: number, options: NegativeSharpeOptions): boolean {
  return s >= 1 && s < (options.sequenceRows ?? Infinity);
}

/**
 * Returns the weighted P&L of every row, f64[n]:
 *
 *     pnl_s = w_s sum_k (z_sk t_sk - cost |z_sk - z_(s-1)k|)
 *
 * where the cost term is present in rows 1 to sequenceRows - 1 only. z, t: [n x o]; w: [n].
 */
function weightedPnl(
  z: ArrayLike<number>,
  t: ArrayLike<number>,
  w: ArrayLike<number>,
  n: number,
  o: number,
  options: NegativeSharpeOptions = {},
): Float64Array {
  const cost = options.cost ?? 0;
  const pnl = new Float64Array(n);
  for (let s = 0; s < n; s++) {
    let sum = 0;
    for (let k = 0; k < o; k++) {
      sum += z[s * o + k]! * t[s * o + k]!;
      if (paysCost(s, options)) sum -= cost * Math.abs(z[s * o + k]! - z[(s - 1) * o + k]!);
    }
    pnl[s] = w[s]! * sum;
  }
  return pnl;
}

/**
 * Returns minus mean / population std of the weighted P&L, and its gradient with respect to Z:
 *
 *     dL/dpnl_s = (mean (pnl_s - mean) / std^2 - 1) / (n std)
 *     dpnl_s/dz_sk = w_s (t_sk - cost sign(z_sk - z_(s-1)k))
 *     dpnl_s/dz_(s-1)k = w_s cost sign(z_sk - z_(s-1)k)
 *
 * sign(0) is 0. Value and gradient are 0 when std is 0. z, t: [n x o]; w: [n]. Allocates dZ.
 */
export function negativeSharpe(
  z: ArrayLike<number>,
  t: ArrayLike<number>,
  w: ArrayLike<number>,
  n: number,
  o: number,
  options: NegativeSharpeOptions = {},
): { value: number; dZ: Float64Array } {
  const cost = options.cost ?? 0;
  const dZ = new Float64Array(n * o);
  const pnl = weightedPnl(z, t, w, n, o, options);
  const { mean, std } = moments(pnl);
  if (std === 0) return { value: 0, dZ };
  for (let s = 0; s < n; s++) {
    const dPnl = ((mean * (pnl[s]! - mean)) / (std * std) - 1) / (n * std);
    for (let k = 0; k < o; k++) {
      dZ[s * o + k]! += dPnl * w[s]! * t[s * o + k]!;
      if (!paysCost(s, options)) continue;
      const direction = Math.sign(z[s * o + k]! - z[(s - 1) * o + k]!);
      dZ[s * o + k]! -= dPnl * w[s]! * cost * direction;
      dZ[(s - 1) * o + k]! += dPnl * w[s]! * cost * direction;
    }
  }
  return { value: -mean / std, dZ };
}
