// The options of a replay: what may be chosen, within which limits, and what is chosen otherwise.

import * as z from "zod";
import {
  nonNegativeInteger,
  nonNegativeNumber,
  parseOptions,
  positiveInteger,
  positiveNumber,
  seed,
  share,
} from "../options.ts";

const HOLDOUT = "a number above 0 and below 1";

/*
 * The numbers of `base` and `update` were chosen on the first three years of the S&P 500 alone: the
 * base network trained on 2000-2001, both traded 2002, mean of 8 seeds. The base stops training
 * before what it gains there costs more in 2002; the update lies in the middle of a plateau. All
 * other defaults were set before any run: a year to learn from, a fifth of all days held out.
 */
const schema = z.strictObject({
  /** Of the base network, the adapter and the replay buffer. */
  seed: seed.default(1),
  /** Calendar years the base network is trained on; live trading starts after them. */
  warmupYears: positiveInteger.max(50, "an integer from 1 to 50").default(3),
  /** Trading days between scheduled updates. */
  scheduleDays: positiveInteger.default(21),
  /** Cost of changing the position by one unit, in hundredths of a percent. */
  costBps: nonNegativeNumber.max(100, "a number from 0 to 100").default(1),
  /** Calendar days after the start of an update in which no other starts. */
  cooldownDays: nonNegativeInteger.default(14),
  /** Newest trading days that train, those held out not counted. */
  trainDays: positiveInteger.default(252),
  /** Part of all days that is held out of training, decided once per day by its content. */
  holdoutShare: share.gt(0, HOLDOUT).lt(1, HOLDOUT).default(0.2),
  /** Newest held-out days, which judge. */
  holdoutDays: positiveInteger.min(10, "an integer of at least 10").default(63),
  /** Training and held-out days an update needs. */
  minTrainDays: positiveInteger.default(63),
  minHoldoutDays: positiveInteger.default(16),
  /** Rise of the held-out loss (minus the daily Sharpe ratio) above which an update is undone. */
  maxLossDelta: nonNegativeNumber.default(0),
  /** What a candidate may lose of the Sharpe ratio of the active version and the base network. */
  stability: z
    .strictObject({
      minRatio: share.default(0.95),
      level: z.number().gt(0).max(0.5).default(0.05),
    })
    .prefault({}),
  /** Days on which a promoted version is watched beside the one before. */
  probation: z
    .strictObject({
      level: z.number().gt(0).max(0.5).default(0.05),
      minSamples: positiveInteger.default(21),
      maxSamples: positiveInteger.default(63),
    })
    .prefault({}),
  /** Trading days between two searches for another architecture, where they are switched on. */
  searchEveryDays: positiveInteger.default(252),
  /** Newest known days that a search looks at. */
  searchDays: positiveInteger.min(200, "an integer of at least 200").default(1000),
  /** Calendar days without updates after a rollback. */
  coolOffDays: nonNegativeInteger.default(30),
  drift: z
    .strictObject({ windowSize: positiveInteger.default(30), sigmas: positiveNumber.default(1) })
    .prefault({}),
  base: z
    .strictObject({
      lr: positiveNumber.default(0.001),
      maxSteps: positiveInteger.default(100),
      weightDecay: nonNegativeNumber.default(0.01),
    })
    .prefault({}),
  update: z
    .strictObject({
      rank: positiveInteger.default(2),
      alpha: positiveNumber.default(4),
      lr: positiveNumber.default(0.003),
      maxSteps: positiveInteger.default(40),
      ewcLambda: nonNegativeNumber.default(10),
      replayCapacity: positiveInteger.default(1024),
      replayShare: share.default(0.5),
    })
    .prefault({}),
});

/** What a caller may set; every member has a default. */
export type ReplayOptions = z.input<typeof schema>;

/** The options with every default filled in. */
export type ReplaySettings = z.output<typeof schema>;

/** Checks options and fills in defaults. Throws `OPTION_INVALID` and `OPTION_UNKNOWN`. */
export function parseReplayOptions(options: ReplayOptions = {}): ReplaySettings {
  return parseOptions("replay", schema, options);
}
