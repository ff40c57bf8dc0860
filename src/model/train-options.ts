// Options that every training run shares, and what a run reports.

import * as z from "zod/mini";
import type { EwcForm, OptimizerName, ScheduleName, TrainingSpec } from "../core/training.ts";
import { DriftkeelRangeError } from "../errors.ts";
import {
  nonNegativeInteger,
  nonNegativeNumber,
  positiveInteger,
  positiveNumber,
} from "../options.ts";
import type { Sample } from "./sample.ts";

/** The core counts in 32 bits. */
const LARGEST_COUNT = 2 ** 31 - 1;
const RANGE = `an integer from 1 to ${LARGEST_COUNT}`;

/** Steps, samples and the like. */
export const count = positiveInteger.check(z.maximum(LARGEST_COUNT, RANGE));

const belowOne = nonNegativeNumber.check(z.lt(1, "a number from 0 to below 1"));

/** Largest gradient norm; Infinity turns clipping off (zod's numbers are finite). */
const clipNorm = z.union([positiveNumber, z.literal(Number.POSITIVE_INFINITY)], "a number > 0");

/** Schema members of the options below. */
export const trainingMembers = {
  lr: positiveNumber,
  maxSteps: z.optional(count),
  epochs: z.optional(count),
  batchSize: z.optional(count),
  optimizer: z._default(z.enum(["sgd", "momentum", "adamw"]), "sgd"),
  momentum: z._default(belowOne, 0.9),
  beta2: z._default(belowOne, 0.999),
  clipNorm: z._default(clipNorm, 1),
  weightDecay: z._default(nonNegativeNumber, 0),
  schedule: z._default(z.enum(["constant", "cosine"]), "constant"),
  warmupSteps: z._default(
    nonNegativeInteger.check(z.maximum(LARGEST_COUNT, `an integer from 0 to ${LARGEST_COUNT}`)),
    0,
  ),
};

/** Schema of `earlyStop`. */
export const earlyStopSchema = z.strictObject({
  holdout: z.array(z.custom<Sample>()).check(z.minLength(1, "an array of at least 1 sample")),
  patience: z._default(count, 5),
  evaluateEvery: z._default(count, 10),
});

/** Schema members of who follows a run, and may end it. */
export const followMembers = {
  signal: z.optional(
    z.custom<AbortSignal>((value) => value instanceof AbortSignal, "an AbortSignal"),
  ),
  onProgress: z.optional(
    z.custom<(progress: TrainProgress) => void>(
      (value) => typeof value === "function",
      "a function",
    ),
  ),
};

/** How parameters are moved; the same for a network and for an adapter. */
export interface TrainingOptions {
  /** Step size. */
  lr: number;
  /** Steps; default: one pass over the samples (a single step for full batches). */
  maxSteps?: number;
  /**
   * Passes over the samples, instead of or besides maxSteps: the smaller number of steps counts.
   */
  epochs?: number;
  /** New samples in a batch; default: all of them, every step. */
  batchSize?: number;
  /** Default `sgd`. */
  optimizer?: OptimizerName;
  /** mu of momentum, beta1 of AdamW; default 0.9. */
  momentum?: number;
  /** AdamW; default 0.999. */
  beta2?: number;
  /** Largest L2 norm of the gradient; default 1, Infinity for none. */
  clipNorm?: number;
  /** Default 0; decoupled in AdamW. */
  weightDecay?: number;
  /** Default `constant`; `cosine` ends at 0. */
  schedule?: ScheduleName;
  /** Steps of linear warm-up; default 0. */
  warmupSteps?: number;
}

/**
 * Stops when the loss on these samples has not fallen for `patience` looks, and keeps the best
 * parameters seen.
 */
export interface EarlyStop {
  holdout: Sample[];
  /** Default 5. */
  patience?: number;
  /** Steps between two looks; default 10. */
  evaluateEvery?: number;
}

export interface TrainProgress {
  /** Steps done. */
  step: number;
  maxSteps: number;
  /** Task loss of the last batch. */
  loss: number;
}

/** What a run did. */
export interface TrainReport {
  /** Steps done. */
  steps: number;
  /** Loss over all the samples, before and after. */
  lossBefore: number;
  lossAfter: number;
  /** L2 norm of the last step's gradient, before clipping. */
  gradientNorm: number;
  /** EWC penalty at the start of the last step; 0 without EWC. */
  penalty: number;
  elapsedMs: number;
  /** Whether all steps were done or the holdout stopped the run. */
  stopReason: "finished" | "stopped-early";
}

/** The options above with their defaults. */
export type ParsedTrainingOptions = z.output<z.ZodMiniObject<typeof trainingMembers>>;

/** The numbers of a training spec that options and sample counts decide. Throws OPTION_INVALID. */
export function stepsAndBatches(
  options: ParsedTrainingOptions,
  rows: number,
  replayRows: number,
  replayShare: number,
): Pick<TrainingSpec, "batchRows" | "batchReplayRows" | "maxSteps"> {
  const batchRows = Math.min(options.batchSize ?? rows, rows);
  const wanted = replayRows > 0 ? Math.round((batchRows * replayShare) / (1 - replayShare)) : 0;
  const perEpoch = Math.ceil(rows / batchRows);
  const fromEpochs = options.epochs === undefined ? undefined : options.epochs * perEpoch;
  const maxSteps = Math.min(
    options.maxSteps ?? fromEpochs ?? perEpoch,
    fromEpochs ?? Number.POSITIVE_INFINITY,
  );
  if (maxSteps > LARGEST_COUNT) {
    throw new DriftkeelRangeError(
      "OPTION_INVALID",
      `Expected epochs of ${perEpoch} batches to be at most ${LARGEST_COUNT} steps, ` +
        `got ${maxSteps}. Lower epochs, or set maxSteps.`,
    );
  }
  return { batchRows, batchReplayRows: Math.min(wanted, replayRows), maxSteps };
}

/** The optimiser's part of a training spec. */
export function optimizerOf(options: ParsedTrainingOptions) {
  const { lr, optimizer, momentum, beta2, weightDecay, clipNorm, schedule, warmupSteps } = options;
  return { lr, optimizer, momentum, beta2, weightDecay, clipNorm, schedule, warmupSteps };
}

/**
 * The form of EWC that goes with an optimiser: proximal for plain SGD, gradient where steps are
 * adaptive.
 */
export function defaultEwcForm(optimizer: OptimizerName): EwcForm {
  return optimizer === "sgd" ? "proximal" : "gradient";
}
