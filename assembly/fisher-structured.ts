// Finite-difference Fisher of a built-in network that recomputes only what a moved weight changes.
//
//     F[p] = mean_s ((L_s(theta + h e_p) - L_s(theta - h e_p)) / 2h)^2,  h = cbrt(eps64) max(1, |theta_p|)
//
// All of it in f64. The two lanes of a vector are the two sides of the difference (+h, -h). Moving W[j][p] by h moves
// z[j] by h x[p] and nothing else of the layer; moving B[j][q] moves it by h s h[q]; moving A[q][p] moves all of z along
// column q of B. Parts of the loss that a move leaves alone cancel in the difference and are not computed.
//
// Letters: i inputs, o outputs, r rank of a layer; W' is the effective matrix W + s B A, kept transposed [i x o].
// Scratch block: W' and b of every layer, then what one sample leaves behind, then two rows of lanes.

import { activateF64 } from "./kernels/activation";
import { exp, expF64, log } from "./kernels/elementary";
import { GRADIENT_STEP, rowGradients } from "./fisher";
import { element, inputSize, isActivated, layerAt, layerCount, outputSize } from "./network";
import * as L from "./layout";

/** Byte counts and addresses of the scratch block, in the order of the block. */
@unmanaged
class Scratch {
  layers: usize; // one Slot per layer
  target: usize; // f32[o]: labels of the sample, or the row gradient of negative Sharpe
  kind: i32;
  mass: f64; // softmax: sum of the label
  total: f64; // softmax: sum of e^(z - top)
  top: f64; // softmax: largest logit
  lanesA: usize; // v128[widest]
  lanesB: usize;
}

/** What one layer keeps. */
@unmanaged
class Slot {
  weights: usize; // f64[i x o]: W' transposed
  bias: usize; // f64[o]
  x: usize; // f64[i]: input of the sample
  z: usize; // f64[o]
  h: usize; // f64[r]
}

const SCRATCH_HEADER: usize = 64;
const SLOT_BYTES: usize = 32;

// @ts-ignore: decorator
@inline
function slotAt(scratch: Scratch, l: i32): Slot {
  return changetype<Slot>(scratch.layers + <usize>l * SLOT_BYTES);
}

/** Bytes of scratch for `fisherStructured`. */
export function structuredBytes(network: usize): usize {
  let bytes = SCRATCH_HEADER + <usize>layerCount(network) * SLOT_BYTES;
  let width: usize = 1;
  for (let l: i32 = 0; l < layerCount(network); l++) {
    const layer = layerAt(network, l);
    const i = <usize>load<i32>(layer, L.LAYER_INPUT);
    const o = <usize>load<i32>(layer, L.LAYER_OUTPUT);
    bytes += (i * o + o + i + o + <usize>load<i32>(layer, L.LAYER_RANK)) << 3;
    width = max(width, o);
  }
  return bytes + 32 * width;
}

/** Lays out the scratch block and fills in the effective weights. */
function prepare(block: usize, network: usize, base: usize, adapter: usize): Scratch {
  const scratch = changetype<Scratch>(block);
  const count = layerCount(network);
  scratch.layers = block + SCRATCH_HEADER;
  scratch.kind = load<i32>(network, L.NETWORK_LOSS);
  let cursor = scratch.layers + <usize>count * SLOT_BYTES;
  let width: usize = 1;
  for (let l: i32 = 0; l < count; l++) {
    const layer = layerAt(network, l);
    const slot = slotAt(scratch, l);
    const i = <usize>load<i32>(layer, L.LAYER_INPUT);
    const o = <usize>load<i32>(layer, L.LAYER_OUTPUT);
    slot.weights = cursor;
    slot.bias = slot.weights + ((i * o) << 3);
    slot.x = slot.bias + (o << 3);
    slot.z = slot.x + (i << 3);
    slot.h = slot.z + (o << 3);
    cursor = slot.h + (<usize>load<i32>(layer, L.LAYER_RANK) << 3);
    width = max(width, o);
    effectiveWeights(slot, layer, base, adapter);
  }
  scratch.lanesA = cursor;
  scratch.lanesB = cursor + 16 * width;
  return scratch;
}

/** W' = W + s B A and the bias, in f64; zeros where the base is absent. */
function effectiveWeights(slot: Slot, layer: usize, base: usize, adapter: usize): void {
  const i = load<i32>(layer, L.LAYER_INPUT);
  const o = load<i32>(layer, L.LAYER_OUTPUT);
  const r = load<i32>(layer, L.LAYER_RANK);
  const weight = load<i32>(layer, L.LAYER_WEIGHT);
  const s = <f64>load<f32>(layer, L.LAYER_SCALE);
  const a = element(adapter, load<i32>(layer, L.LAYER_A));
  const bt = element(adapter, load<i32>(layer, L.LAYER_BT));
  for (let j: i32 = 0; j < o; j++) {
    const bias = weight >= 0 ? <f64>load<f32>(element(base, load<i32>(layer, L.LAYER_BIAS) + j)) : 0.0;
    store<f64>(slot.bias + (<usize>j << 3), bias);
    for (let p: i32 = 0; p < i; p++) {
      let value = weight >= 0 ? <f64>load<f32>(element(base, weight + j * i + p)) : 0.0;
      for (let q: i32 = 0; q < r; q++) {
        value += s * <f64>load<f32>(element(bt, q * o + j)) * <f64>load<f32>(element(a, q * i + p));
      }
      store<f64>(slot.weights + (<usize>(p * o + j) << 3), value);
    }
  }
}

/** Runs one sample through the network in f64 and keeps x, z and h of every layer. */
function traceSample(scratch: Scratch, network: usize, adapter: usize, input: usize): void {
  const count = layerCount(network);
  const first = slotAt(scratch, 0);
  for (let p: i32 = 0; p < inputSize(network); p++) {
    store<f64>(first.x + (<usize>p << 3), <f64>load<f32>(element(input, p)));
  }
  for (let l: i32 = 0; l < count; l++) {
    const layer = layerAt(network, l);
    const slot = slotAt(scratch, l);
    const i = load<i32>(layer, L.LAYER_INPUT);
    const o = load<i32>(layer, L.LAYER_OUTPUT);
    memory.copy(slot.z, slot.bias, <usize>o << 3);
    for (let p: i32 = 0; p < i; p++) addScaled(slot.z, slot.weights + (<usize>(p * o) << 3), load<f64>(slot.x + (<usize>p << 3)), o);
    for (let q: i32 = 0; q < load<i32>(layer, L.LAYER_RANK); q++) {
      const row = element(adapter, load<i32>(layer, L.LAYER_A) + q * i);
      let sum: f64 = 0;
      for (let p: i32 = 0; p < i; p++) sum += <f64>load<f32>(element(row, p)) * load<f64>(slot.x + (<usize>p << 3));
      store<f64>(slot.h + (<usize>q << 3), sum);
    }
    if (l + 1 < count) {
      const next = slotAt(scratch, l + 1).x;
      const kind = activation(network, l);
      for (let j: i32 = 0; j < o; j++) {
        const y = activateF64(kind, v128.load64_splat(slot.z + (<usize>j << 3)));
        store<f64>(next + (<usize>j << 3), f64x2.extract_lane(y, 0));
      }
    }
  }
}

/** z[k] += factor * w[k]. z, w: f64[n]. */
// @ts-ignore: decorator
@inline
function addScaled(z: usize, w: usize, factor: f64, n: i32): void {
  const f = f64x2.splat(factor);
  let k: i32 = 0;
  for (; k + 2 <= n; k += 2) {
    v128.store(z, f64x2.add(v128.load(z), f64x2.mul(f, v128.load(w))));
    z += 16;
    w += 16;
  }
  if (k < n) store<f64>(z, load<f64>(z) + factor * load<f64>(w));
}

// @ts-ignore: decorator
@inline
function activation(network: usize, l: i32): i32 {
  return isActivated(network, l) ? load<i32>(layerAt(network, l), L.LAYER_ACTIVATION) : L.ACTIVATION_IDENTITY;
}

/** Both lanes' logarithm. */
// @ts-ignore: decorator
@inline
function logLanes(x: v128): v128 {
  return f64x2.replace_lane(f64x2.splat(log(f64x2.extract_lane(x, 0))), 1, log(f64x2.extract_lane(x, 1)));
}

/** The part of the loss that output k alone decides, when its value is y (not softmax). */
// @ts-ignore: decorator
@inline
function outputLoss(scratch: Scratch, k: i32, y: v128): v128 {
  const t = f64x2.splat(<f64>load<f32>(element(scratch.target, k)));
  const kind = scratch.kind;
  if (kind == L.LOSS_NEGATIVE_SHARPE) return f64x2.mul(t, y); // the target is the frozen gradient of the row
  if (kind == L.LOSS_BINARY_CROSS_ENTROPY) {
    const e = expF64(f64x2.neg(f64x2.abs(y)));
    const soft = logLanes(f64x2.add(f64x2.splat(1), e));
    return f64x2.add(f64x2.sub(f64x2.max(y, f64x2.splat(0)), f64x2.mul(y, t)), soft);
  }
  const e = f64x2.sub(y, t);
  if (kind == L.LOSS_MSE) return f64x2.mul(e, e);
  const clipped = f64x2.max(f64x2.splat(-1), f64x2.min(f64x2.splat(1), e));
  return f64x2.mul(clipped, f64x2.sub(e, f64x2.mul(f64x2.splat(0.5), clipped)));
}

/** The loss when all outputs have moved. y: v128[o]. */
function allOutputsLoss(scratch: Scratch, y: usize, o: i32): v128 {
  let value = f64x2.splat(0);
  if (scratch.kind != L.LOSS_SOFTMAX) {
    for (let k: i32 = 0; k < o; k++) value = f64x2.add(value, outputLoss(scratch, k, v128.load(y + (<usize>k << 4))));
    return value;
  }
  // Shifted by the unmoved top: the moves are tiny, so nothing overflows.
  const top = f64x2.splat(scratch.top);
  let sum = f64x2.splat(0);
  for (let k: i32 = 0; k < o; k++) {
    const shifted = f64x2.sub(v128.load(y + (<usize>k << 4)), top);
    sum = f64x2.add(sum, expF64(shifted));
    value = f64x2.sub(value, f64x2.mul(f64x2.splat(<f64>load<f32>(element(scratch.target, k))), shifted));
  }
  return f64x2.add(value, f64x2.mul(f64x2.splat(scratch.mass), logLanes(sum)));
}

/** The loss when output j alone has moved from y0 to y. */
// @ts-ignore: decorator
@inline
function oneOutputLoss(scratch: Scratch, j: i32, y0: f64, y: v128): v128 {
  if (scratch.kind != L.LOSS_SOFTMAX) return outputLoss(scratch, j, y);
  const moved = expF64(f64x2.sub(y, f64x2.splat(scratch.top)));
  const sum = f64x2.add(f64x2.splat(scratch.total - exp(y0 - scratch.top)), moved);
  const pull = f64x2.mul(f64x2.splat(<f64>load<f32>(element(scratch.target, j))), y);
  return f64x2.sub(f64x2.mul(f64x2.splat(scratch.mass), logLanes(sum)), pull);
}

/** What softmax cross-entropy needs to know of the unmoved outputs. y: f64[o] of the last layer. */
function prepareSoftmax(scratch: Scratch, network: usize): void {
  const last = layerCount(network) - 1;
  const o = outputSize(network);
  const z = slotAt(scratch, last).z;
  const kind = activation(network, last);
  let top = -Infinity;
  let mass: f64 = 0;
  for (let k: i32 = 0; k < o; k++) {
    top = max(top, f64x2.extract_lane(activateF64(kind, v128.load64_splat(z + (<usize>k << 3))), 0));
    mass += <f64>load<f32>(element(scratch.target, k));
  }
  let total: f64 = 0;
  for (let k: i32 = 0; k < o; k++) {
    total += exp(f64x2.extract_lane(activateF64(kind, v128.load64_splat(z + (<usize>k << 3))), 0) - top);
  }
  scratch.top = top;
  scratch.mass = mass;
  scratch.total = total;
}

/** The loss from moved pre-activations of layer l on. lanes: v128[o of l], in lanesA; overwritten. */
function lossFrom(scratch: Scratch, network: usize, l: i32): v128 {
  const last = layerCount(network) - 1;
  let y = scratch.lanesA;
  let next = scratch.lanesB;
  while (true) {
    const o = load<i32>(layerAt(network, l), L.LAYER_OUTPUT);
    const kind = activation(network, l);
    if (kind != L.ACTIVATION_IDENTITY) {
      for (let k: i32 = 0; k < o; k++) {
        const at = y + (<usize>k << 4);
        v128.store(at, activateF64(kind, v128.load(at)));
      }
    }
    if (l == last) return allOutputsLoss(scratch, y, o);
    l++;
    denseLanes(next, y, slotAt(scratch, l), o, load<i32>(layerAt(network, l), L.LAYER_OUTPUT));
    const kept = y;
    y = next;
    next = kept;
  }
}

/** next = bias + W' y on both lanes. next: v128[o], y: v128[i]. */
function denseLanes(next: usize, y: usize, slot: Slot, i: i32, o: i32): void {
  for (let k: i32 = 0; k < o; k++) {
    v128.store(next + (<usize>k << 4), v128.load64_splat(slot.bias + (<usize>k << 3)));
  }
  for (let p: i32 = 0; p < i; p++) {
    const value = v128.load(y + (<usize>p << 4));
    let w = slot.weights + (<usize>(p * o) << 3);
    let at = next;
    for (let k: i32 = 0; k < o; k++) {
      v128.store(at, f64x2.add(v128.load(at), f64x2.mul(v128.load64_splat(w), value)));
      at += 16;
      w += 8;
    }
  }
}

/** The loss when z[j] of layer l has moved by dz. */
// @ts-ignore: decorator
@inline
function unitLoss(scratch: Scratch, network: usize, l: i32, isLast: bool, kind: i32, z: f64, y: f64, j: i32, dz: v128): v128 {
  const moved = activateF64(kind, f64x2.add(f64x2.splat(z), dz));
  if (isLast) return oneOutputLoss(scratch, j, y, moved);
  const slot = slotAt(scratch, l + 1);
  const o = load<i32>(layerAt(network, l + 1), L.LAYER_OUTPUT);
  const dy = f64x2.sub(moved, f64x2.splat(y));
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
  for (let j: i32 = 0; j < o; j++) {
    const z = load<f64>(slot.z + (<usize>j << 3));
    const y = f64x2.extract_lane(activateF64(kind, f64x2.splat(z)), 0);
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
