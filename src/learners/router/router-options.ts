// The options of a router: the size of its networks, how they are trained, how it explores.

import * as z from "zod/mini";

const count = (largest: number) => z.int().check(z.minimum(1), z.maximum(largest));
const share = z.number().check(z.minimum(0), z.maximum(1));
/** The schema of a seed. */
export const seedSchema = z.int().check(z.minimum(0), z.maximum(2 ** 32 - 1));

/** Schema of `RouterNetworkOptions`. */
export const networkSchema = z.strictObject({
  wordBuckets: z._default(count(65_536), 256),
  typeHidden: z._default(count(4096), 32),
  candidateHidden: z._default(count(4096), 16),
  seed: z._default(seedSchema, 0),
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
  lr: z._default(z.number().check(z.gt(0)), 0.003),
  epochs: z._default(count(10_000), 15),
  batchSize: z._default(count(65_536), 64),
  weightDecay: z._default(z.number().check(z.minimum(0)), 0.3),
  replayShare: z._default(share.check(z.lt(1)), 0.5),
  replayCapacity: z._default(count(1_000_000), 2000),
  ewcLambda: z._default(z.number().check(z.minimum(0)), 30),
  importanceClip: z._default(z.number().check(z.minimum(1), z.maximum(1e6)), 10),
  holdoutFraction: z._default(share.check(z.lt(1)), 0.2),
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
  floor: z.number(FLOOR).check(z.gt(0, FLOOR), z.maximum(0.1, FLOOR)),
  seed: z._default(seedSchema, 0),
});

/** Decisions are drawn from the policy instead of taking the likeliest. */
export interface Exploration {
  /** Least probability of every possible decision type and of every candidate: (0, 0.1]. */
  floor: number;
  /** Of the draws; default 0. */
  seed?: number;
}
