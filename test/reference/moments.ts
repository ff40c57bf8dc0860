// Mean and population standard deviation in two passes.

/** Mean and population standard deviation of a list of numbers. */
export interface Moments {
  mean: number;
  std: number;
}

/**
 * Returns mean = (1/n) sum(x) and std = sqrt((1/n) sum((x - mean)^2)); zeros when n is 0.
 *
 * The rounded mean is corrected once by the mean of the residuals. Residuals of nearly equal
 * numbers are exact (Sterbenz), so equal values give a std of exactly 0 and values around 10^9
 * keep their digits.
 */
export function moments(values: ArrayLike<number>): Moments {
  const n = values.length;
  if (n === 0) return { mean: 0, std: 0 };
  let sum = 0;
  for (let i = 0; i < n; i++) sum += values[i]!;
  const roundedMean = sum / n;
  let residual = 0;
  for (let i = 0; i < n; i++) residual += values[i]! - roundedMean;
  const mean = roundedMean + residual / n;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (values[i]! - mean) ** 2;
  return { mean, std: Math.sqrt(squares / n) };
}
