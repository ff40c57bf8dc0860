// The options of the background learner: the loop, its patterns, its adapter and the instant loop.

import * as z from "zod/mini";
import { monotonicMs } from "../../foundation.ts";

/** An integer from 1 to `largest`. */
function countUpTo(largest: number): z.ZodMiniNumberFormat {
  const phrase = `an integer from 1 to ${largest}`;
  return z.int(phrase).check(z.minimum(1, phrase), z.maximum(largest, phrase));
}

const POSITIVE = "a number > 0";
const positive = z.number(POSITIVE).check(z.gt(0, POSITIVE));
const NOT_NEGATIVE = "a number >= 0";
const notNegative = z.number(NOT_NEGATIVE).check(z.minimum(0, NOT_NEGATIVE));
const SHARE = "a number from 0 to 1";
const share = z.number(SHARE).check(z.minimum(0, SHARE), z.maximum(1, SHARE));
const INSIDE = "a number above 0, below 1";
const inside = z.number(INSIDE).check(z.gt(0, INSIDE), z.lt(1, INSIDE));
const CONFIDENCE = "a number from 0.5 to below 1";
const confidence = z.number(CONFIDENCE).check(z.minimum(0.5, CONFIDENCE), z.lt(1, CONFIDENCE));
const SEED = `an integer from 0 to ${2 ** 32 - 1}`;
const seed = z.int(SEED).check(z.minimum(0, SEED), z.maximum(2 ** 32 - 1, SEED));

/** Elements of an embedding. */
const embeddingSize = countUpTo(65_536);

const monotonicClock: () => number = monotonicMs;
const CLOCK = "a function that returns milliseconds";

/** The option `now`: a clock that only goes forward. */
const stopwatch = z._default(
  z.custom<() => number>((value) => typeof value === "function", CLOCK),
  () => monotonicClock,
);

/** What a bank is made of, besides the size of an embedding. */
const patternMembers = {
  maxPatterns: z._default(countUpTo(100_000), 1000),
  minSimilarity: z._default(inside, 0.5),
  mergeSimilarity: z._default(inside, 0.9),
  decay: z._default(z.union([inside, z.literal(1)]), 0.98),
};

/** Schema of `PatternBankOptions`. */
export const bankSchema = z.strictObject({
  embeddingSize,
  maxPending: z._default(countUpTo(1_000_000), 10_000),
  ...patternMembers,
});

/** What `PatternBank` takes. */
export interface PatternBankOptions {
  /** Elements of an embedding: 1..65536. */
  embeddingSize: number;
  /** Trajectories that wait for an extraction; default 10000. */
  maxPending?: number;
  /** Patterns kept: 1..100000, default 1000. The least used go. */
  maxPatterns?: number;
  /**
   * Cosine below which a trajectory belongs to no pattern and opens one; default 0.5. Raise it for
   * embeddings that are all alike.
   */
  minSimilarity?: number;
  /** Cosine from which two patterns are one; default 0.9. */
  mergeSimilarity?: number;
  /** What an extraction keeps of the weight of earlier ones: above 0 to 1, default 0.98. */
  decay?: number;
}

/** Schema of `OnlineEwcOptions`. */
export const onlineEwcSchema = z.strictObject({
  lambda: z._default(notNegative, 1000),
  fisherDecay: z._default(inside, 0.9),
  lossDelta: z._default(notNegative, 0.1),
  lossThreshold: z._default(positive, 15),
  gradientFalseAlarmRate: z._default(inside, 1e-4),
  seed: z._default(seed, 0),
});

/** What `OnlineEwc` takes. */
export interface OnlineEwcOptions {
  /** Strength of the penalty, >= 0; default 1000. */
  lambda?: number;
  /** Weight of the past in the Fisher's average: above 0, below 1, default 0.9. */
  fisherDecay?: number;
  /** Rise of the mean loss that is tolerated (Page-Hinkley's delta), >= 0; default 0.1. */
  lossDelta?: number;
  /** Cumulated rise that is a boundary (Page-Hinkley's threshold), > 0; default 15. */
  lossThreshold?: number;
  /** Boundaries the gradient test finds in a window where nothing changed; default 1e-4. */
  gradientFalseAlarmRate?: number;
  /** Of the directions on which gradients are projected; default 0. */
  seed?: number;
}

/** Schema of `BackgroundLoopConfig`. */
export const loopSchema = z
  .strictObject({
    embeddingSize,
    minTrajectories: z._default(countUpTo(1_000_000), 100),
    baseLoraLr: z._default(positive, 1e-4),
    ewcLambda: z._default(notNegative, 1000),
    extractionIntervalMs: z._default(notNegative, 3_600_000),
    maxPending: z._default(countUpTo(1_000_000), 10_000),
    maxHeldOut: z._default(countUpTo(100_000), 512),
    holdoutFraction: z._default(inside, 0.2),
    confidence: z._default(confidence, 0.9),
    qualityDecay: z._default(share, 0.9),
    rank: z._default(countUpTo(1024), 8),
    alpha: z._default(positive, 32),
    temperature: z._default(positive, 0.1),
    epochs: z._default(countUpTo(10_000), 20),
    batchSize: z._default(countUpTo(65_536), 16),
    negatives: z._default(countUpTo(100_000), 32),
    patterns: z.prefault(z.strictObject(patternMembers), {}),
    boundary: z.prefault(z.omit(onlineEwcSchema, { lambda: true, seed: true }), {}),
    seed: z._default(seed, 0),
    now: stopwatch,
  })
  .check(({ value, issues }) => {
    const input = value.minTrajectories;
    if (input <= value.maxPending) return;
    issues.push({
      code: "custom",
      path: ["minTrajectories"],
      message: "at most maxPending",
      input,
    });
  });

/** `BackgroundLoopConfig` with its defaults. */
export type LoopOptions = z.output<typeof loopSchema>;

/** What `BackgroundLoop` takes. */
export interface BackgroundLoopConfig {
  /** Elements of an embedding: 1..65536. */
  embeddingSize: number;
  /** Trajectories that a cycle needs; default 100. */
  minTrajectories?: number;
  /** Step size of Adam, > 0; default 1e-4. */
  baseLoraLr?: number;
  /** Strength of EWC, >= 0; default 1000. */
  ewcLambda?: number;
  /** Time between two cycles; default an hour. */
  extractionIntervalMs?: number;
  /** Trajectories that wait at most; default 10000. A full queue makes the next cycle due. */
  maxPending?: number;
  /** Held-out trajectories of the present task that judge an update; default 512. */
  maxHeldOut?: number;
  /** Part of all trajectories that only judges: above 0, below 1, default 0.2. */
  holdoutFraction?: number;
  /** With which the gain on held-out trajectories is above 0: 0.5 to below 1; default 0.9. */
  confidence?: number;
  /** Weight of the past in the running quality that is normal: 0..1, default 0.9. */
  qualityDecay?: number;
  /** Rank of the adapter: 1..1024, default 8. */
  rank?: number;
  /** The adapter adds (alpha / rank) B A x; > 0, default 32. */
  alpha?: number;
  /** Of the softmax over patterns, in cosines; > 0, default 0.1. */
  temperature?: number;
  /** Passes over the trajectories of a cycle; default 20. */
  epochs?: number;
  /** Trajectories in a step; default 16. */
  batchSize?: number;
  /** Patterns that the used one is told apart from, the nearest first; default 32. */
  negatives?: number;
  /** How patterns are found. */
  patterns?: Omit<PatternBankOptions, "embeddingSize" | "maxPending">;
  /** How the end of a task is noticed. */
  boundary?: Omit<OnlineEwcOptions, "lambda" | "seed">;
  /** Of the first weights, the order of training and the holdout; default 0. */
  seed?: number;
  /** A clock that only goes forward, in milliseconds; default the system's. */
  now?: () => number;
}

const RATE = "a number above 0, at most 1";
/** Schema of `InstantLoopOptions`. */
export const instantSchema = z.strictObject({
  embeddingSize,
  rank: z._default(countUpTo(2), 2),
  lr: z._default(z.number(RATE).check(z.gt(0, RATE), z.maximum(1, RATE)), 0.5),
  seed: z._default(seed, 0),
});

/** What `InstantLoop` takes. */
export interface InstantLoopOptions {
  /** Elements of an embedding: 1..65536. */
  embeddingSize: number;
  /** Rank of the adapter: 1 or 2, default 2. */
  rank?: number;
  /** Largest move of an output, as a part of its length: above 0 to 1, default 0.5. */
  lr?: number;
  /** Of the first weights; default 0. */
  seed?: number;
}
