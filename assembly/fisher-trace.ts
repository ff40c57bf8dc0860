// What one sample leaves behind in a network, in f64: the ground on which the structured Fisher moves single weights.
//
// Letters: i inputs, o outputs, r rank of a layer; W' is the effective matrix W + s B A, kept transposed [i x o].
// The scratch block holds W' and b of every layer, then x, z and h of the sample, then rows for
// what moves.

import { activateF64 } from "./kernels/activation";
import { element, inputSize, isActivated, layerAt, layerCount } from "./network";
import * as L from "./layout";

/** Byte counts and addresses of the scratch block, in the order of the block. */
@unmanaged
export class Scratch {
  layers: usize; // one Slot per layer
  target: usize; // f32[o]: labels of the sample, or the row gradient of negative Sharpe
  kind: i32;
  mass: f64; // softmax: sum of the label
  total: f64; // softmax: sum of e^(z - top)
  top: f64; // softmax: largest logit
  lanesA: usize; // v128[widest]
  lanesB: usize;
  exponentials: usize; // f64[o]: softmax, e^(z - top)
  series: usize; // a Series
}

/** What one layer keeps. */
@unmanaged
export class Slot {
  weights: usize; // f64[i x o]: W' transposed
  bias: usize; // f64[o]
  x: usize; // f64[i]: input of the sample
  z: usize; // f64[o]
  h: usize; // f64[r]
}

/** Bytes of a Series (fisher-series.ts): 12 f64. */
export const SERIES_BYTES: usize = 96;
const SCRATCH_HEADER: usize = 64;
const SLOT_BYTES: usize = 32;

/** What layer l keeps. */
// @ts-ignore: decorator
@inline
export function slotAt(scratch: Scratch, l: i32): Slot {
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
  return bytes + (32 + 8) * width + SERIES_BYTES;
}

/** Lays out the scratch block and fills in the effective weights. */
export function prepare(block: usize, network: usize, base: usize, adapter: usize): Scratch {
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
  scratch.exponentials = cursor + 32 * width;
  scratch.series = scratch.exponentials + 8 * width;
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
export function traceSample(scratch: Scratch, network: usize, adapter: usize, input: usize): void {
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
    for (let p: i32 = 0; p < i; p++) {
      addScaled(slot.z, slot.weights + (<usize>(p * o) << 3), load<f64>(slot.x + (<usize>p << 3)), o);
    }
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

/** The activation that layer l's z goes through before the next layer or the loss sees it. */
// @ts-ignore: decorator
@inline
export function activation(network: usize, l: i32): i32 {
  return isActivated(network, l) ? load<i32>(layerAt(network, l), L.LAYER_ACTIVATION) : L.ACTIVATION_IDENTITY;
}
