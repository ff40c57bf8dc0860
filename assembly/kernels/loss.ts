// Losses over a batch: value and gradient with respect to the outputs.
//
// Letters: n rows (samples), o outputs; Z outputs, T labels, w row weights (1 when the address is 0).
//
//   mse                    (1/n) sum_s w_s sum_k (z - t)^2
//   huber (delta 1)        (1/n) sum_s w_s sum_k { e^2 / 2 where |e| <= 1, |e| - 1/2 elsewhere }, e = z - t
//   softmax cross-entropy  (1/n) sum_s w_s ( -sum_k t log softmax(z) )           z are logits, t a distribution
//   binary cross-entropy   (1/n) sum_s w_s sum_k ( max(z, 0) - z t + log(1 + e^-|z|) )            z are logits
//   negative Sharpe        -mean / std over the rows of w_s sum_k ( z t - cost |z - z of the row before| )
//
// The turnover cost of negative Sharpe is charged on rows 1 .. sequence-1; row 0 and the rows from `sequence` on
// (replayed ones, which follow no neighbour) carry none. Its std is the population's; where it is 0 the loss is 0.
//
// `scale` replaces 1/n: 1 gives per-sample gradients, which the Fisher needs. Values accumulate in f64.

import { LOSS_BINARY_CROSS_ENTROPY, LOSS_MSE, LOSS_NEGATIVE_SHARPE, LOSS_SOFTMAX } from "../layout";
import { exp, expF32, log } from "./elementary";
import { accumulate, sum2 } from "./lanes";
import { mean, variance } from "./statistics";

// @ts-ignore: decorator
@inline
function rowWeight(w: usize, row: i32): f32 {
  return w ? load<f32>(w + (<usize>row << 2)) : 1;
}

/** mse of one row; writes its gradient, factor * 2 (z - t), when d is not 0. Returns the unweighted value. */
function mseRow(d: usize, z: usize, t: usize, o: i32, factor: f32): f64 {
  const slope = f32x4.splat(2 * factor);
  let total = f64x2.splat(0);
  let k: i32 = 0;
  for (; k + 4 <= o; k += 4) {
    const e = f32x4.sub(v128.load(z), v128.load(t));
    if (d) {
      v128.store(d, f32x4.mul(slope, e));
      d += 16;
    }
    total = accumulate(total, f32x4.mul(e, e));
    z += 16;
    t += 16;
  }
  let sum = sum2(total);
  for (; k < o; k++) {
    const e = load<f32>(z) - load<f32>(t);
    if (d) {
      store<f32>(d, 2 * factor * e);
      d += 4;
    }
    sum += <f64>(e * e);
    z += 4;
    t += 4;
  }
  return sum;
}

function huberRow(d: usize, z: usize, t: usize, o: i32, factor: f32): f64 {
  let sum: f64 = 0;
  for (let k: usize = 0, end = <usize>o << 2; k < end; k += 4) {
    const e = load<f32>(z + k) - load<f32>(t + k);
    const clipped = max<f32>(-1, min<f32>(1, e)); // the derivative; e stays NaN when it is
    if (d) store<f32>(d + k, factor * clipped);
    sum += <f64>clipped * (<f64>e - 0.5 * <f64>clipped); // e^2/2 inside, |e| - 1/2 outside
  }
  return sum;
}

/** Largest of o logits. */
function largest(z: usize, o: i32): f32 {
  let top = load<f32>(z);
  for (let k: i32 = 1; k < o; k++) top = max(top, load<f32>(z + (<usize>k << 2)));
  return top;
}

/** p[k] = e^(z[k] - top) for o logits; returns their sum in f64. p may be z. */
function exponentials(p: usize, z: usize, o: i32, top: f32): f64 {
  const shift = f32x4.splat(top);
  let total = f64x2.splat(0);
  let k: i32 = 0;
  for (; k + 4 <= o; k += 4) {
    const e = expF32(f32x4.sub(v128.load(z), shift));
    v128.store(p, e);
    total = accumulate(total, e);
    z += 16;
    p += 16;
  }
  let sum = sum2(total);
  for (; k < o; k++) {
    const e = f32x4.extract_lane(expF32(f32x4.sub(v128.load32_splat(z), shift)), 0);
    store<f32>(p, e);
    sum += <f64>e;
    z += 4;
    p += 4;
  }
  return sum;
}

/** p = softmax(z) for one row. p, z: f32[o]; p may be z. */
export function softmax(p: usize, z: usize, o: i32): void {
  const sum = exponentials(p, z, o, largest(z, o));
  for (let k: usize = 0, end = <usize>o << 2; k < end; k += 4) store<f32>(p + k, <f32>(<f64>load<f32>(p + k) / sum));
}

function softmaxRow(d: usize, z: usize, t: usize, o: i32, factor: f32): f64 {
  const top = largest(z, o);
  let cross: f64 = 0; // sum t (z - top)
  let mass: f64 = 0; // sum t
  for (let k: usize = 0, end = <usize>o << 2; k < end; k += 4) {
    const target = <f64>load<f32>(t + k);
    mass += target;
    if (target != 0) cross += target * <f64>(load<f32>(z + k) - top);
  }
  let sum: f64;
  if (d) {
    sum = exponentials(d, z, o, top);
    const inverse = mass / sum;
    for (let k: usize = 0, end = <usize>o << 2; k < end; k += 4) {
      store<f32>(d + k, factor * <f32>(<f64>load<f32>(d + k) * inverse - <f64>load<f32>(t + k)));
    }
  } else {
    sum = sumOfExponentials(z, o, top);
  }
  return mass * log(sum) - cross;
}

/** sum e^(z[k] - top), by the same operations as `exponentials`. */
function sumOfExponentials(z: usize, o: i32, top: f32): f64 {
  const shift = f32x4.splat(top);
  let total = f64x2.splat(0);
  let k: i32 = 0;
  for (; k + 4 <= o; k += 4) {
    total = accumulate(total, expF32(f32x4.sub(v128.load(z), shift)));
    z += 16;
  }
  let sum = sum2(total);
  for (; k < o; k++) {
    sum += <f64>f32x4.extract_lane(expF32(f32x4.sub(v128.load32_splat(z), shift)), 0);
    z += 4;
  }
  return sum;
}

function binaryRow(d: usize, z: usize, t: usize, o: i32, factor: f32): f64 {
  let sum: f64 = 0;
  for (let k: usize = 0, end = <usize>o << 2; k < end; k += 4) {
    const logit = <f64>load<f32>(z + k);
    const target = <f64>load<f32>(t + k);
    const e = exp(-abs(logit)); // in (0, 1]: neither branch below can overflow
    const p = (logit >= 0 ? 1.0 : e) / (1.0 + e);
    if (d) store<f32>(d + k, factor * <f32>(p - target));
    sum += max<f64>(logit, 0) - logit * target + log(1.0 + e);
  }
  return sum;
}

/** P&L of every row of a signal: pnl[s] = w_s sum_k (z t - cost |z - z of the row before|). pnl: f64[n]. */
function profit(pnl: usize, z: usize, t: usize, w: usize, n: i32, o: i32, cost: f64, sequence: i32): void {
  for (let s: i32 = 0; s < n; s++) {
    const row = <usize>s * <usize>o << 2;
    const charged = s > 0 && s < sequence;
    let sum: f64 = 0;
    for (let k: usize = 0, end = <usize>o << 2; k < end; k += 4) {
      const position = <f64>load<f32>(z + row + k);
      sum += position * <f64>load<f32>(t + row + k);
      if (charged) sum -= cost * abs(position - <f64>load<f32>(z + row + k - end));
    }
    store<f64>(pnl + (<usize>s << 3), sum * <f64>rowWeight(w, s));
  }
}

// @ts-ignore: decorator
@inline
function sign(x: f64): f64 {
  return x > 0 ? 1 : x < 0 ? -1 : 0;
}

/** d = gradient of -mean/std; slopes: f64[n] = dL/dpnl. d must not be z (a row reads its neighbours' positions). */
function sharpeGradient(
  d: usize, z: usize, t: usize, w: usize, n: i32, o: i32, cost: f64, sequence: i32, slopes: usize,
): void {
  const width = <usize>o << 2;
  for (let s: i32 = 0; s < n; s++) {
    const row = <usize>s * width;
    const slope = load<f64>(slopes + (<usize>s << 3)) * <f64>rowWeight(w, s);
    const charged = s > 0 && s < sequence;
    const next = s + 1 < sequence;
    const nextSlope = next ? load<f64>(slopes + (<usize>(s + 1) << 3)) * <f64>rowWeight(w, s + 1) : 0.0;
    for (let k = row; k < row + width; k += 4) {
      const position = <f64>load<f32>(z + k);
      let g = slope * <f64>load<f32>(t + k);
      if (charged) g -= slope * cost * sign(position - <f64>load<f32>(z + k - width));
      if (next) g += nextSlope * cost * sign(<f64>load<f32>(z + k + width) - position);
      store<f32>(d + k, <f32>g);
    }
  }
}

/** Negative Sharpe over n rows. pnl: f64[n] scratch. `scale` multiplies the gradient. */
function sharpeLoss(
  d: usize, z: usize, t: usize, w: usize, n: i32, o: i32, scale: f64, cost: f64, sequence: i32, pnl: usize,
): f64 {
  profit(pnl, z, t, w, n, o, cost, sequence);
  const center = mean(pnl, n);
  const std = Math.sqrt(variance(pnl, n, center));
  if (std == 0) {
    if (d) memory.fill(d, 0, <usize>n * <usize>o << 2);
    return 0;
  }
  if (d) {
    const inverse = 1.0 / (<f64>n * std);
    const pull = center / (<f64>n * std * std * std);
    for (let s: i32 = 0; s < n; s++) {
      const at = pnl + (<usize>s << 3);
      store<f64>(at, scale * (pull * (load<f64>(at) - center) - inverse));
    }
    sharpeGradient(d, z, t, w, n, o, cost, sequence, pnl);
  }
  return -center / std;
}

/** The loss of one row without weight and without 1/n; negative Sharpe has no such thing and is not asked for. */
// @ts-ignore: decorator
@inline
function lossRow(kind: i32, d: usize, z: usize, t: usize, o: i32, factor: f32): f64 {
  if (kind == LOSS_MSE) return mseRow(d, z, t, o, factor);
  if (kind == LOSS_SOFTMAX) return softmaxRow(d, z, t, o, factor);
  if (kind == LOSS_BINARY_CROSS_ENTROPY) return binaryRow(d, z, t, o, factor);
  return huberRow(d, z, t, o, factor);
}

/**
 * The loss of n rows, and its gradient with respect to Z when d is not 0 (formulas at the top of the file).
 * d: f32[n x o] or 0, not overlapping z; z, t: f32[n x o]; w: f32[n] or 0; scratch: f64[n] (negative Sharpe only).
 * perSample: gradients are those of the single rows' losses (for negative Sharpe: n times the batch gradient).
 * n >= 1. Returns the loss in f64. Allocates nothing.
 */
export function loss(
  d: usize, z: usize, t: usize, w: usize, scratch: usize, n: i32, o: i32,
  kind: i32, cost: f64, sequence: i32, perSample: bool,
): f64 {
  if (kind == LOSS_NEGATIVE_SHARPE) {
    return sharpeLoss(d, z, t, w, n, o, perSample ? <f64>n : 1.0, cost, sequence, scratch);
  }
  const scale = perSample ? 1.0 : 1.0 / <f64>n;
  const width = <usize>o << 2;
  let total: f64 = 0;
  for (let s: i32 = 0; s < n; s++) {
    const weight = rowWeight(w, s);
    total += <f64>weight * lossRow(kind, d, z, t, o, <f32>(scale * <f64>weight));
    if (d) d += width;
    z += width;
    t += width;
  }
  return total / <f64>n;
}
