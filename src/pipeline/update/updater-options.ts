// Options of the incremental updater.

import * as z from "zod/mini";
import type { EwcForm } from "../../core/training.ts";
import type { Loss } from "../../model/loss.ts";
import { lossSchema } from "../../model/loss.ts";
import { Network } from "../../model/network.ts";
import { isReplaySource, replayShare } from "../../model/train-network.ts";
import {
  count,
  type EarlyStop,
  earlyStopSchema,
  followMembers,
  type TrainingOptions,
  type TrainProgress,
  trainingMembers,
} from "../../model/train-options.ts";
import type { ReplaySource } from "../../model/training-run.ts";
import { nonNegativeNumber, positiveInteger, positiveNumber, seed, share } from "../../options.ts";

export interface IncrementalUpdaterOptions extends TrainingOptions {
  /** Rank of every adapter: 1..1024. */
  rank: number;
  /** The adapter's output is scaled by alpha / rank. */
  alpha: number;
  /** Steps of one update. */
  maxSteps: number;
  /** Layers that get an adapter; default: all of the network's. */
  targetModules?: string[];
  /** Seed of the adapter's first weights and of the order of samples; default 0. */
  seed?: number;
  /**
   * The base. It stays frozen (`trainable: "adapter"`) and must outlive the updater. Without one
   * the model is a single adapter, y = (alpha/rank) B A x, whose shapes the first update gives.
   */
  network?: Network;
  /**
   * `adapter` (default), or `all`: the base is trained too, on a copy; the network itself stays as
   * it is.
   */
  trainable?: "adapter" | "all";
  /** Only without a network, which brings its own; default `mse`. */
  loss?: Loss;
  /** EWC over the trained parameters, consolidated once per committed update. */
  ewc?: {
    lambda?: number;
    consolidation?: "sum" | "ema";
    gamma?: number;
    normalize?: boolean;
    /** Default `proximal` with sgd, `gradient` otherwise. */
    form?: EwcForm;
    /** Samples of one Fisher; default 256. */
    fisherSamples?: number;
  };
  /** Mixes replayed samples into every batch: `share` of its rows (default 0.5). */
  replay?: { buffer: ReplaySource; share?: number };
  earlyStop?: EarlyStop;
}

/** Options of one update. */
export interface UpdateOptions {
  signal?: AbortSignal;
  /** What it throws cancels the run, and is what `update` rejects with. */
  onProgress?: (progress: TrainProgress) => void;
}

export const updaterOptions = z.strictObject({
  ...trainingMembers,
  rank: positiveInteger.check(z.maximum(1024, "an integer from 1 to 1024")),
  alpha: positiveNumber,
  maxSteps: count,
  targetModules: z.optional(z.array(z.string()).check(z.minLength(1))),
  seed: z._default(seed, 0),
  network: z.optional(z.custom<Network>((value) => value instanceof Network, "a Network")),
  trainable: z._default(z.enum(["adapter", "all"]), "adapter"),
  loss: z.optional(lossSchema),
  ewc: z.optional(
    z.strictObject({
      lambda: z._default(nonNegativeNumber, 1),
      consolidation: z._default(z.enum(["sum", "ema"]), "sum"),
      gamma: z.optional(share),
      normalize: z._default(z.boolean(), false),
      form: z.optional(z.enum(["gradient", "proximal"])),
      fisherSamples: z._default(count, 256),
    }),
  ),
  replay: z.optional(
    z.strictObject({
      buffer: z.custom<ReplaySource>(isReplaySource, "a ReplayBuffer"),
      share: replayShare,
    }),
  ),
  earlyStop: z.optional(earlyStopSchema),
});

export const updateOptions = z.strictObject({
  ...followMembers,
});
