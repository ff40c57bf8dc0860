// Dense layers with optional LoRA adapters: z = W x + b + s B (A x), y = activation(z); forward and backward.
//
// Letters: n rows, i inputs, o outputs, r rank of the layer at hand; W [o x i], A [r x i], Bt [r x o] (B transposed).
// A network is a description block (layout.ts) plus two parameter blocks, base (W, b of every layer) and adapter
// (A, Bt of every adapted layer). The same description serves the active weights and any copy in training.
// A workspace block holds what one pass leaves behind: see TRACE_* in layout.ts.

import { activate, activateBackward } from "./kernels/activation";
import { gemmNN, gemmNT, gemmTN } from "./kernels/matrix";
import { square } from "./kernels/vector";
import { adapterBackward, adapterForward, adapterInner } from "./lora";
import {
  ACTIVATION_IDENTITY, ALIGN_BYTES, K_BLOCK, LAYER_A, LAYER_ACTIVATION, LAYER_BIAS, LAYER_BT, LAYER_BYTES, LAYER_INPUT,
  LAYER_OUTPUT, LAYER_RANK, LAYER_SCALE, LAYER_WEIGHT, NETWORK_FUSED, NETWORK_HEADER_BYTES, NETWORK_LAYERS,
  TRACE_BYTES, TRACE_H, TRACE_INPUT, TRACE_Y, TRACE_Z,
} from "./layout";

/** Layers of the network. */
// @ts-ignore: decorator
@inline
export function layerCount(network: usize): i32 {
  return load<i32>(network, NETWORK_LAYERS);
}

/** Record of layer `index`. */
// @ts-ignore: decorator
@inline
export function layerAt(network: usize, index: i32): usize {
  return network + NETWORK_HEADER_BYTES + <usize>index * LAYER_BYTES;
}

/** Inputs of the first layer. */
// @ts-ignore: decorator
@inline
export function inputSize(network: usize): i32 {
  return load<i32>(layerAt(network, 0), LAYER_INPUT);
}

/** Outputs of the last layer. */
// @ts-ignore: decorator
@inline
export function outputSize(network: usize): i32 {
  return load<i32>(layerAt(network, layerCount(network) - 1), LAYER_OUTPUT);
}

/** What `forward` left of layer `index`. */
// @ts-ignore: decorator
@inline
export function traceAt(workspace: usize, index: i32): usize {
  return workspace + <usize>index * TRACE_BYTES;
}

/** Address of element `offset` of a parameter block. */
// @ts-ignore: decorator
@inline
export function element(block: usize, offset: i32): usize {
  return block + (<usize>offset << 2);
}

/** Bytes of n * m f32, rounded up to whole cache lines. */
// @ts-ignore: decorator
@inline
function bufferBytes(n: i32, m: i32): usize {
  return ((<usize>n * <usize>m << 2) + ALIGN_BYTES - 1) & ~(ALIGN_BYTES - 1);
}

/** Whether the layer's z goes through its activation before anything else sees it. */
// @ts-ignore: decorator
@inline
export function isActivated(network: usize, index: i32): bool {
  if (load<i32>(layerAt(network, index), LAYER_ACTIVATION) == ACTIVATION_IDENTITY) return false;
  return !(load<i32>(network, NETWORK_FUSED) && index == layerCount(network) - 1);
}

/** Widest layer output, and largest rank in the high half: (rank << 32) | width. */
function widest(network: usize): u64 {
  let width: i32 = 1;
  let rank: i32 = 1;
  for (let l: i32 = 0; l < layerCount(network); l++) {
    const layer = layerAt(network, l);
    width = max(width, load<i32>(layer, LAYER_OUTPUT));
    rank = max(rank, load<i32>(layer, LAYER_RANK));
  }
  return (<u64>rank << 32) | <u64>width;
}

/** Bytes of the records and buffers that `forward` fills for n rows. */
function traceBytes(network: usize, n: i32): usize {
  let bytes = (<usize>layerCount(network) * TRACE_BYTES + ALIGN_BYTES - 1) & ~(ALIGN_BYTES - 1);
  for (let l: i32 = 0; l < layerCount(network); l++) {
    const layer = layerAt(network, l);
    bytes += 2 * bufferBytes(n, load<i32>(layer, LAYER_OUTPUT)) + bufferBytes(n, load<i32>(layer, LAYER_RANK));
  }
  return bytes;
}

/** Bytes of workspace that `forward` and `backward` need for n rows. */
export function workspaceBytes(network: usize, n: i32): usize {
  const sizes = widest(network);
  return traceBytes(network, n) + 2 * bufferBytes(n, <i32>sizes) + bufferBytes(n, <i32>(sizes >>> 32));
}

/** Where `backward` expects the gradient of the loss with respect to the values that `forward` returned. */
export function outputGradient(network: usize, n: i32, workspace: usize): usize {
  return workspace + traceBytes(network, n);
}

/** Fills every row of z with the bias. z: f32[n x o], bias: f32[o]. */
function fillRows(z: usize, bias: usize, n: i32, o: i32): void {
  const width = <usize>o << 2;
  for (let s: i32 = 0; s < n; s++) {
    memory.copy(z, bias, width);
    z += width;
  }
}

/** sums[k] = sum over rows of d[s][k], or += when `add`; cut into blocks of K_BLOCK rows, as the products are. */
function columnSums(sums: usize, d: usize, n: i32, o: i32, add: bool): void {
  let from: i32 = 0;
  do {
    const rows = min(n - from, K_BLOCK);
    blockSums(sums, d + (<usize>from * o << 2), rows, o, add || from > 0);
    from += rows;
  } while (from < n);
}

/** The same for one block. sums: f32[o], d: f32[n x o]. */
function blockSums(sums: usize, d: usize, n: i32, o: i32, add: bool): void {
  const width = <usize>o << 2;
  let k: i32 = 0;
  for (; k + 4 <= o; k += 4) {
    let total = f32x4.splat(0);
    let at = d;
    for (let s: i32 = 0; s < n; s++) {
      total = f32x4.add(total, v128.load(at));
      at += width;
    }
    v128.store(sums, add ? f32x4.add(v128.load(sums), total) : total);
    sums += 16;
    d += 16;
  }
  for (; k < o; k++) {
    let total: f32 = 0;
    let at = d;
    for (let s: i32 = 0; s < n; s++) {
      total += load<f32>(at);
      at += width;
    }
    store<f32>(sums, add ? load<f32>(sums) + total : total);
    sums += 4;
    d += 4;
  }
}

/**
 * Runs n rows through the network and returns the address of what the loss reads, f32[n x o of the last layer]:
 * the outputs, or the logits when the loss is fused with the last activation.
 * x: f32[n x inputSize]; workspace: `workspaceBytes(network, n)`. Allocates nothing.
 */
export function forward(network: usize, base: usize, adapter: usize, x: usize, n: i32, workspace: usize): usize {
  const count = layerCount(network);
  let cursor = workspace + ((<usize>count * TRACE_BYTES + ALIGN_BYTES - 1) & ~(ALIGN_BYTES - 1));
  for (let l: i32 = 0; l < count; l++) {
    const layer = layerAt(network, l);
    const i = load<i32>(layer, LAYER_INPUT);
    const o = load<i32>(layer, LAYER_OUTPUT);
    const r = load<i32>(layer, LAYER_RANK);
    const weight = load<i32>(layer, LAYER_WEIGHT);
    const z = cursor;
    const h = z + bufferBytes(n, o);
    let y = z;
    cursor = h + bufferBytes(n, r);
    if (weight >= 0) denseForward(z, x, element(base, weight), element(base, load<i32>(layer, LAYER_BIAS)), n, i, o);
    if (r > 0) {
      const a = element(adapter, load<i32>(layer, LAYER_A));
      const bt = element(adapter, load<i32>(layer, LAYER_BT));
      adapterForward(z, h, x, a, bt, n, i, o, r, load<f32>(layer, LAYER_SCALE), weight >= 0);
    }
    if (isActivated(network, l)) {
      y = cursor;
      cursor += bufferBytes(n, o);
      activate(load<i32>(layer, LAYER_ACTIVATION), y, z, n * o);
    }
    const trace = traceAt(workspace, l);
    store<usize>(trace, x, TRACE_INPUT);
    store<usize>(trace, z, TRACE_Z);
    store<usize>(trace, y, TRACE_Y);
    store<usize>(trace, h, TRACE_H);
    x = y;
  }
  return x;
}

/** z = x W^T + b. */
function denseForward(z: usize, x: usize, w: usize, b: usize, n: i32, i: i32, o: i32): void {
  fillRows(z, b, n, o);
  gemmNT(z, x, w, n, o, i, 1, true);
}

/**
 * dW = d^T x and db = column sums of d; with `squares`, the squares of the single rows' gradients are added instead.
 */
function denseGradient(dW: usize, db: usize, d: usize, x: usize, n: i32, i: i32, o: i32, squares: usize): void {
  if (squares) {
    const x2 = squares + bufferBytes(n, o);
    square(squares, d, n * o);
    square(x2, x, n * i);
    d = squares;
    x = x2;
  }
  gemmTN(dW, d, x, o, i, n, 1, squares != 0);
  columnSums(db, d, n, o, squares != 0);
}

/** The same for the factors of an adapter: a row's gradient is an outer product, so its squares are one too. */
function adapterSquares(
  dA: usize, dBt: usize, d: usize, dH: usize, h: usize, x: usize, n: i32, i: i32, o: i32, r: i32, s: f32,
  squares: usize,
): void {
  const d2 = squares;
  const x2 = d2 + bufferBytes(n, o);
  const h2 = x2 + bufferBytes(n, i);
  square(d2, d, n * o);
  square(x2, x, n * i);
  square(h2, h, n * r);
  gemmTN(dBt, h2, d2, r, o, n, s * s, true);
  square(h2, dH, n * r);
  gemmTN(dA, h2, x2, r, i, n, 1, true);
}

/** Bytes of the scratch that turns `backward` into a sum of squares. */
export function squaresBytes(network: usize, n: i32): usize {
  let bytes: usize = 0;
  for (let l: i32 = 0; l < layerCount(network); l++) {
    const layer = layerAt(network, l);
    bytes = max(bytes, bufferBytes(n, load<i32>(layer, LAYER_INPUT)) +
      bufferBytes(n, load<i32>(layer, LAYER_OUTPUT)) + bufferBytes(n, load<i32>(layer, LAYER_RANK)));
  }
  return bytes;
}

/**
 * Gradients of the loss after `forward` on the same workspace. The gradient with respect to what `forward` returned
 * must stand at `outputGradient`. Writes the gradient of the base to dBase and of the adapter to dAdapter, laid out
 * as the blocks themselves; an address of 0 skips that block. Every element of a written block's tensors is set.
 *
 * With `squares` (scratch of `squaresBytes`, else 0) it adds, instead of the gradient, the sum over rows of the squares
 * of each row's own gradient: the gradient of a dense layer for one row is the outer product of d and x, so the sum of
 * squares is the same matrix product of squared factors.
 */
export function backward(
  network: usize, base: usize, adapter: usize, dBase: usize, dAdapter: usize, n: i32, workspace: usize, squares: usize,
): void {
  const sizes = widest(network);
  let d = outputGradient(network, n, workspace);
  let spare = d + bufferBytes(n, <i32>sizes);
  const dH = spare + bufferBytes(n, <i32>sizes);
  const lowest = lowestTrained(network, dBase != 0);
  for (let l = layerCount(network) - 1; l >= lowest; l--) {
    const layer = layerAt(network, l);
    const trace = traceAt(workspace, l);
    if (isActivated(network, l)) {
      activateBackward(
        load<i32>(layer, LAYER_ACTIVATION), d, load<usize>(trace, TRACE_Z), load<usize>(trace, TRACE_Y),
        n * load<i32>(layer, LAYER_OUTPUT));
    }
    layerGradients(layer, trace, adapter, dBase, dAdapter, d, dH, n, squares);
    if (l > lowest) {
      inputGradient(spare, d, dH, layer, base, adapter, n);
      const kept = d;
      d = spare;
      spare = kept;
    }
  }
}

/** Gradients of one layer's parameters from d = dZ; leaves dH for the gradient of its inputs. */
function layerGradients(
  layer: usize, trace: usize, adapter: usize, dBase: usize, dAdapter: usize, d: usize, dH: usize, n: i32,
  squares: usize,
): void {
  const i = load<i32>(layer, LAYER_INPUT);
  const o = load<i32>(layer, LAYER_OUTPUT);
  const r = load<i32>(layer, LAYER_RANK);
  const weight = load<i32>(layer, LAYER_WEIGHT);
  const x = load<usize>(trace, TRACE_INPUT);
  if (dBase && weight >= 0) {
    denseGradient(element(dBase, weight), element(dBase, load<i32>(layer, LAYER_BIAS)), d, x, n, i, o, squares);
  }
  if (r == 0) return;
  const s = load<f32>(layer, LAYER_SCALE);
  const h = load<usize>(trace, TRACE_H);
  const bt = load<i32>(layer, LAYER_BT);
  adapterInner(dH, d, element(adapter, bt), n, o, r, s);
  if (dAdapter == 0) return;
  const dA = element(dAdapter, load<i32>(layer, LAYER_A));
  if (squares) adapterSquares(dA, element(dAdapter, bt), d, dH, h, x, n, i, o, r, s, squares);
  else adapterBackward(dA, element(dAdapter, bt), d, dH, h, x, n, i, o, r, s);
}

/** dX = dZ W (+ dH A). dX: f32[n x i]. */
function inputGradient(
  dX: usize, d: usize, dH: usize, layer: usize, base: usize, adapter: usize, n: i32,
): void {
  const i = load<i32>(layer, LAYER_INPUT);
  const weight = load<i32>(layer, LAYER_WEIGHT);
  const r = load<i32>(layer, LAYER_RANK);
  if (weight >= 0) gemmNN(dX, d, element(base, weight), n, i, load<i32>(layer, LAYER_OUTPUT), 1, false);
  if (r > 0) gemmNN(dX, dH, element(adapter, load<i32>(layer, LAYER_A)), n, i, r, 1, weight >= 0);
}

/** The first layer that has something to train; below it no gradient is needed. */
function lowestTrained(network: usize, trainsBase: bool): i32 {
  const count = layerCount(network);
  for (let l: i32 = 0; l < count; l++) {
    const layer = layerAt(network, l);
    if (load<i32>(layer, LAYER_RANK) > 0 || (trainsBase && load<i32>(layer, LAYER_WEIGHT) >= 0)) return l;
  }
  return count;
}
