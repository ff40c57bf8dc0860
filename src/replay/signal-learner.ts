// The trader that learns with a net: EWC, replay, and a judge for every update.

import { DriftkeelError } from "../errors.ts";
import type { Network } from "../model/network.ts";
import type { Sample } from "../model/sample.ts";
import { ReplayBuffer } from "../pipeline/feedback/replay-buffer.ts";
import { IncrementalUpdater } from "../pipeline/update/incremental-updater.ts";
import type { ReplaySettings } from "./replay-options.ts";
import { adapterOptions } from "./signal-network.ts";
import { judgeUpdate } from "./update-judge.ts";

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

/** Positions in -1..1 from features: the base network with an adapter that learns on top of it. */
export class SignalLearner {
  readonly #settings: ReplaySettings;
  readonly #base: Network;
  readonly #replay: ReplayBuffer;
  readonly #updater: IncrementalUpdater;
  #newest: Date | undefined;

  /**
   * Starts as the base network and measures what it must not forget of `warmUp`.
   * network: the base network, which is not changed and not disposed of.
   */
  constructor(network: Network, warmUp: Sample[], settings: ReplaySettings) {
    const { ewcLambda, replayCapacity, replayShare } = settings.update;
    this.#settings = settings;
    this.#base = network;
    this.#replay = new ReplayBuffer({ capacity: replayCapacity, seed: settings.seed });
    this.#updater = new IncrementalUpdater({
      ...adapterOptions(network, settings),
      ewc: { lambda: ewcLambda, consolidation: "ema", gamma: 0.9 },
      replay: { buffer: this.#replay, share: replayShare },
    });
    this.#updater.consolidate(warmUp);
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
  }

  #loss(samples: Sample[]): number {
    const loss = this.#updater.currentLoss(samples);
    // The updater answers Infinity before its first update, when it is the base network.
    return loss === Number.POSITIVE_INFINITY ? this.#base.loss(samples) : loss;
  }
}
