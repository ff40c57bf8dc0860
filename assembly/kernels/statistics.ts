// Two-pass moments in f64.

/**
 * Mean of x: f64[n], n >= 1. The rounded mean is corrected once by the mean of the residuals: the mean of equal values
 * is that value, and their variance exactly 0.
 */
export function mean(x: usize, n: i32): f64 {
  let sum: f64 = 0;
  for (let i: i32 = 0; i < n; i++) sum += load<f64>(x + (<usize>i << 3));
  const rounded = sum / <f64>n;
  let residual: f64 = 0;
  for (let i: i32 = 0; i < n; i++) residual += load<f64>(x + (<usize>i << 3)) - rounded;
  return rounded + residual / <f64>n;
}

/** Population variance of x: f64[n] around `center`, its mean. */
export function variance(x: usize, n: i32, center: f64): f64 {
  let sum: f64 = 0;
  for (let i: i32 = 0; i < n; i++) {
    const d = load<f64>(x + (<usize>i << 3)) - center;
    sum += d * d;
  }
  return sum / <f64>n;
}
