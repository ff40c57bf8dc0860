// The losses: value and gradient with respect to the outputs.
// Letters: n rows, o outputs; Z = outputs [n x o], T = labels [n x o], w = row weights [n].

import { sigmoid } from "./activation.ts";
import { type NegativeSharpeOptions, negativeSharpe } from "./negative-sharpe.ts";

/** The losses that are a mean over rows. */
export type RowLossName = "mse" | "softmax-cross-entropy" | "binary-cross-entropy" | "huber";

/** Every loss; `negative-sharpe` couples the rows. */
export type LossName = RowLossName | "negative-sharpe";

/** The value of a loss and its gradient with respect to Z. */
export interface LossResult {
  value: number;
  /** f64[n x o] */
  dZ: Float64Array;
}

/** One row of a loss: z, t are [o]. */
interface RowLoss {
  value(z: number[], t: number[]): number;
  gradient(z: number[], t: number[]): number[];
}

function logSumExp(z: number[]): number {
  let largest = -Infinity;
  for (const value of z) largest = Math.max(largest, value);
  let sum = 0;
  for (const value of z) sum += Math.exp(value - largest);
  return largest + Math.log(sum);
}

/** Returns exp(z_k) / sum_j exp(z_j) for one row of logits. z: [o]. */
export function softmax(z: number[]): number[] {
  const normalizer = logSumExp(z);
  return z.map((value) => Math.exp(value - normalizer));
}

const mse: RowLoss = {
  value(z, t) {
    let sum = 0;
    for (let k = 0; k < z.length; k++) sum += (z[k]! - t[k]!) ** 2;
    return sum;
  },
  gradient: (z, t) => z.map((value, k) => 2 * (value - t[k]!)),
};

const softmaxCrossEntropy: RowLoss = {
  value(z, t) {
    const normalizer = logSumExp(z);
    let sum = 0;
    for (let k = 0; k < z.length; k++) sum -= t[k]! * (z[k]! - normalizer);
    return sum;
  },
  gradient(z, t) {
    let labelSum = 0;
    for (const label of t) labelSum += label;
    return softmax(z).map((probability, k) => probability * labelSum - t[k]!);
  },
};

const binaryCrossEntropy: RowLoss = {
  value(z, t) {
    let sum = 0;
    for (let k = 0; k < z.length; k++) {
      sum += Math.max(z[k]!, 0) - z[k]! * t[k]! + Math.log1p(Math.exp(-Math.abs(z[k]!)));
    }
    return sum;
  },
  gradient: (z, t) => z.map((value, k) => sigmoid(value) - t[k]!),
};

/** Where the quadratic part of the Huber loss ends. */
const HUBER_DELTA = 1;

const huber: RowLoss = {
  value(z, t) {
    let sum = 0;
    for (let k = 0; k < z.length; k++) {
      const size = Math.abs(z[k]! - t[k]!);
      const isInside = size <= HUBER_DELTA;
      sum += isInside ? 0.5 * size * size : HUBER_DELTA * (size - 0.5 * HUBER_DELTA);
    }
    return sum;
  },
  gradient(z, t) {
    return z.map((value, k) => Math.max(-HUBER_DELTA, Math.min(HUBER_DELTA, value - t[k]!)));
  },
};

const ROW_LOSS: Record<RowLossName, RowLoss> = {
  mse,
  "softmax-cross-entropy": softmaxCrossEntropy,
  "binary-cross-entropy": binaryCrossEntropy,
  huber,
};

function row(matrix: ArrayLike<number>, index: number, o: number): number[] {
  const values: number[] = [];
  for (let k = 0; k < o; k++) values.push(matrix[index * o + k]!);
  return values;
}

/**
 * Returns the loss of every row, neither weighted nor divided by n:
 *
 *     mse                    sum_k (z_k - t_k)^2
 *     softmax-cross-entropy  -sum_k t_k log softmax(z)_k
 *     binary-cross-entropy   sum_k max(z_k, 0) - z_k t_k + log1p(exp(-|z_k|))
 *     huber                  sum_k e^2 / 2 where |e| <= 1, |e| - 1/2 elsewhere; e = z_k - t_k
 *
 * The two cross-entropies take logits. z, t: [n x o]. Allocates the result, f64[n].
 */
export function perRowLoss(
  name: RowLossName,
  z: ArrayLike<number>,
  t: ArrayLike<number>,
  n: number,
  o: number,
): Float64Array {
  const losses = new Float64Array(n);
  for (let s = 0; s < n; s++) losses[s] = ROW_LOSS[name].value(row(z, s, o), row(t, s, o));
  return losses;
}

/**
 * Returns the value of a loss and its gradient with respect to Z:
 *
 *     value = (1/n) sum_s w_s rowLoss_s        dZ_s = (w_s / n) d rowLoss_s / dz_s
 *
 * with the row losses of `perRowLoss`; `negative-sharpe` is described in its own file and is the
 * only one that reads `options`. z, t: [n x o]; w: [n]. n = 0 gives 0. Allocates dZ.
 */
export function lossAndGradient(
  name: LossName,
  z: ArrayLike<number>,
  t: ArrayLike<number>,
  w: ArrayLike<number>,
  n: number,
  o: number,
  options: NegativeSharpeOptions = {},
): LossResult {
  if (name === "negative-sharpe") return negativeSharpe(z, t, w, n, o, options);
  const dZ = new Float64Array(n * o);
  let sum = 0;
  for (let s = 0; s < n; s++) {
    const outputs = row(z, s, o);
    const labels = row(t, s, o);
    sum += w[s]! * ROW_LOSS[name].value(outputs, labels);
    const gradient = ROW_LOSS[name].gradient(outputs, labels);
    for (let k = 0; k < o; k++) dZ[s * o + k] = (w[s]! / n) * gradient[k]!;
  }
  return { value: n === 0 ? 0 : sum / n, dZ };
}
