// The contract of what a learner can train: it makes versions, which serve, and proposes better
// ones.

import type { EwcForm } from "../core/training.ts";
import type { Sample } from "./sample.ts";
import type { TrainProgress, TrainReport } from "./train-options.ts";
import type { Consolidation, ReplaySource } from "./training-run.ts";

/** One set of parameters that can serve. Nothing changes it after it is made. */
export interface ModelVersion {
  /** Output for one input, f32[outputSize]. */
  predict(input: Float32Array): Float32Array;
  /** Outputs for all samples, f32[n x outputSize]. */
  outputs(samples: readonly Sample[]): Float32Array;
  /** Mean loss over the samples; NaN when it is not defined. */
  loss(samples: readonly Sample[]): number;
  /** Copies of all parameters that training may change, by tensor name. */
  weights(): Map<string, Float32Array>;
  /** The same as one vector, f32[P], in the order that EWC uses. */
  vector(): Float32Array;
  /** Gives the memory back. */
  dispose(): void;
}

/** What one proposal is trained on and how. */
export interface ProposalRequest {
  samples: readonly Sample[];
  /** Learning rate in place of the configured one. */
  lr?: number | undefined;
  /** Factor of the learning rate; safe mode halves it. */
  lrFactor: number;
  replay?: { buffer: ReplaySource; share: number } | undefined;
  ewc?: Consolidation | undefined;
  ewcForm?: EwcForm | undefined;
  seed: number;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: TrainProgress) => void) | undefined;
}

/** Something a learner can train. */
export interface Learnable {
  readonly inputSize: number;
  readonly outputSize: number;
  /** The version that the model was created with. */
  initial(): ModelVersion;
  /**
   * A version with the given parameters. Throws LENGTH_MISMATCH, VALUE_NOT_FINITE when they do not
   * fit.
   */
  load(weights: ReadonlyMap<string, Float32Array>): ModelVersion;
  /** Throws a typed error when a sample does not fit the model. */
  check(name: string, samples: readonly Sample[]): void;
  /**
   * Trains a copy of `active` and returns it as a new version. Throws UPDATE_DIVERGED,
   * UPDATE_CANCELLED; `active` is never touched.
   */
  propose(
    active: ModelVersion,
    request: ProposalRequest,
  ): Promise<{ candidate: ModelVersion; report: TrainReport }>;
  /** Diagonal Fisher of a version on the samples, f32[P]; unweighted and without any penalty. */
  fisher(version: ModelVersion, samples: readonly Sample[]): Float32Array;
}
