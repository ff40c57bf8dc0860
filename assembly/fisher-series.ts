// The loss of one sample as a function of a single number d, by which the outputs move along a fixed direction:
// z[k] + w[k] d. One hidden value in front of linear outputs moves them so, and so does one output itself (w = e_j).
//
// With this form a moved weight costs O(1) however many outputs there are. It is the loss itself, to rounding:
//
//     mse, negative Sharpe    q1 d + q2 d^2
//     softmax cross-entropy   mass log( sum_k E_k e^(w_k d) / sum_k E_k ) - d sum_k t_k w_k,   E_k = e^(z_k - top)
//
// where the sum of exponentials is the power series sum_m d^m M_m, M_m = sum_k E_k w_k^m / m!, cut after d^8. Within
// `reach`, |w d| <= 1/32 for every k, what is cut is below 2^-63 of the sum. Losses are relative to the unmoved one:
// the constant cancels in the difference anyway, and leaving it out keeps more digits. Other losses have no such form.

import { activation, Scratch, SERIES_BYTES, slotAt } from "./fisher-trace";
import { element, layerCount, outputSize } from "./network";
import * as L from "./layout";

/** Moments of the series at the end of the scratch block. */
@unmanaged
export class Series {
  reach: f64; // largest |d| it serves; negative when there is no series
  slope: f64; // q1, or -sum t w
  bend: f64; // q2
  m0: f64;
  m1: f64;
  m2: f64;
  m3: f64;
  m4: f64;
  m5: f64;
  m6: f64;
  m7: f64;
  m8: f64;
}

/** Largest |w d| at which nine terms of e^(w d) are exact. */
const LARGEST_EXPONENT: f64 = 0.03125;

/** Whether moves of the values of layer l have a series: they reach the outputs by at most one linear map. */
export function hasSeries(scratch: Scratch, network: usize, l: i32): bool {
  const last = layerCount(network) - 1;
  const kind = scratch.kind;
  const isKnown = kind == L.LOSS_MSE || kind == L.LOSS_NEGATIVE_SHARPE || kind == L.LOSS_SOFTMAX;
  return isKnown && l >= last - 1 && activation(network, last) == L.ACTIVATION_IDENTITY;
}

/** Empties the series, which then serves no move. */
export function clearSeries(series: Series): void {
  memory.fill(changetype<usize>(series), 0, SERIES_BYTES);
  series.reach = -1; // below every |d|, 0 included
}

/** Adds output k, which moves by w d, to the series. */
function addOutput(series: Series, scratch: Scratch, k: i32, z: f64, w: f64): void {
  const t = <f64>load<f32>(element(scratch.target, k));
  if (scratch.kind == L.LOSS_MSE) {
    series.slope += 2 * (z - t) * w;
    series.bend += w * w;
    return;
  }
  if (scratch.kind == L.LOSS_NEGATIVE_SHARPE) {
    series.slope += t * w; // the target is the frozen gradient of the row
    return;
  }
  series.slope -= t * w;
  let term = load<f64>(scratch.exponentials + (<usize>k << 3)) * w;
  series.m1 += term;
  term *= w / 2;
  series.m2 += term;
  term *= w / 3;
  series.m3 += term;
  term *= w / 4;
  series.m4 += term;
  term *= w / 5;
  series.m5 += term;
  term *= w / 6;
  series.m6 += term;
  term *= w / 7;
  series.m7 += term;
  term *= w / 8;
  series.m8 += term;
}

/** Prepares the series of value j of layer l, for which `hasSeries` holds. */
export function prepareSeries(series: Series, scratch: Scratch, network: usize, l: i32, j: i32): void {
  const last = layerCount(network) - 1;
  const slot = slotAt(scratch, last);
  clearSeries(series);
  series.m0 = scratch.total;
  let largest: f64 = 1;
  if (l == last) {
    addOutput(series, scratch, j, load<f64>(slot.z + (<usize>j << 3)), 1);
  } else {
    const o = outputSize(network);
    const w = slot.weights + (<usize>(j * o) << 3);
    for (let k: i32 = 0; k < o; k++) {
      const weight = load<f64>(w + (<usize>k << 3));
      addOutput(series, scratch, k, load<f64>(slot.z + (<usize>k << 3)), weight);
      largest = max(largest, abs(weight));
    }
  }
  series.reach = scratch.kind == L.LOSS_SOFTMAX ? LARGEST_EXPONENT / largest : Infinity;
}

/** log(1 + x) per lane for |x| < 1/16: 2 artanh(f), f = x / (2 + x), by its odd series to f^11. */
// @ts-ignore: decorator
@inline
function log1p(x: v128): v128 {
  const f = f64x2.div(x, f64x2.add(f64x2.splat(2), x));
  const s = f64x2.mul(f, f);
  let p = f64x2.splat(1.0 / 11.0);
  p = f64x2.add(f64x2.mul(p, s), f64x2.splat(1.0 / 9.0));
  p = f64x2.add(f64x2.mul(p, s), f64x2.splat(1.0 / 7.0));
  p = f64x2.add(f64x2.mul(p, s), f64x2.splat(1.0 / 5.0));
  p = f64x2.add(f64x2.mul(p, s), f64x2.splat(1.0 / 3.0));
  p = f64x2.mul(p, s);
  const twice = f64x2.add(f, f);
  return f64x2.add(twice, f64x2.mul(twice, p));
}

/** Whether both lanes of d lie within reach. */
// @ts-ignore: decorator
@inline
export function isWithin(series: Series, d: v128): bool {
  return i64x2.all_true(f64x2.le(f64x2.abs(d), f64x2.splat(series.reach)));
}

/** The loss after a move by d, relative to the unmoved one, per lane. */
// @ts-ignore: decorator
@inline
export function seriesLoss(series: Series, scratch: Scratch, d: v128): v128 {
  const linear = f64x2.mul(f64x2.splat(series.slope), d);
  if (scratch.kind != L.LOSS_SOFTMAX) {
    return f64x2.add(linear, f64x2.mul(f64x2.mul(f64x2.splat(series.bend), d), d));
  }
  let p = f64x2.splat(series.m8);
  p = f64x2.add(f64x2.mul(p, d), f64x2.splat(series.m7));
  p = f64x2.add(f64x2.mul(p, d), f64x2.splat(series.m6));
  p = f64x2.add(f64x2.mul(p, d), f64x2.splat(series.m5));
  p = f64x2.add(f64x2.mul(p, d), f64x2.splat(series.m4));
  p = f64x2.add(f64x2.mul(p, d), f64x2.splat(series.m3));
  p = f64x2.add(f64x2.mul(p, d), f64x2.splat(series.m2));
  p = f64x2.add(f64x2.mul(p, d), f64x2.splat(series.m1));
  const growth = f64x2.div(f64x2.mul(p, d), f64x2.splat(series.m0));
  return f64x2.add(linear, f64x2.mul(f64x2.splat(scratch.mass), log1p(growth)));
}
