// The variance of the mean of a series whose values depend on their neighbours (HAC).

/** Weights of the autocovariances by lag. */
export type Kernel = "parzen" | "quadratic-spectral";

/** A coefficient nearer to 1 would let the recoloured variance explode (Andrews & Monahan 1992). */
const LARGEST_COEFFICIENT = 0.97;

/** The quadratic spectral kernel never ends; beyond this many bandwidths it is below 1e-6. */
const QS_BANDWIDTHS = 460;

/** Andrews 1991: constant of the optimal bandwidth, and how far the weights reach. */
const kernels = {
  parzen: { constant: 2.6614, reach: 1, weight: parzenWeight },
  "quadratic-spectral": { constant: 1.3221, reach: QS_BANDWIDTHS, weight: quadraticWeight },
};

/**
 * n Var(mean) of `values`, f64[n] with mean 0:
 *
 *     v = gamma(0) + 2 sum over lags j of k(j / S) gamma(j),  gamma(j) = (1/n) sum x[t] x[t-j]
 *     S = constant (alpha n)^(1/5),  alpha = 4 a^2 / (1 - a)^4,  a the AR(1) coefficient
 *
 * Andrews 1991 with his automatic bandwidth for an AR(1). With `prewhiten` (Andrews & Monahan 1992)
 * the values are first replaced by the residuals x[t] - a x[t-1], and v is divided by (1 - a)^2. We
 * differ in one point: they treat the moments as a vector, we the scalar that the moments are
 * combined to, which needs one coefficient and not sixteen. Time: O(n S).
 */
export function longRunVariance(
  values: Float64Array,
  options: { kernel: Kernel; prewhiten: boolean },
): number {
  const n = values.length;
  const filter = options.prewhiten ? coefficientOf(values) : 0;
  const series = options.prewhiten
    ? values.subarray(1).map((value, t) => value - filter * values[t]!)
    : values;
  const a = coefficientOf(series);
  const { constant, reach, weight } = kernels[options.kernel];
  const bandwidth = constant * ((4 * a * a * n) / (1 - a) ** 4) ** (1 / 5);
  const lags = Math.min(series.length - 1, Math.floor(reach * bandwidth));
  let variance = autocovariance(series, 0);
  for (let lag = 1; lag <= lags; lag++) {
    variance += 2 * weight(lag / bandwidth) * autocovariance(series, lag);
  }
  return variance / (1 - filter) ** 2;
}

/** Least squares of x[t] on x[t-1], kept away from 1; 0 for a series of zeros. */
function coefficientOf(values: Float64Array): number {
  let products = 0;
  let squares = 0;
  for (let t = 1; t < values.length; t++) {
    products += values[t]! * values[t - 1]!;
    squares += values[t - 1]! * values[t - 1]!;
  }
  if (squares === 0) return 0;
  return Math.max(-LARGEST_COEFFICIENT, Math.min(LARGEST_COEFFICIENT, products / squares));
}

function autocovariance(values: Float64Array, lag: number): number {
  let sum = 0;
  for (let t = lag; t < values.length; t++) sum += values[t]! * values[t - lag]!;
  return sum / values.length;
}

function parzenWeight(x: number): number {
  return x <= 0.5 ? 1 - 6 * x * x * (1 - x) : 2 * (1 - x) ** 3;
}

function quadraticWeight(x: number): number {
  const y = (6 * Math.PI * x) / 5;
  return (3 / (y * y)) * (Math.sin(y) / y - Math.cos(y));
}
