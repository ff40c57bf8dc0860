// The options of a replay: what may be chosen, within which limits, and what is chosen otherwise.

import * as z from "zod";
import {
  nonNegativeNumber,
  parseOptions,
  positiveInteger,
  positiveNumber,
  seed,
  share,
} from "../options.ts";

const schema = z.strictObject({
  /** Of the base network, the adapter and the replay buffer. */
  seed: seed.default(1),
  /** Calendar years the base network is trained on; live trading starts after them. */
  warmupYears: positiveInteger.max(50, "an integer from 1 to 50").default(3),
  /** Trading days between scheduled updates. */
  scheduleDays: positiveInteger.default(21),
  /** Cost of changing the position by one unit, in hundredths of a percent. */
  costBps: nonNegativeNumber.max(100, "a number from 0 to 100").default(1),
  /** Trading days after an update in which no other starts. */
  cooldownDays: positiveInteger.default(10),
  /** Trading days an update learns from: the newest before the held-out ones. */
  trainDays: positiveInteger.default(252),
  /** Newest trading days, held out of training to judge the update. */
  holdoutDays: positiveInteger.min(10, "an integer of at least 10").default(63),
  /** Rise of the held-out loss (minus the daily Sharpe ratio) above which an update is undone. */
  maxLossDelta: nonNegativeNumber.default(0),
  drift: z
    .strictObject({ windowSize: positiveInteger.default(30), sigmas: positiveNumber.default(1) })
    .prefault({}),
  base: z
    .strictObject({
      lr: positiveNumber.default(0.003),
      maxSteps: positiveInteger.default(300),
      weightDecay: nonNegativeNumber.default(0.01),
    })
    .prefault({}),
  update: z
    .strictObject({
      rank: positiveInteger.default(2),
      alpha: positiveNumber.default(4),
      lr: positiveNumber.default(0.003),
      maxSteps: positiveInteger.default(40),
      ewcLambda: nonNegativeNumber.default(1),
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
