// A network as something to learn: LoRA adapters on a frozen base, the base itself, or both.

import * as z from "zod/mini";
import { checkFinite, checkFloat32 } from "../checks.ts";
import { lossOf, type Model, predictInto } from "../core/network-compute.ts";
import { SampleBlock } from "../core/sample-block.ts";
import { DriftkeelRangeError } from "../errors.ts";
import { parseOptions, positiveInteger, positiveNumber, seed } from "../options.ts";
import { AdaptedModel, type Parameters } from "./adapted-model.ts";
import { checkSamples, type SampleShape } from "./check-samples.ts";
import type { Learnable, ModelVersion, ProposalRequest } from "./learnable.ts";
import { Network } from "./network.ts";
import { modelFisher } from "./network-fisher.ts";
import type { Sample } from "./sample.ts";
import { type TrainingOptions, trainingMembers } from "./train-options.ts";
import { trainCopy } from "./training-run.ts";

/** How a network is learned. */
export interface NetworkLearnableOptions extends TrainingOptions {
  network: Network;
  /** Adapters on the named layers (default: all); without them the base itself is trained. */
  adapter?: { rank: number; alpha: number; targetModules?: string[] };
  /** With adapters: `adapter` (default) freezes the base, `all` trains it too. */
  trainable?: "adapter" | "all";
  /** Seed of the adapters' first weights; default 0. */
  seed?: number;
}

const learnableOptions = z.strictObject({
  ...trainingMembers,
  network: z.custom<Network>((value) => value instanceof Network, "a Network"),
  adapter: z.optional(
    z.strictObject({
      rank: positiveInteger.check(z.maximum(1024, "an integer from 1 to 1024")),
      alpha: positiveNumber,
      targetModules: z.optional(z.array(z.string()).check(z.minLength(1))),
    }),
  ),
  trainable: z.optional(z.enum(["adapter", "all"])),
  seed: z._default(seed, 0),
});

/**
 * A network that a learner trains. The network itself is never written and must outlive this
 * object.
 */
export class NetworkLearnable implements Learnable {
  readonly inputSize: number;
  readonly outputSize: number;
  readonly #options: z.output<typeof learnableOptions>;
  readonly #model: AdaptedModel;
  readonly #trainsBase: boolean;

  /** Throws OPTION_INVALID, OPTION_UNKNOWN, MODULE_UNKNOWN, DISPOSED (the network). */
  constructor(options: NetworkLearnableOptions) {
    this.#options = parseOptions("NetworkLearnable", learnableOptions, options);
    const { network, adapter, trainable } = this.#options;
    if (!adapter && trainable === "adapter") {
      throw new DriftkeelRangeError(
        "OPTION_INVALID",
        'Expected NetworkLearnable option "adapter" with trainable "adapter", got none.',
      );
    }
    this.#trainsBase = !adapter || trainable === "all";
    const none = { rank: 1, alpha: 1, targetModules: [] };
    this.#model = AdaptedModel.onNetwork(network, adapter ?? none);
    this.inputSize = network.inputSize;
    this.outputSize = network.outputSize;
  }

  initial(): ModelVersion {
    return this.#version(this.#model.initialize(this.#options.seed, this.#trainsBase));
  }

  load(weights: ReadonlyMap<string, Float32Array>): ModelVersion {
    const parameters = this.#model.initialize(this.#options.seed, this.#trainsBase);
    const version = this.#version(parameters);
    try {
      for (const [name, { length }] of version.weights()) {
        checkFloat32(`weights.get("${name}")`, weights.get(name), length, "its size in this model");
        checkFinite(`weights.get("${name}")`, weights.get(name)!);
      }
    } catch (error) {
      version.dispose();
      throw error;
    }
    this.#model.setTensors(parameters, weights);
    return version;
  }

  #version(parameters: Parameters): NetworkVersion {
    return new NetworkVersion(this.#model, parameters);
  }

  get #shape(): SampleShape {
    const { inputSize, outputSize, loss } = this.#model.description;
    return { inputSize, outputSize, loss: loss.name };
  }

  check(name: string, samples: readonly Sample[]): void {
    checkSamples(name, samples, this.#shape);
  }

  async propose(active: ModelVersion, request: ProposalRequest) {
    const { parameters } = active as NetworkVersion;
    const { lr = this.#options.lr, lrFactor } = request;
    const options = { ...this.#options, lr: lr * lrFactor };
    let candidate: ModelVersion | undefined;
    const report = await trainCopy({
      ...request,
      owner: "OnlineLearner",
      model: this.#model.with(parameters),
      trainsBase: this.#trainsBase,
      trainsAdapter: this.#model.description.adapterCount > 0,
      options,
      adopt: ({ adapter = parameters.adapter.clone(), base }) => {
        candidate = this.#version({ adapter, base });
      },
    });
    return { candidate: candidate!, report };
  }

  fisher(version: ModelVersion, samples: readonly Sample[]): Float32Array {
    const { parameters } = version as NetworkVersion;
    const scope = { base: this.#trainsBase, adapter: true };
    return modelFisher(this.#model.with(parameters), scope, samples);
  }
}

/** Parameters that serve. */
class NetworkVersion implements ModelVersion {
  readonly parameters: Parameters;
  readonly #model: AdaptedModel;

  constructor(model: AdaptedModel, parameters: Parameters) {
    this.#model = model;
    this.parameters = parameters;
  }

  get #served(): Model {
    return this.#model.with(this.parameters);
  }

  predict(input: Float32Array): Float32Array {
    const { inputSize, outputSize } = this.#model.description;
    checkFloat32("input", input, inputSize, "the model's input size");
    const outputs = new Float32Array(outputSize);
    predictInto(outputs, this.#served, input, 1);
    return outputs;
  }

  outputs(samples: readonly Sample[]): Float32Array {
    const { inputSize, outputSize } = this.#model.description;
    const inputs = new Float32Array(samples.length * inputSize);
    for (const [row, { input }] of samples.entries()) inputs.set(input, row * inputSize);
    const outputs = new Float32Array(samples.length * outputSize);
    if (samples.length > 0) predictInto(outputs, this.#served, inputs, samples.length);
    return outputs;
  }

  loss(samples: readonly Sample[]): number {
    if (samples.length === 0) return Number.NaN;
    const { inputSize, outputSize } = this.#model.description;
    const block = new SampleBlock(samples, inputSize, outputSize);
    try {
      return lossOf(this.#served, block);
    } finally {
      block.dispose();
    }
  }

  weights(): Map<string, Float32Array> {
    return this.#model.tensors(this.parameters);
  }

  vector(): Float32Array {
    return this.#model.vector(this.parameters);
  }

  dispose(): void {
    this.parameters.adapter.dispose();
    this.parameters.base?.dispose();
  }
}
