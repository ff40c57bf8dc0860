// The trader that learns without a net: every update is kept and nothing old is protected.

import { DriftkeelError } from "../errors.ts";
import type { Network } from "../model/network.ts";
import type { Sample } from "../model/sample.ts";
import { IncrementalUpdater } from "../pipeline/update/incremental-updater.ts";
import type { ReplaySettings } from "./replay-options.ts";
import { adapterOptions } from "./signal-network.ts";

/** What became of one update: kept, or broken off by itself. */
export interface NaiveOutcome {
  kind: "naive-updated" | "naive-update-failed";
  /** Losses on the samples that it was trained on; absent when it failed. */
  loss?: { before: number; after: number };
  /** Steps of the optimiser; 0 when the update failed. */
  steps: number;
}

/** Trains as the `SignalLearner` does, but without EWC, replay, held-out samples and judgement. */
export class NaiveLearner {
  readonly #updater: IncrementalUpdater;

  /** network: the base network, which is not changed and not disposed of. */
  constructor(network: Network, settings: ReplaySettings) {
    this.#updater = new IncrementalUpdater(adapterOptions(network, settings));
  }

  /** The position with the newest adapter. */
  position(input: Float32Array): number {
    return this.#updater.predict(input)[0]!;
  }

  /**
   * Trains on `train` and keeps what comes out. A training run that diverges leaves the adapter as
   * it was, since without a number there is nothing to trade on; other errors are thrown.
   */
  async update(train: Sample[]): Promise<NaiveOutcome> {
    try {
      const { steps, lossBefore, lossAfter } = await this.#updater.update(train);
      this.#updater.commitUpdate();
      return { kind: "naive-updated", loss: { before: lossBefore, after: lossAfter }, steps };
    } catch (error) {
      const isDiverged = error instanceof DriftkeelError && error.code === "UPDATE_DIVERGED";
      if (!isDiverged) throw error;
      return { kind: "naive-update-failed", steps: 0 };
    }
  }

  /** Gives the core's memory back; the learner is of no use afterwards. */
  dispose(): void {
    this.#updater.dispose();
  }
}
