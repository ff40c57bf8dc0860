// Finite-difference Fisher of a built-in network that recomputes only what a moved weight changes.
//
//     F[p] = mean_s ((L_s(theta + h e_p) - L_s(theta - h e_p)) / 2h)^2,  h = cbrt(eps64) max(1, |theta_p|)
//
// All of it in f64. The two lanes of a vector are the two sides of the difference (+h, -h). Moving W[j][p] by h moves
// z[j] by h x[p] and nothing else of the layer; moving B[j][q] moves it by h s h[q]; moving A[q][p] moves all of z
// along column q of B. fisher-trace.ts holds what stays; what moves is computed by fisher-series.ts in O(1) where the
// loss allows it, by fisher-moved-loss.ts elsewhere.
//
// Letters: i inputs, o outputs, r rank of a layer.

import { activateF64 } from "./kernels/activation";
import { GRADIENT_STEP, rowGradients } from "./fisher";
import { lossFrom, oneOutputLoss, prepareSoftmax } from "./fisher-moved-loss";
import { clearSeries, hasSeries, isWithin, prepareSeries, Series, seriesLoss } from "./fisher-series";
import { activation, prepare, Scratch, slotAt, traceSample } from "./fisher-trace";
import { element, inputSize, layerAt, layerCount, outputSize } from "./network";
import * as L from "./layout";

/** The loss when z[j] of layer l has moved by dz. */
// @ts-ignore: decorator
@inline
function unitLoss(
  scratch: Scratch, network: usize, l: i32, isLast: bool, kind: i32, z: f64, y: f64, j: i32, dz: v128,
): v128 {
  const moved = activateF64(kind, f64x2.add(f64x2.splat(z), dz));
  const dy = f64x2.sub(moved, f64x2.splat(y));
  const series = changetype<Series>(scratch.series);
  if (isWithin(series, dy)) return seriesLoss(series, scratch, dy);
  if (isLast) return oneOutputLoss(scratch, j, moved);
  return nextLayerLoss(scratch, network, l, j, dy);
}

/** The loss when value j of layer l, which is not the last, has moved by dy. */
function nextLayerLoss(scratch: Scratch, network: usize, l: i32, j: i32, dy: v128): v128 {
  const slot = slotAt(scratch, l + 1);
  const o = load<i32>(layerAt(network, l + 1), L.LAYER_OUTPUT);
  let w = slot.weights + (<usize>(j * o) << 3);
  let from = slot.z;
  let at = scratch.lanesA;
  for (let k: i32 = 0; k < o; k++) {
    v128.store(at, f64x2.add(v128.load64_splat(from), f64x2.mul(v128.load64_splat(w), dy)));
    at += 16;
    w += 8;
    from += 8;
  }
  return lossFrom(scratch, network, l + 1);
}

/** Adds ((L+ - L-) / 2h)^2 to fisher: f64. */
// @ts-ignore: decorator
@inline
function addSquare(fisher: usize, sides: v128, h: f64): void {
  const g = (f64x2.extract_lane(sides, 0) - f64x2.extract_lane(sides, 1)) / (2 * h);
  store<f64>(fisher, load<f64>(fisher) + g * g);
}

// @ts-ignore: decorator
@inline
function stepOf(theta: f64): f64 {
  return GRADIENT_STEP * max(1.0, abs(theta));
}

/** [d, -d]: what a weight's two sides add. */
// @ts-ignore: decorator
@inline
function bothWays(d: f64): v128 {
  return f64x2.mul(f64x2.splat(d), f64x2.replace_lane(f64x2.splat(1), 1, -1));
}

/** W, b and B of one layer: each weight moves one z. */
function unitMoves(
  scratch: Scratch, network: usize, base: usize, adapter: usize, fBase: usize, fAdapter: usize, l: i32,
): void {
  const layer = layerAt(network, l);
  const slot = slotAt(scratch, l);
  const i = load<i32>(layer, L.LAYER_INPUT);
  const o = load<i32>(layer, L.LAYER_OUTPUT);
  const r = load<i32>(layer, L.LAYER_RANK);
  const s = <f64>load<f32>(layer, L.LAYER_SCALE);
  const weight = load<i32>(layer, L.LAYER_WEIGHT);
  const bias = load<i32>(layer, L.LAYER_BIAS);
  const bt = load<i32>(layer, L.LAYER_BT);
  const isLast = l == layerCount(network) - 1;
  const kind = activation(network, l);
  const series = changetype<Series>(scratch.series);
  const isSeries = hasSeries(scratch, network, l);
  if (!isSeries) clearSeries(series);
  for (let j: i32 = 0; j < o; j++) {
    const z = load<f64>(slot.z + (<usize>j << 3));
    const y = f64x2.extract_lane(activateF64(kind, f64x2.splat(z)), 0);
    if (isSeries) prepareSeries(series, scratch, network, l, j);
    if (fBase && weight >= 0) {
      for (let p: i32 = 0; p < i; p++) {
        const x = load<f64>(slot.x + (<usize>p << 3));
        if (x == 0) continue; // nothing moves
        const h = stepOf(<f64>load<f32>(element(base, weight + j * i + p)));
        const sides = unitLoss(scratch, network, l, isLast, kind, z, y, j, bothWays(h * x));
        addSquare(fBase + (<usize>(weight + j * i + p) << 3), sides, h);
      }
      const h = stepOf(<f64>load<f32>(element(base, bias + j)));
      const sides = unitLoss(scratch, network, l, isLast, kind, z, y, j, bothWays(h));
      addSquare(fBase + (<usize>(bias + j) << 3), sides, h);
    }
    if (fAdapter) {
      for (let q: i32 = 0; q < r; q++) {
        const at = bt + q * o + j;
        const h = stepOf(<f64>load<f32>(element(adapter, at)));
        const dz = bothWays(h * s * load<f64>(slot.h + (<usize>q << 3)));
        addSquare(fAdapter + (<usize>at << 3), unitLoss(scratch, network, l, isLast, kind, z, y, j, dz), h);
      }
    }
  }
}

/** A of one layer: each weight moves all of z along a column of B. */
function rankMoves(scratch: Scratch, network: usize, adapter: usize, fAdapter: usize, l: i32): void {
  const layer = layerAt(network, l);
  const slot = slotAt(scratch, l);
  const i = load<i32>(layer, L.LAYER_INPUT);
  const o = load<i32>(layer, L.LAYER_OUTPUT);
  const s = <f64>load<f32>(layer, L.LAYER_SCALE);
  for (let q: i32 = 0; q < load<i32>(layer, L.LAYER_RANK); q++) {
    const row = element(adapter, load<i32>(layer, L.LAYER_BT) + q * o);
    for (let p: i32 = 0; p < i; p++) {
      const at = load<i32>(layer, L.LAYER_A) + q * i + p;
      const h = stepOf(<f64>load<f32>(element(adapter, at)));
      const dh = bothWays(h * s * load<f64>(slot.x + (<usize>p << 3)));
      for (let k: i32 = 0; k < o; k++) {
        const moved = f64x2.mul(f64x2.splat(<f64>load<f32>(element(row, k))), dh);
        v128.store(
          scratch.lanesA + (<usize>k << 4), f64x2.add(v128.load64_splat(slot.z + (<usize>k << 3)), moved));
      }
      addSquare(fAdapter + (<usize>at << 3), lossFrom(scratch, network, l), h);
    }
  }
}

/**
 * Adds the sums over all rows of squared central differences to fBase and fAdapter (f64, laid out as the parameter
 * blocks; either may be 0). The caller clears them before and divides by `rows` after.
 * inputs, labels: f32[rows x ...]; block: `structuredBytes`; outputs, pnl, workspace: as in `fisherAnalytic`.
 */
export function fisherStructured(
  fBase: usize, fAdapter: usize, network: usize, base: usize, adapter: usize, inputs: usize, labels: usize, rows: i32,
  block: usize, outputs: usize, pnl: usize, workspace: usize,
): void {
  const scratch = prepare(block, network, base, adapter);
  const i = inputSize(network);
  const o = outputSize(network);
  if (scratch.kind == L.LOSS_NEGATIVE_SHARPE) {
    rowGradients(outputs, network, base, adapter, inputs, labels, rows, pnl, workspace);
    labels = outputs;
  }
  for (let row: i32 = 0; row < rows; row++) {
    scratch.target = element(labels, row * o);
    traceSample(scratch, network, adapter, element(inputs, row * i));
    if (scratch.kind == L.LOSS_SOFTMAX) prepareSoftmax(scratch, network);
    for (let l: i32 = 0; l < layerCount(network); l++) {
      unitMoves(scratch, network, base, adapter, fBase, fAdapter, l);
      if (fAdapter) rankMoves(scratch, network, adapter, fAdapter, l);
    }
  }
}
