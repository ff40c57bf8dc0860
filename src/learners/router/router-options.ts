// The options of a router: the size of its networks, how they are trained, how it explores.

import * as z from "zod";

const count = (largest: number) => z.int().min(1).max(largest);
const share = z.number().min(0).max(1);
/** The schema of a seed. */
export const seedSchema = z
  .int()
  .min(0)
  .max(2 ** 32 - 1);

/** Schema of `RouterNetworkOptions`. */
export const networkSchema = z.strictObject({
  wordBuckets: count(65_536).default(256),
  typeHidden: count(4096).default(32),
  candidateHidden: count(4096).default(16),
  seed: seedSchema.default(0),
});

/** Sizes of the two networks; a version keeps them. */
export interface RouterNetworkOptions {
  /** Buckets of the hashed input words: 1..65536, default 256. */
  wordBuckets?: number;
  /** Hidden units that choose the decision type; default 32. */
  typeHidden?: number;
  /** Hidden units that score a candidate; default 16. */
  candidateHidden?: number;
  /** Of the first weights; default 0. */
  seed?: number;
}

/** Schema of `RouterTrainingOptions`. */
export const trainingSchema = z.strictObject({
  lr: z.number().gt(0).default(0.003),
  epochs: count(10_000).default(15),
  batchSize: count(65_536).default(64),
  weightDecay: z.number().min(0).default(0.3),
  replayShare: share.lt(1).default(0.5),
  replayCapacity: count(1_000_000).default(2000),
  ewcLambda: z.number().min(0).default(30),
  importanceClip: z.number().min(1).max(1e6).default(10),
  holdoutFraction: share.lt(1).default(0.2),
});

/** How a challenger is trained. */
export interface RouterTrainingOptions {
  /** Step size of AdamW; default 0.003. */
  lr?: number;
  /** Passes over the samples; default 15. */
  epochs?: number;
  /** Default 64. */
  batchSize?: number;
  /** Of AdamW; default 0.3: a situation has many features and a logged decision tells little. */
  weightDecay?: number;
  /** Share of replayed samples in a batch: 0 (none) to below 1, default 0.5. */
  replayShare?: number;
  /** Earlier samples that each network remembers, set by the first challenger; default 2000. */
  replayCapacity?: number;
  /** Strength of EWC; 0 for none, default 30. */
  ewcLambda?: number;
  /** Largest importance weight 1 / propensity; default 10. */
  importanceClip?: number;
  /** The latest part of the trajectories, which is only measured; default 0.2. */
  holdoutFraction?: number;
}

/** The options above with their defaults. */
export type RouterTraining = z.output<typeof trainingSchema>;

const FLOOR = "a number above 0, at most 0.1";
/** Schema of `Exploration`. */
export const explorationSchema = z.strictObject({
  floor: z.number(FLOOR).gt(0, FLOOR).max(0.1, FLOOR),
  seed: seedSchema.default(0),
});

/** Decisions are drawn from the policy instead of taking the likeliest. */
export interface Exploration {
  /** Least probability of every possible decision type and of every candidate: (0, 0.1]. */
  floor: number;
  /** Of the draws; default 0. */
  seed?: number;
}
