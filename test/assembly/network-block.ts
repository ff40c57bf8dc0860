// Lays networks of the references out in the core's memory, as
// src/core/network-description.ts does.
//
// Letters: i inputs, o outputs, r rank. The base block holds W [o x i] and b [o] of every layer
// that has them, the adapter block A [r x i] and Bt [r x o], which is B transposed.

import * as layout from "../../assembly/layout.ts";
import type { ActivationName } from "../reference/activation.ts";
import type { LossName } from "../reference/loss.ts";
import type { Layer } from "../reference/network.ts";
import type { Random } from "../reference/random.ts";
import type { Core } from "./harness.ts";
import { normals } from "./values.ts";

/** Numbers of the activations in the core. */
export const activationKinds: Record<ActivationName, number> = {
  identity: layout.ACTIVATION_IDENTITY,
  relu: layout.ACTIVATION_RELU,
  tanh: layout.ACTIVATION_TANH,
  gelu: layout.ACTIVATION_GELU,
  sigmoid: layout.ACTIVATION_SIGMOID,
};
export const activationNames = Object.keys(activationKinds) as ActivationName[];

/** Numbers of the losses in the core. */
export const lossKinds: Record<LossName, number> = {
  mse: layout.LOSS_MSE,
  "softmax-cross-entropy": layout.LOSS_SOFTMAX,
  "binary-cross-entropy": layout.LOSS_BINARY_CROSS_ENTROPY,
  huber: layout.LOSS_HUBER,
  "negative-sharpe": layout.LOSS_NEGATIVE_SHARPE,
};
export const lossNames = Object.keys(lossKinds) as LossName[];

/** What a layer of `networkOf` is made of; it has a base unless told otherwise. */
export interface LayerSpec {
  outputs: number;
  activation?: ActivationName;
  hasBase?: boolean;
  rank?: number;
}

/** Layers with random weights that keep the size of what passes through. alpha is 3. */
export function networkOf(random: Random, inputSize: number, specs: LayerSpec[]): Layer[] {
  let inputs = inputSize;
  return specs.map(({ outputs, activation = "identity", hasBase = true, rank = 0 }) => {
    const i = inputs;
    inputs = outputs;
    const layer: Layer = { inputSize: i, outputSize: outputs, activation };
    if (hasBase) {
      layer.weight = Float64Array.from(normals(random, outputs * i, 1 / Math.sqrt(i)));
      layer.bias = Float64Array.from(normals(random, outputs, 0.4));
    }
    if (rank > 0) {
      const A = Float64Array.from(normals(random, rank * i, 1 / Math.sqrt(i)));
      const B = Float64Array.from(normals(random, outputs * rank, 0.5));
      layer.adapter = { rank, alpha: 3, A, B };
    }
    return layer;
  });
}

/** Tensors of one layer, parameters or gradients, in the layout of the references. */
export interface Tensors {
  weight?: Float64Array | undefined;
  bias?: Float64Array | undefined;
  A?: Float64Array | undefined;
  B?: Float64Array | undefined;
}

/** The parameters of a layer. */
export function tensorsOf({ weight, bias, adapter }: Layer): Tensors {
  return { weight, bias, A: adapter?.A, B: adapter?.B };
}

function transposed(matrix: ArrayLike<number>, rows: number): number[] {
  const columns = matrix.length / rows;
  return Array.from(
    { length: matrix.length },
    (_, at) => matrix[(at % rows) * columns + Math.floor(at / rows)]!,
  );
}

/** The two blocks of a network's tensors, in the layout of the core. */
export interface Blocks {
  base: Float64Array;
  adapter: Float64Array;
}

/** Packs tensors into blocks. */
export function pack(layers: readonly Layer[], tensors: readonly Tensors[]): Blocks {
  const base: number[] = [];
  const adapter: number[] = [];
  tensors.forEach(({ weight, bias, A, B }, index) => {
    if (weight && bias) base.push(...weight, ...bias);
    if (A && B) adapter.push(...A, ...transposed(B, layers[index]!.outputSize));
  });
  return { base: Float64Array.from(base), adapter: Float64Array.from(adapter) };
}

/** Writes blocks back into the layers' own tensors. */
export function unpack(layers: readonly Layer[], { base, adapter }: Blocks): void {
  let [atBase, atAdapter] = [0, 0];
  for (const { weight, bias, adapter: own } of layers) {
    for (const tensor of [weight, bias]) {
      tensor?.set(base.subarray(atBase, atBase + tensor.length));
      atBase += tensor?.length ?? 0;
    }
    if (!own) continue;
    own.A.set(adapter.subarray(atAdapter, atAdapter + own.A.length));
    atAdapter += own.A.length;
    own.B.set(transposed(adapter.subarray(atAdapter, atAdapter + own.B.length), own.rank));
    atAdapter += own.B.length;
  }
}

/** A network in the core's memory; an address is 0 where the block would be empty. */
export interface PlacedNetwork {
  network: number;
  base: number;
  adapter: number;
  blocks: { base: Float32Array; adapter: Float32Array };
}

function writeLayers(fields: DataView, layers: readonly Layer[]): void {
  let [atBase, atAdapter] = [0, 0];
  layers.forEach(({ inputSize: i, outputSize: o, activation, weight, adapter }, index) => {
    const at = layout.NETWORK_HEADER_BYTES + index * layout.LAYER_BYTES;
    const set = (offset: number, value: number) => fields.setInt32(at + offset, value, true);
    const rank = adapter?.rank ?? 0;
    set(layout.LAYER_INPUT, i);
    set(layout.LAYER_OUTPUT, o);
    set(layout.LAYER_ACTIVATION, activationKinds[activation]);
    set(layout.LAYER_RANK, rank);
    set(layout.LAYER_WEIGHT, weight ? atBase : -1);
    set(layout.LAYER_BIAS, atBase + o * i);
    set(layout.LAYER_A, atAdapter);
    set(layout.LAYER_BT, atAdapter + rank * i);
    fields.setFloat32(at + layout.LAYER_SCALE, adapter ? adapter.alpha / rank : 0, true);
    if (weight) atBase += o * i + o;
    atAdapter += rank * (i + o);
  });
}

/** Places layers and their loss in the core's memory. */
export function place(
  core: Core,
  layers: readonly Layer[],
  loss: LossName,
  cost = 0,
): PlacedNetwork {
  const fields = core.fields(layout.NETWORK_HEADER_BYTES + layers.length * layout.LAYER_BYTES);
  const isFused = loss === "binary-cross-entropy" && layers.at(-1)!.activation === "sigmoid";
  fields.setInt32(layout.NETWORK_LAYERS, layers.length, true);
  fields.setInt32(layout.NETWORK_LOSS, lossKinds[loss], true);
  fields.setFloat64(layout.NETWORK_COST, cost, true);
  fields.setInt32(layout.NETWORK_FUSED, isFused ? 1 : 0, true);
  writeLayers(fields, layers);
  const packed = pack(layers, layers.map(tensorsOf));
  const blocks = { base: core.f32(packed.base), adapter: core.f32(packed.adapter) };
  return {
    network: fields.byteOffset,
    base: blocks.base.length > 0 ? blocks.base.byteOffset : 0,
    adapter: blocks.adapter.length > 0 ? blocks.adapter.byteOffset : 0,
    blocks,
  };
}
