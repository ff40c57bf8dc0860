// The description block of a network: what the core must know of its layers (NETWORK_* and LAYER_*
// in layout.ts).
//
// Letters: i inputs, o outputs, r rank of a layer. The base block holds W [o x i] and b [o] of each
// layer in turn; the adapter block holds A [r x i] and Bt [r x o] (B transposed) of each adapted
// layer in turn. No padding: element p of a block is parameter p of the model.

import * as layout from "../../assembly/layout.ts";
import { Block } from "./block.ts";

/** Activations of a dense layer, by their number in the core. */
export const activations = {
  identity: layout.ACTIVATION_IDENTITY,
  relu: layout.ACTIVATION_RELU,
  tanh: layout.ACTIVATION_TANH,
  gelu: layout.ACTIVATION_GELU,
  sigmoid: layout.ACTIVATION_SIGMOID,
} as const;
/** Name of an activation; gelu is its tanh form. */
export type Activation = keyof typeof activations;

/** Losses, by their number in the core. */
export const losses = {
  mse: layout.LOSS_MSE,
  "softmax-cross-entropy": layout.LOSS_SOFTMAX,
  "binary-cross-entropy": layout.LOSS_BINARY_CROSS_ENTROPY,
  huber: layout.LOSS_HUBER,
  "negative-sharpe": layout.LOSS_NEGATIVE_SHARPE,
} as const;
export type LossName = keyof typeof losses;

/** One layer: `rank` 0 for no adapter; without a base the layer is its adapter alone. */
export interface LayerShape {
  name: string;
  inputSize: number;
  outputSize: number;
  activation: Activation;
  hasBase: boolean;
  rank: number;
  /** alpha / rank. */
  scale: number;
}

/** Where a layer's tensors start in the two parameter blocks, in elements. */
export interface LayerOffsets {
  weight: number;
  bias: number;
  A: number;
  Bt: number;
}

export interface LossShape {
  name: LossName;
  /** Turnover cost of negative Sharpe. */
  cost: number;
}

/** Shapes of a network, with the block that tells them to the core. */
export class NetworkDescription {
  readonly layers: readonly LayerShape[];
  readonly offsets: readonly LayerOffsets[];
  readonly loss: LossShape;
  readonly inputSize: number;
  readonly outputSize: number;
  /** Elements of the base block and of the adapter block. */
  readonly baseCount: number;
  readonly adapterCount: number;
  readonly block: Block;

  /** `layers` must fit each other: the outputs of one are the inputs of the next. */
  constructor(layers: readonly LayerShape[], loss: LossShape) {
    this.layers = layers;
    this.loss = loss;
    this.inputSize = layers[0]!.inputSize;
    this.outputSize = layers.at(-1)!.outputSize;
    const { offsets, baseCount, adapterCount } = layOut(layers);
    this.offsets = offsets;
    this.baseCount = baseCount;
    this.adapterCount = adapterCount;
    this.block = new Block(
      layout.NETWORK_HEADER_BYTES + layers.length * layout.LAYER_BYTES,
      "network",
    );
    this.#write();
  }

  /** Binary cross-entropy behind a sigmoid is computed from the logits. */
  get #isFused(): boolean {
    return (
      this.loss.name === "binary-cross-entropy" && this.layers.at(-1)!.activation === "sigmoid"
    );
  }

  #write(): void {
    const fields = this.block.fields();
    const set = (offset: number, value: number) => fields.setInt32(offset, value, true);
    set(layout.NETWORK_LAYERS, this.layers.length);
    set(layout.NETWORK_LOSS, losses[this.loss.name]);
    fields.setFloat64(layout.NETWORK_COST, this.loss.cost, true);
    set(layout.NETWORK_FUSED, this.#isFused ? 1 : 0);
    this.layers.forEach((layer, index) => {
      const at = layout.NETWORK_HEADER_BYTES + index * layout.LAYER_BYTES;
      const { weight, bias, A, Bt } = this.offsets[index]!;
      set(at + layout.LAYER_INPUT, layer.inputSize);
      set(at + layout.LAYER_OUTPUT, layer.outputSize);
      set(at + layout.LAYER_ACTIVATION, activations[layer.activation]);
      set(at + layout.LAYER_RANK, layer.rank);
      set(at + layout.LAYER_WEIGHT, layer.hasBase ? weight : -1);
      set(at + layout.LAYER_BIAS, bias);
      set(at + layout.LAYER_A, A);
      set(at + layout.LAYER_BT, Bt);
      fields.setFloat32(at + layout.LAYER_SCALE, layer.scale, true);
    });
  }

  dispose(): void {
    this.block.dispose();
  }
}

function layOut(layers: readonly LayerShape[]) {
  let baseCount = 0;
  let adapterCount = 0;
  const offsets = layers.map(({ inputSize, outputSize, hasBase, rank }): LayerOffsets => {
    const weight = baseCount;
    const bias = weight + inputSize * outputSize;
    if (hasBase) baseCount = bias + outputSize;
    const A = adapterCount;
    const Bt = A + rank * inputSize;
    adapterCount = Bt + rank * outputSize;
    return { weight, bias, A, Bt };
  });
  return { offsets, baseCount, adapterCount };
}
