// The Sharpe ratio of a strategy's returns, per period.

/**
 * mean / sample standard deviation (n - 1 below), not annualised; 0 when nothing varies or there
 * are fewer than 2 returns.
 */
export function sharpeRatio(returns: Float64Array): number {
  const n = returns.length;
  if (n < 2) return 0;
  const mean = returns.reduce((sum, value) => sum + value, 0) / n;
  const squares = returns.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / (n - 1));
  // Below the rounding of the mean it is a constant series.
  return deviation > Number.EPSILON * Math.abs(mean) ? mean / deviation : 0;
}
