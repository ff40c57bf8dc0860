// The options of a replay: what may be chosen, within which limits, and what is chosen otherwise.

import * as z from "zod/mini";
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
  seed: z._default(seed, 1),
  /** Calendar years the base network is trained on; live trading starts after them. */
  warmupYears: z._default(positiveInteger.check(z.maximum(50, "an integer from 1 to 50")), 3),
  /** Trading days between scheduled updates. */
  scheduleDays: z._default(positiveInteger, 21),
  /** Cost of changing the position by one unit, in hundredths of a percent. */
  costBps: z._default(nonNegativeNumber.check(z.maximum(100, "a number from 0 to 100")), 1),
  /** Calendar days after the start of an update in which no other starts. */
  cooldownDays: z._default(nonNegativeInteger, 14),
  /** Newest trading days that train, those held out not counted. */
  trainDays: z._default(positiveInteger, 252),
  /** Part of all days that is held out of training, decided once per day by its content. */
  holdoutShare: z._default(share.check(z.gt(0, HOLDOUT), z.lt(1, HOLDOUT)), 0.2),
  /** Newest held-out days, which judge. */
  holdoutDays: z._default(positiveInteger.check(z.minimum(10, "an integer of at least 10")), 63),
  /** Training and held-out days an update needs. */
  minTrainDays: z._default(positiveInteger, 63),
  minHoldoutDays: z._default(positiveInteger, 16),
  /** Rise of the held-out loss (minus the daily Sharpe ratio) above which an update is undone. */
  maxLossDelta: z._default(nonNegativeNumber, 0),
  /** What a candidate may lose of the Sharpe ratio of the active version and the base network. */
  stability: z.prefault(
    z.strictObject({
      minRatio: z._default(share, 0.95),
      level: z._default(z.number().check(z.gt(0), z.maximum(0.5)), 0.05),
    }),
    {},
  ),
  /** Days on which a promoted version is watched beside the one before. */
  probation: z.prefault(
    z.strictObject({
      level: z._default(z.number().check(z.gt(0), z.maximum(0.5)), 0.05),
      minSamples: z._default(positiveInteger, 21),
      maxSamples: z._default(positiveInteger, 63),
    }),
    {},
  ),
  /** Trading days between two searches for another architecture, where they are switched on. */
  searchEveryDays: z._default(positiveInteger, 252),
  /** Newest known days that a search looks at. */
  searchDays: z._default(positiveInteger.check(z.minimum(200, "an integer of at least 200")), 1000),
  /** Calendar days without updates after a rollback. */
  coolOffDays: z._default(nonNegativeInteger, 30),
  drift: z.prefault(
    z.strictObject({
      windowSize: z._default(positiveInteger, 30),
      sigmas: z._default(positiveNumber, 1),
    }),
    {},
  ),
  base: z.prefault(
    z.strictObject({
      lr: z._default(positiveNumber, 0.001),
      maxSteps: z._default(positiveInteger, 100),
      weightDecay: z._default(nonNegativeNumber, 0.01),
    }),
    {},
  ),
  update: z.prefault(
    z.strictObject({
      rank: z._default(positiveInteger, 2),
      alpha: z._default(positiveNumber, 4),
      lr: z._default(positiveNumber, 0.003),
      maxSteps: z._default(positiveInteger, 40),
      ewcLambda: z._default(nonNegativeNumber, 10),
      replayCapacity: z._default(positiveInteger, 1024),
      replayShare: z._default(share, 0.5),
    }),
    {},
  ),
});

/** What a caller may set; every member has a default. */
export type ReplayOptions = z.input<typeof schema>;

/** The options with every default filled in. */
export type ReplaySettings = z.output<typeof schema>;

/** Checks options and fills in defaults. Throws `OPTION_INVALID` and `OPTION_UNKNOWN`. */
export function parseReplayOptions(options: ReplayOptions = {}): ReplaySettings {
  return parseOptions("replay", schema, options);
}
