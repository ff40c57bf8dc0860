// The diagonal Fisher information of any loss by finite differences.
// theta = weights f64[P]; the loss callbacks never keep or change the array they are given.

/** 2^-52, the gap between 1 and the next double. */
const EPSILON = 2 ** -52;

function shifted(theta: Float64Array, p: number, step: number): Float64Array {
  const moved = Float64Array.from(theta);
  moved[p]! += step;
  return moved;
}

/**
 * Returns the mean over S samples of the squared central difference, f64[P]:
 *
 *     g_p = (L_s(theta + h e_p) - L_s(theta - h e_p)) / 2h,  h = cbrt(2^-52) max(1, |theta_p|)
 *     F_p = (1/S) sum_s g_p^2
 *
 * The step balances the truncation error, of order h^2, against the rounding error, of order
 * 2^-52 / h. sampleLoss(theta, s) is the loss of sample s.
 */
export function fisherByDifferences(
  theta: Float64Array,
  sampleCount: number,
  sampleLoss: (theta: Float64Array, sample: number) => number,
): Float64Array {
  const fisher = new Float64Array(theta.length);
  for (let p = 0; p < theta.length; p++) {
    const h = Math.cbrt(EPSILON) * Math.max(1, Math.abs(theta[p]!));
    const above = shifted(theta, p, h);
    const below = shifted(theta, p, -h);
    for (let s = 0; s < sampleCount; s++) {
      const gradient = (sampleLoss(above, s) - sampleLoss(below, s)) / (2 * h);
      fisher[p]! += (gradient * gradient) / sampleCount;
    }
  }
  return fisher;
}

/**
 * Returns the absolute second difference of the mean loss, f64[P]:
 *
 *     F_p = |L(theta + h e_p) - 2 L(theta) + L(theta - h e_p)| / h^2
 *     h = (2^-52)^(1/4) max(1, |theta_p|)
 *
 * The step balances truncation, of order h^2, against rounding, of order 2^-52 / h^2.
 */
export function fisherByCurvature(
  theta: Float64Array,
  meanLoss: (theta: Float64Array) => number,
): Float64Array {
  const fisher = new Float64Array(theta.length);
  const center = meanLoss(theta);
  for (let p = 0; p < theta.length; p++) {
    const h = EPSILON ** 0.25 * Math.max(1, Math.abs(theta[p]!));
    const above = meanLoss(shifted(theta, p, h));
    const below = meanLoss(shifted(theta, p, -h));
    fisher[p] = Math.abs(above - 2 * center + below) / (h * h);
  }
  return fisher;
}
