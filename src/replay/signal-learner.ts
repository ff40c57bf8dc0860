// The trading signal: a base network that stays as it is, and the adapter that learns on top of it.

import { DriftkeelError } from "../errors.ts";
import { Network } from "../model/network.ts";
import type { Sample } from "../model/sample.ts";
import { ReplayBuffer } from "../pipeline/feedback/replay-buffer.ts";
import { IncrementalUpdater } from "../pipeline/update/incremental-updater.ts";
import { FEATURE_NAMES } from "./features.ts";
import type { ReplaySettings } from "./replay-options.ts";
import { judgeUpdate } from "./update-judge.ts";

/** Hidden layers, which carry the adapters; the output layer has fewer weights than an adapter. */
const HIDDEN_LAYERS = [
  { name: "hidden1", size: 24, activation: "tanh" },
  { name: "hidden2", size: 12, activation: "tanh" },
] as const;

/** Neighbouring days in a batch: half a year, enough for a Sharpe ratio to mean something. */
const BATCH_SIZE = 126;

/** How the training of the base network went. */
export interface BaseReport {
  steps: number;
  lossBefore: number;
  lossAfter: number;
}

/** What became of one update. */
export interface UpdateOutcome {
  kind: "update-accepted" | "update-rolled-back" | "update-failed";
  /** Losses on the held-out samples, before and after. */
  lossBefore: number;
  lossAfter?: number;
  steps: number;
  reason: string;
  elapsedMs: number;
}

/** Positions in -1..1 from features, of the base network alone and with the adapter. */
export class SignalLearner {
  readonly #settings: ReplaySettings;
  readonly #base: Network;
  readonly #replay: ReplayBuffer;
  readonly #updater: IncrementalUpdater;
  #newest: Date | undefined;

  private constructor(settings: ReplaySettings, base: Network) {
    const { rank, alpha, lr, maxSteps, ewcLambda, replayCapacity, replayShare } = settings.update;
    this.#settings = settings;
    this.#base = base;
    this.#replay = new ReplayBuffer({ capacity: replayCapacity, seed: settings.seed });
    this.#updater = new IncrementalUpdater({
      network: base,
      rank,
      alpha,
      lr,
      maxSteps,
      targetModules: HIDDEN_LAYERS.map((layer) => layer.name),
      seed: settings.seed,
      batchSize: BATCH_SIZE,
      optimizer: "adamw",
      ewc: { lambda: ewcLambda, consolidation: "ema", gamma: 0.9 },
      replay: { buffer: this.#replay, share: replayShare },
    });
  }

  /** Trains the base network on `warmUp`, oldest first, and measures what it must not forget. */
  static async train(
    warmUp: Sample[],
    settings: ReplaySettings,
  ): Promise<{ learner: SignalLearner; report: BaseReport }> {
    const base = new Network({
      inputSize: FEATURE_NAMES.length,
      layers: [...HIDDEN_LAYERS, { name: "position", size: 1, activation: "tanh" }],
      loss: { name: "negative-sharpe", cost: settings.costBps * 1e-4 },
      seed: settings.seed,
    });
    const { lr, maxSteps, weightDecay } = settings.base;
    const { steps, lossBefore, lossAfter } = await base.train(warmUp, {
      lr,
      maxSteps,
      weightDecay,
      batchSize: BATCH_SIZE,
      optimizer: "adamw",
      clipNorm: 1,
      schedule: "cosine",
      seed: settings.seed,
    });
    const learner = new SignalLearner(settings, base);
    learner.#updater.consolidate(warmUp);
    return { learner, report: { steps, lossBefore, lossAfter } };
  }

  /** The position of the base network, which never changes. */
  staticPosition(input: Float32Array): number {
    return this.#base.forward(input)[0]!;
  }

  /** The position with the active adapter. */
  position(input: Float32Array): number {
    return this.#updater.predict(input)[0]!;
  }

  /** Offers samples to the replay buffer; they must be older than any held-out sample to come. */
  remember(samples: readonly Sample[]): void {
    for (const sample of samples) {
      this.#replay.add(sample);
      if (sample.timestamp! > (this.#newest ?? 0)) this.#newest = sample.timestamp;
    }
  }

  /** How many samples the replay buffer holds, and when the newest was that it was offered. */
  get remembered(): { samples: number; newest: Date | undefined } {
    return { samples: this.#replay.size, newest: this.#newest };
  }

  /**
   * Trains a candidate on `train` and replay, judges it on `holdout`, and keeps or undoes it.
   * A training run that diverges is an outcome; other errors are thrown.
   */
  async update(train: Sample[], holdout: Sample[]): Promise<UpdateOutcome> {
    const lossBefore = this.#loss(holdout);
    try {
      const { steps, elapsedMs } = await this.#updater.update(train);
      const lossAfter = this.#updater.currentLoss(holdout);
      const { accepted, reason } = judgeUpdate({
        weights: this.#updater.adapter().flatMap(({ A, B }) => [A, B]),
        lossBefore,
        lossAfter,
        maxLossDelta: this.#settings.maxLossDelta,
      });
      if (accepted) {
        // Also protects from now on what these samples taught.
        this.#updater.commitUpdate();
      } else {
        this.#updater.rollback();
      }
      const kind = accepted ? "update-accepted" : "update-rolled-back";
      return { kind, lossBefore, lossAfter, steps, reason, elapsedMs };
    } catch (error) {
      const isDiverged = error instanceof DriftkeelError && error.code === "UPDATE_DIVERGED";
      if (!isDiverged) throw error;
      return { kind: "update-failed", lossBefore, steps: 0, reason: error.message, elapsedMs: 0 };
    }
  }

  /** Gives the core's memory back; the learner is of no use afterwards. */
  dispose(): void {
    this.#updater.dispose();
    this.#base.dispose();
  }

  #loss(samples: Sample[]): number {
    const loss = this.#updater.currentLoss(samples);
    // The updater answers Infinity before its first update, when it is the base network.
    return loss === Number.POSITIVE_INFINITY ? this.#base.loss(samples) : loss;
  }
}
