// The loss of one sample when outputs of a network have moved, on both sides of a difference at once (two f64 lanes).
//
// Parts of the loss that a move leaves alone cancel in the difference and are not computed.

import { activateF64 } from "./kernels/activation";
import { exp, expF64, log } from "./kernels/elementary";
import { activation, Scratch, Slot, slotAt } from "./fisher-trace";
import { element, layerAt, layerCount, outputSize } from "./network";
import * as L from "./layout";

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

/** The loss when output j alone has moved to y. */
// @ts-ignore: decorator
@inline
export function oneOutputLoss(scratch: Scratch, j: i32, y: v128): v128 {
  if (scratch.kind != L.LOSS_SOFTMAX) return outputLoss(scratch, j, y);
  const moved = expF64(f64x2.sub(y, f64x2.splat(scratch.top)));
  const sum = f64x2.add(f64x2.splat(scratch.total - load<f64>(scratch.exponentials + (<usize>j << 3))), moved);
  const pull = f64x2.mul(f64x2.splat(<f64>load<f32>(element(scratch.target, j))), y);
  return f64x2.sub(f64x2.mul(f64x2.splat(scratch.mass), logLanes(sum)), pull);
}

/** What softmax cross-entropy needs to know of the unmoved outputs. y: f64[o] of the last layer. */
export function prepareSoftmax(scratch: Scratch, network: usize): void {
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
    const e = exp(f64x2.extract_lane(activateF64(kind, v128.load64_splat(z + (<usize>k << 3))), 0) - top);
    store<f64>(scratch.exponentials + (<usize>k << 3), e);
    total += e;
  }
  scratch.top = top;
  scratch.mass = mass;
  scratch.total = total;
}

/** The loss from moved pre-activations of layer l on. lanes: v128[o of l], in lanesA; overwritten. */
export function lossFrom(scratch: Scratch, network: usize, l: i32): v128 {
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
