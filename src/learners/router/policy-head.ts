// One network of the policy with the memory that protects it: replay and EWC.

import { CandidateTrainer } from "../../foundation.ts";
import {
  type LayerOptions,
  type Loss,
  type ModelVersion,
  Network,
  NetworkLearnable,
  ReplayBuffer,
  type Sample,
  type TrainReport,
} from "../../index.ts";
import type { RouterTraining } from "./router-options.ts";

/** What a head is made of. */
export interface HeadShape {
  /** Starts the names of its tensors and of its parts in a version. */
  name: string;
  inputSize: number;
  hiddenSize: number;
  outputSize: number;
  loss: Loss;
  /** Of the first weights. */
  seed: number;
}

/** What a head needs to go on: its tensors, and what it remembers of earlier samples. */
export interface HeadState {
  weights: Map<string, Float32Array>;
  ewc: Uint8Array | undefined;
  /** JSON of a ReplayBuffer; undefined for an empty one. */
  replay: Uint8Array | undefined;
}

/** A network that serves and is never changed: training makes another head. */
export class PolicyHead {
  readonly #shape: HeadShape;
  readonly #network: Network;
  readonly #version: ModelVersion;
  readonly #memory: { ewc: Uint8Array | undefined; replay: Uint8Array | undefined };

  private constructor(
    shape: HeadShape,
    network: Network,
    version: ModelVersion,
    memory: Omit<HeadState, "weights">,
  ) {
    this.#shape = shape;
    this.#network = network;
    this.#version = version;
    this.#memory = memory;
  }

  /** A head with its first weights, or with those of a state. Throws LENGTH_MISMATCH. */
  static create(shape: HeadShape, state?: HeadState): PolicyHead {
    const network = new Network(networkOptions(shape));
    try {
      const learnable = new NetworkLearnable({ network, lr: 1 });
      const version = state ? learnable.load(state.weights) : learnable.initial();
      return new PolicyHead(shape, network, version, { ewc: state?.ewc, replay: state?.replay });
    } catch (error) {
      network.dispose();
      throw error;
    }
  }

  /** Outputs (logits) for one input. */
  predict(input: Float32Array): Float32Array {
    return this.#version.predict(input);
  }

  /** Mean loss over the samples; NaN without any. */
  loss(samples: readonly Sample[]): number {
    return this.#version.loss(samples);
  }

  /** What a version keeps of this head. */
  state(): HeadState {
    return { weights: this.#version.weights(), ...this.#memory };
  }

  /**
   * Another head, trained on the samples under replay and EWC; this one stays as it is. Without
   * samples it is a copy. Throws UPDATE_DIVERGED, UPDATE_CANCELLED.
   */
  async train(
    samples: readonly Sample[],
    training: RouterTraining,
    seed: number,
    signal?: AbortSignal,
  ): Promise<{ head: PolicyHead; report: TrainReport | undefined }> {
    if (samples.length === 0) {
      return { head: PolicyHead.create(this.#shape, this.state()), report: undefined };
    }
    const { replayShare, replayCapacity, ewcLambda, lr, epochs, batchSize, weightDecay } = training;
    const network = this.#network;
    const learnable = new NetworkLearnable({
      network,
      lr,
      epochs,
      batchSize,
      weightDecay,
      optimizer: "adamw",
    });
    const ewc = ewcLambda > 0 ? { lambda: ewcLambda, form: "gradient" as const } : undefined;
    const trainer = new CandidateTrainer(learnable, { seed, replayShare, ewc });
    const replay = this.#replay(replayCapacity, seed);
    try {
      if (ewc) trainer.restoreEwc(this.#memory.ewc);
      const { candidate, report } = await trainer.propose({
        active: this.#version,
        samples,
        replay: replay.size > 0 ? replay : undefined,
        lrFactor: 1,
        lambdaFactor: 1,
        signal,
      });
      try {
        trainer.consolidate(candidate, samples);
        for (const sample of samples) replay.add(sample);
        const weights = candidate.weights();
        const state = { weights, ewc: trainer.ewcBytes(), replay: replayBytes(replay) };
        return { head: PolicyHead.create(this.#shape, state), report };
      } finally {
        candidate.dispose();
      }
    } finally {
      trainer.dispose();
    }
  }

  /** What was remembered; a memory that was begun keeps its capacity. */
  #replay(capacity: number, seed: number): ReplayBuffer {
    const { replay: bytes } = this.#memory;
    const saved = bytes && JSON.parse(new TextDecoder().decode(bytes));
    const replay = new ReplayBuffer({ capacity: saved?.capacity ?? capacity, seed });
    if (saved) replay.restore(saved);
    return replay;
  }

  /** Gives the memory back. */
  dispose(): void {
    this.#version.dispose();
    this.#network.dispose();
  }
}

function replayBytes(replay: ReplayBuffer): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(replay.state()));
}

function networkOptions({ name, inputSize, hiddenSize, outputSize, loss, seed }: HeadShape) {
  const layers: LayerOptions[] = [
    { name: `${name}-hidden`, size: hiddenSize, activation: "relu" },
    { name: `${name}-output`, size: outputSize },
  ];
  return { inputSize, layers, loss, seed };
}
