// Training of a network's own weights: its options, and one run.

import * as z from "zod/mini";
import type { Block } from "../core/block.ts";
import type { Model } from "../core/network-compute.ts";
import type { EwcForm } from "../core/training.ts";
import { parseOptions, seed, shareBelowOne } from "../options.ts";
import type { Sample } from "./sample.ts";
import {
  type EarlyStop,
  earlyStopSchema,
  followMembers,
  type TrainingOptions,
  type TrainProgress,
  type TrainReport,
  trainingMembers,
} from "./train-options.ts";
import { type Consolidation, type ReplaySource, trainCopy } from "./training-run.ts";

/** Options of `Network.train`. */
export interface TrainOptions extends TrainingOptions {
  /** Pulls the weights towards what old tasks need; covers all of `parameters()`. */
  ewc?: Consolidation;
  /** Default `proximal` with sgd, `gradient` otherwise. */
  ewcForm?: EwcForm;
  /** Mixes replayed samples into every batch: `share` of its rows (default 0.5). */
  replay?: { buffer: ReplaySource; share?: number };
  earlyStop?: EarlyStop;
  /** Seed of the order of samples; default 0. */
  seed?: number;
  signal?: AbortSignal;
  /** What it throws cancels the run, and is what `train` rejects with. */
  onProgress?: (progress: TrainProgress) => void;
}

/** A part of a batch below 1: new samples are always in it. */
export const replayShare = z._default(shareBelowOne, 0.5);

const trainOptions = z.strictObject({
  ...trainingMembers,
  ewc: z.optional(z.custom<Consolidation>(isConsolidation, "an Ewc")),
  ewcForm: z.optional(z.enum(["gradient", "proximal"])),
  replay: z.optional(
    z.strictObject({
      buffer: z.custom<ReplaySource>(isReplaySource, "a ReplayBuffer"),
      share: replayShare,
    }),
  ),
  earlyStop: z.optional(earlyStopSchema),
  seed: z._default(seed, 0),
  ...followMembers,
});

function isConsolidation(value: unknown): boolean {
  const { fisher, baseline } = (value ?? {}) as Partial<Consolidation>;
  return typeof fisher === "function" && typeof baseline === "function";
}

/** Whether a value can be asked for samples. */
export function isReplaySource(value: unknown): boolean {
  const { sample, size } = (value ?? {}) as Partial<ReplaySource>;
  return typeof sample === "function" && typeof size === "number";
}

/**
 * Trains a copy of the base and hands the new block to `adopt`; `cancel` is the network's own wish
 * to stop.
 */
export async function trainNetwork(
  model: Model,
  samples: readonly Sample[],
  value: TrainOptions,
  cancel: AbortSignal,
  adopt: (base: Block) => void,
): Promise<TrainReport> {
  const options = parseOptions("Network.train", trainOptions, value);
  const signals = options.signal ? [cancel, options.signal] : [cancel];
  return trainCopy({
    owner: "Network",
    model,
    trainsBase: true,
    trainsAdapter: false,
    samples,
    options,
    ewc: options.ewc,
    ewcForm: options.ewcForm,
    replay: options.replay,
    earlyStop: options.earlyStop,
    seed: options.seed,
    signal: AbortSignal.any(signals),
    onProgress: options.onProgress,
    adopt: ({ base }) => adopt(base!),
  });
}
