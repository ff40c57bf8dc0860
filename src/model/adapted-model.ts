// A model with LoRA adapters: the network it stands on, if any, and the parameters of its own.
//
// Letters: i inputs, o outputs of a module, r rank; A [r x i], B [o x r] as in PEFT. Inside, B lies
// transposed.

import { Block } from "../core/block.ts";
import { initializeAdapter } from "../core/initialize.ts";
import type { Model } from "../core/network-compute.ts";
import {
  type LayerShape,
  type LossShape,
  NetworkDescription,
} from "../core/network-description.ts";
import { DriftkeelRangeError } from "../errors.ts";
import { nearestName } from "../nearest-name.ts";
import { type Network, partsOf } from "./network.ts";

/** One module's adapter, in PEFT's layout; the arrays are copies. */
export interface ModuleAdapter {
  module: string;
  /** f32[rank x inputSize]. */
  A: Float32Array;
  /** f32[outputSize x rank]. */
  B: Float32Array;
  rank: number;
  inputSize: number;
  outputSize: number;
}

/**
 * Rank and scale of the adapters, and the modules that get one (default: all; an empty list: none).
 */
export interface AdapterSpec {
  rank: number;
  alpha: number;
  targetModules?: readonly string[] | undefined;
}

/** Parameters of one state of the model; `base` only where the base is trained too. */
export interface Parameters {
  adapter: Block;
  base: Block | undefined;
}

/** Shapes of an adapted model and its base; the parameters are handed in with each call. */
export class AdaptedModel {
  readonly description: NetworkDescription;
  readonly #network: Network | undefined;

  private constructor(description: NetworkDescription, network: Network | undefined) {
    this.description = description;
    this.#network = network;
  }

  /** Adapters on the named layers of a network. Throws MODULE_UNKNOWN. */
  static onNetwork(network: Network, { rank, alpha, targetModules }: AdapterSpec): AdaptedModel {
    const { description } = partsOf(network);
    const names = description.layers.map(({ name }) => name);
    for (const module of targetModules ?? []) checkModule(module, names);
    const layers = description.layers.map((layer): LayerShape => {
      const isTarget = targetModules?.includes(layer.name) ?? true;
      return { ...layer, rank: isTarget ? rank : 0, scale: isTarget ? alpha / rank : 0 };
    });
    return new AdaptedModel(new NetworkDescription(layers, description.loss), network);
  }

  /** A single adapter without a base. */
  static alone(
    inputSize: number,
    outputSize: number,
    { rank, alpha, targetModules }: AdapterSpec,
    loss: LossShape,
  ): AdaptedModel {
    const layer: LayerShape = {
      name: targetModules?.[0] ?? "adapter",
      inputSize,
      outputSize,
      activation: "identity",
      hasBase: false,
      rank,
      scale: alpha / rank,
    };
    return new AdaptedModel(new NetworkDescription([layer], loss), undefined);
  }

  /**
   * Fresh parameters: A seeded normal, B 0; the base a copy of the network's when it is trained.
   */
  initialize(seed: number, trainsBase: boolean): Parameters {
    const adapter = new Block(4 * this.description.adapterCount, "IncrementalUpdater");
    initializeAdapter(this.description, adapter, seed);
    const base = trainsBase && this.#network ? partsOf(this.#network).base.clone() : undefined;
    return { adapter, base };
  }

  /** The model as the core computes it. */
  with({ adapter, base }: Parameters): Model {
    const network = this.#network && partsOf(this.#network).base;
    return { description: this.description, adapter, base: base ?? network };
  }

  /** Copies of the adapters. */
  adapters({ adapter }: Parameters): ModuleAdapter[] {
    return this.description.layers.flatMap((layer, index): ModuleAdapter[] => {
      const { name: module, rank, inputSize, outputSize } = layer;
      if (rank === 0) return [];
      const { A, Bt } = this.description.offsets[index]!;
      const transposed = adapter.f32(Bt, rank * outputSize);
      const B = new Float32Array(outputSize * rank);
      for (let k = 0; k < outputSize; k++) {
        for (let q = 0; q < rank; q++) B[k * rank + q] = transposed[q * outputSize + k]!;
      }
      return [
        { module, A: adapter.f32(A, rank * inputSize).slice(), B, rank, inputSize, outputSize },
      ];
    });
  }

  /** The trained parameters as one vector: the adapter's, then the base's. */
  vector({ adapter, base }: Parameters): Float32Array {
    const { adapterCount, baseCount } = this.description;
    const all = new Float32Array(adapterCount + (base ? baseCount : 0));
    all.set(adapter.f32(0, adapterCount));
    if (base) all.set(base.f32(0, baseCount), adapterCount);
    return all;
  }

  /**
   * Copies of all parameters by tensor name: PEFT's `lora_A` and `lora_B`, then the trained base's.
   */
  tensors(parameters: Parameters): Map<string, Float32Array> {
    const tensors = new Map<string, Float32Array>();
    for (const { module, A, B } of this.adapters(parameters)) {
      tensors.set(`${module}.lora_A.weight`, A);
      tensors.set(`${module}.lora_B.weight`, B);
    }
    const { base } = parameters;
    if (!base) return tensors;
    this.description.layers.forEach(({ name, inputSize, outputSize }, index) => {
      const { weight, bias } = this.description.offsets[index]!;
      tensors.set(`${name}.weight`, base.f32(weight, inputSize * outputSize).slice());
      tensors.set(`${name}.bias`, base.f32(bias, outputSize).slice());
    });
    return tensors;
  }

  /** Writes tensors, named and shaped as `tensors` gives them, into parameters of the same kind. */
  setTensors(parameters: Parameters, tensors: ReadonlyMap<string, Float32Array>): void {
    const { adapter, base } = parameters;
    this.description.layers.forEach(({ name, inputSize, outputSize, rank }, index) => {
      const { weight, bias, A, Bt } = this.description.offsets[index]!;
      if (rank > 0) {
        adapter.f32(A, rank * inputSize).set(tensors.get(`${name}.lora_A.weight`)!);
        const B = tensors.get(`${name}.lora_B.weight`)!;
        const transposed = adapter.f32(Bt, rank * outputSize);
        for (let k = 0; k < outputSize; k++) {
          for (let q = 0; q < rank; q++) transposed[q * outputSize + k] = B[k * rank + q]!;
        }
      }
      if (!base) return;
      base.f32(weight, inputSize * outputSize).set(tensors.get(`${name}.weight`)!);
      base.f32(bias, outputSize).set(tensors.get(`${name}.bias`)!);
    });
  }

  dispose(): void {
    this.description.dispose();
  }
}

function checkModule(module: string, names: readonly string[]): void {
  if (names.includes(module)) return;
  const near = nearestName(module, names);
  const hint =
    near === undefined ? `The network has: ${names.join(", ")}.` : `Did you mean "${near}"?`;
  throw new DriftkeelRangeError(
    "MODULE_UNKNOWN",
    `Expected targetModules to name layers of the network, got ${JSON.stringify(module)}. ${hint}`,
  );
}
