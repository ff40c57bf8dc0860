// A dense network with owned weights: outputs, loss, training on a copy.
//
// Letters: n samples, i inputs, o outputs of a layer; W [o x i] row-major, b [o].

import * as z from "zod/mini";
import { checkCount, checkFinite, checkFloat32, checkLength } from "../checks.ts";
import { Block } from "../core/block.ts";
import { initializeWeights } from "../core/initialize.ts";
import { lossOf, type Model, predictInto } from "../core/network-compute.ts";
import type { Activation, LayerShape } from "../core/network-description.ts";
import { NetworkDescription } from "../core/network-description.ts";
import { SampleBlock } from "../core/sample-block.ts";
import { describeValue } from "../describe-value.ts";
import { DriftkeelError, DriftkeelRangeError, DriftkeelTypeError } from "../errors.ts";
import { parseOptions, positiveInteger, seed } from "../options.ts";
import { checkSamples, checkTrainable, type SampleShape } from "./check-samples.ts";
import { type Loss, lossSchema, lossShape } from "./loss.ts";
import type { Sample } from "./sample.ts";
import { type TrainOptions, trainNetwork } from "./train-network.ts";
import type { TrainReport } from "./train-options.ts";

/** One dense layer: y = activation(W x + b). */
export interface LayerOptions {
  /** Unique; adapters and weights are named after it. */
  name: string;
  /** Outputs. */
  size: number;
  /** Default `identity`. */
  activation?: Activation;
}

export interface NetworkOptions {
  inputSize: number;
  layers: LayerOptions[];
  /** Default `mse`. */
  loss?: Loss;
  /** Seed of the first weights; default 0. */
  seed?: number;
}

const largestSize = 65536;
const size = positiveInteger.check(z.maximum(largestSize, `an integer from 1 to ${largestSize}`));
const networkOptions = z.strictObject({
  inputSize: size,
  layers: z
    .array(
      z.strictObject({
        name: z.string().check(z.minLength(1), z.maxLength(128)),
        size,
        activation: z._default(z.enum(["identity", "relu", "tanh", "gelu", "sigmoid"]), "identity"),
      }),
    )
    .check(z.minLength(1), z.maxLength(64)),
  loss: z._default(lossSchema, "mse"),
  seed: z._default(seed, 0),
});

/** What other parts of the library need of a network; not part of the public API. */
export interface NetworkParts extends Model {
  base: Block;
}

/** The parts of a live network. Throws DISPOSED. */
export let partsOf: (network: Network) => NetworkParts;

/** Dense layers with weights in the core's memory. */
export class Network {
  static {
    partsOf = (network) => network.#parts();
  }

  readonly inputSize: number;
  readonly outputSize: number;
  /** Weights and biases of all layers. */
  readonly parameterCount: number;
  readonly #description: NetworkDescription;
  #base: Block;
  #training: AbortController | undefined;

  /**
   * Weights start as seeded normals with standard deviation sqrt(2/i) before relu and gelu and
   * sqrt(1/i) otherwise, biases as 0. Throws OPTION_INVALID, OPTION_UNKNOWN, CORE_NOT_READY,
   * CORE_OUT_OF_MEMORY.
   */
  constructor(options: NetworkOptions) {
    const parsed = parseOptions("Network", networkOptions, options);
    checkNames(parsed.layers.map(({ name }) => name));
    let inputSize = parsed.inputSize;
    const layers = parsed.layers.map(({ name, size: outputSize, activation }): LayerShape => {
      const layer = { name, inputSize, outputSize, activation, hasBase: true, rank: 0, scale: 0 };
      inputSize = outputSize;
      return layer;
    });
    this.#description = new NetworkDescription(layers, lossShape(parsed.loss));
    this.inputSize = parsed.inputSize;
    this.outputSize = this.#description.outputSize;
    this.parameterCount = this.#description.baseCount;
    this.#base = new Block(4 * this.parameterCount, "network");
    initializeWeights(this.#description, this.#base, parsed.seed);
  }

  #parts(): NetworkParts {
    this.#base.checkLive();
    return { description: this.#description, base: this.#base };
  }

  #shape(): SampleShape {
    return {
      inputSize: this.inputSize,
      outputSize: this.outputSize,
      loss: this.#description.loss.name,
    };
  }

  /**
   * Outputs of `sampleCount` inputs, f32[n x o] from f32[n x i]. With a cross-entropy loss the
   * outputs of an identity layer are logits. Throws LENGTH_MISMATCH, DISPOSED.
   */
  forward(input: Float32Array, sampleCount = 1): Float32Array {
    const parts = this.#parts();
    checkCount("sampleCount", sampleCount, 1);
    checkFloat32("input", input, sampleCount * this.inputSize, "sampleCount x the input size");
    const outputs = new Float32Array(sampleCount * this.outputSize);
    predictInto(outputs, parts, input, sampleCount);
    return outputs;
  }

  /** Mean loss over the samples. Throws DATA_EMPTY, LENGTH_MISMATCH, VALUE_NOT_FINITE, DISPOSED. */
  loss(samples: Sample[]): number {
    const parts = this.#parts();
    checkSamples("samples", samples, this.#shape());
    const block = new SampleBlock(samples, this.inputSize, this.outputSize);
    try {
      return lossOf(parts, block);
    } finally {
      block.dispose();
    }
  }

  /**
   * Trains a copy of the weights on another thread and swaps it in at the end; until then, and when
   * anything fails, everybody sees the old weights. Throws UPDATE_IN_PROGRESS, UPDATE_DIVERGED
   * (naming the step), UPDATE_CANCELLED, and the errors of bad samples and options.
   */
  async train(samples: Sample[], options: TrainOptions): Promise<TrainReport> {
    const parts = this.#parts();
    if (this.#training) throw inProgress("of this network");
    checkSamples("samples", samples, this.#shape());
    checkTrainable("samples", samples);
    const controller = new AbortController();
    this.#training = controller;
    try {
      return await trainNetwork(parts, samples, options, controller.signal, (base) => {
        const retired = this.#base;
        this.#base = base;
        retired.dispose();
      });
    } finally {
      this.#training = undefined;
    }
  }

  /** Copies of all tensors, keyed `<layer>.weight` [o x i] and `<layer>.bias` [o]. */
  weights(): Map<string, Float32Array> {
    const { base } = this.#parts();
    const copies = this.#tensors().map(
      ({ key, offset, length }) => [key, base.f32(offset, length).slice()] as const,
    );
    return new Map(copies);
  }

  /**
   * Replaces all tensors by copies of the given ones. Nothing changes unless every one is there and
   * fits. Throws UPDATE_IN_PROGRESS while a training reads the weights.
   */
  setWeights(weights: Map<string, Float32Array>): void {
    const { base } = this.#parts();
    if (base.isHeld) throw inProgress("that reads these weights");
    if (!(weights instanceof Map)) {
      const got = describeValue(weights);
      throw new DriftkeelTypeError("ARGUMENT_TYPE", `Expected weights to be a Map, got ${got}.`);
    }
    const tensors = this.#tensors();
    checkLength("weights", weights.size, tensors.length, "a tensor for each of weights()");
    for (const { key, length } of tensors) {
      checkFloat32(`weights.get("${key}")`, weights.get(key), length, "its size in this network");
      checkFinite(`weights.get("${key}")`, weights.get(key)!);
    }
    for (const { key, offset, length } of tensors) base.f32(offset, length).set(weights.get(key)!);
  }

  /** All weights as one array, layer by layer, W before b: what `new Ewc(...)` starts from. */
  parameters(): Float32Array {
    return this.#parts().base.f32(0, this.parameterCount).slice();
  }

  #tensors() {
    return this.#description.layers.flatMap(({ name, inputSize, outputSize }, index) => {
      const { weight, bias } = this.#description.offsets[index]!;
      return [
        { key: `${name}.weight`, offset: weight, length: inputSize * outputSize },
        { key: `${name}.bias`, offset: bias, length: outputSize },
      ];
    });
  }

  /** Gives the memory back; a training run under way is cancelled. Later use throws DISPOSED. */
  dispose(): void {
    this.#training?.abort();
    this.#base.dispose();
    this.#description.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function inProgress(which: string): DriftkeelError {
  return new DriftkeelError(
    "UPDATE_IN_PROGRESS",
    `Expected no training ${which} to be under way, but there is one. Await it first.`,
  );
}

function checkNames(names: string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new DriftkeelRangeError(
    "OPTION_INVALID",
    `Expected Network option "layers" to have unique names, got "${twice}" twice.`,
  );
}
