// Measures a series of daily returns: Sharpe ratio, growth, drawdown.

/** Trading days in a year, the usual factor for daily figures. */
const DAYS_PER_YEAR = 252;

/** What a series of daily returns amounts to. */
export interface Performance {
  /** Per year: mean / population deviation x sqrt(252); 0 when nothing varied. */
  sharpe: number;
  /** Growth per year of one unit reinvested daily, as a fraction; -1 after a total loss. */
  annualReturn: number;
  /** Largest fall from a former top, as a fraction in 0..1. */
  maxDrawdown: number;
}

/** Sum in f64 with Neumaier's correction: small days count beside large ones, in any order. */
function sum(values: Iterable<number>): number {
  let total = 0;
  let correction = 0;
  for (const value of values) {
    const next = total + value;
    const isTotalLarger = Math.abs(total) >= Math.abs(value);
    correction += isTotalLarger ? total - next + value : value - next + total;
    total = next;
  }
  return total + correction;
}

/**
 * Returns mean / population standard deviation x sqrt(252); 0 for fewer than two days or a
 * deviation of 0. Two passes: the mean is removed before squaring, so a large mean costs no digits.
 */
export function sharpeRatio(returns: readonly number[]): number {
  const n = returns.length;
  if (n < 2) return 0;
  const mean = sum(returns) / n;
  const variance = sum(returns.map((value) => (value - mean) ** 2)) / n;
  // A deviation below the rounding of the mean is a constant series.
  if (Math.sqrt(variance) <= Number.EPSILON * Math.abs(mean)) return 0;
  return (mean / Math.sqrt(variance)) * Math.sqrt(DAYS_PER_YEAR);
}

/** Returns the largest 1 - equity / former top of one unit reinvested daily, in 0..1. */
export function maxDrawdown(returns: readonly number[]): number {
  // Equity in units of its former top: stays in 0..1, so long series cannot overflow.
  let level = 1;
  let lowest = 1;
  for (const value of returns) {
    level = Math.min(1, level * Math.max(0, 1 + value));
    lowest = Math.min(lowest, level);
  }
  return 1 - lowest;
}

/** Returns the yearly growth of one unit reinvested daily, from a sum of logarithms. */
function annualReturn(returns: readonly number[]): number {
  if (returns.length === 0) return 0;
  if (returns.some((value) => value <= -1)) return -1;
  const logGrowth = sum(returns.map((value) => Math.log1p(value)));
  return Math.expm1((logGrowth * DAYS_PER_YEAR) / returns.length);
}

/**
 * Measures daily returns as fractions, oldest first. Days that are not neighbours (those of one
 * regime) are put end to end, so a drawdown may join two of its periods. Values must be finite.
 */
export function measurePerformance(returns: readonly number[]): Performance {
  return {
    sharpe: sharpeRatio(returns),
    annualReturn: annualReturn(returns),
    maxDrawdown: maxDrawdown(returns),
  };
}
