// Two ready-made ways to run a learner: hardly ever and with great care, or every day.

import * as z from "zod/mini";
import { type Clock, clock } from "../clock.ts";
import { parseOptions, positiveInteger, positiveNumber } from "../options.ts";
import type { OnlineLearnerOptions } from "./learner-options.ts";
import { MinimumNewTrigger } from "./trigger/minimum-new-trigger.ts";
import { Composite } from "./validate/composite.ts";
import { Drawdown } from "./validate/drawdown.ts";
import { FiniteWeights } from "./validate/finite-weights.ts";
import { LossDelta } from "./validate/loss-delta.ts";
import { OutputKl } from "./validate/output-kl.ts";
import { Perplexity } from "./validate/perplexity.ts";
import { SharpeStability } from "./validate/sharpe-stability.ts";
import type { ProfitAndLoss } from "./validate/snapshot-of.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Options in two parts, to be spread into those of the model and of the learner. */
export interface Preset {
  /** For `NetworkLearnable` or `BlackBoxLearnable`. */
  training: { lr: number; maxSteps?: number; clipNorm?: number };
  /** For `OnlineLearner.open`. */
  learner: Omit<OnlineLearnerOptions, "model">;
}

const pnl = z.custom<ProfitAndLoss>((value) => typeof value === "function", "a function");

const conservativeOptions = z.strictObject({
  lr: positiveNumber,
  classes: z.optional(positiveInteger),
  pnl: z.optional(pnl),
  now: clock,
});

const dailyOptions = z.strictObject({ pnl, now: clock });

/** What `conservative` takes. */
export interface ConservativeOptions {
  /** The learning rate that the model was trained with; updates take a tenth of it. */
  lr: number;
  /**
   * Outputs of a classifier under cross-entropy: candidates are then judged by perplexity (a rise
   * of at most 5%) and by the KL divergence of the outputs (at most 0.1). Absent for models of
   * other kinds, whose loss on held-out samples may not rise.
   */
  classes?: number;
  /** With it, the drawdown on the held-out samples may grow by at most 2%. */
  pnl?: ProfitAndLoss;
  /** Default: the system's clock. */
  now?: Clock;
}

/** What `daily` takes. */
export interface DailyOptions {
  /** What the outputs earn: it judges candidates, is watched for drift and in probation. */
  pnl: ProfitAndLoss;
  /** Default: the system's clock. */
  now?: Clock;
}

/**
 * At most one update in 24 hours, on 500 new samples or more, of 100 steps at a tenth of the
 * learning rate with gradients clipped at 0.5; after a promotion the version before runs in the
 * shadow for 48 hours. Throws OPTION_INVALID, OPTION_UNKNOWN.
 */
export function conservative(options: ConservativeOptions): Preset {
  const { lr, classes, pnl, now } = parseOptions("conservative", conservativeOptions, options);
  const gates =
    classes === undefined
      ? [new LossDelta(0)]
      : [new Perplexity(0.05), new OutputKl(0.1, { form: "logits", outputSize: classes })];
  return {
    training: { lr: lr / 10, maxSteps: 100, clipNorm: 0.5 },
    learner: {
      trigger: new MinimumNewTrigger({ minimumNew: 500, cooldownMs: DAY_MS, now }),
      onDrift: "update",
      minNewSamples: 500,
      minIntervalMs: DAY_MS,
      validator: new Composite([
        new FiniteWeights(),
        ...gates,
        ...(pnl ? [new Drawdown(0.02)] : []),
      ]),
      probation: { maxDurationMs: 48 * HOUR_MS },
      ...(pnl && { pnl }),
      now,
    },
  };
}

/**
 * At most one update a day, on the samples of the last 60 days, at a learning rate of 1e-5 under
 * EWC with lambda 1000; a candidate may lose at most 5% of the Sharpe ratio. Samples need
 * timestamps. Throws OPTION_INVALID, OPTION_UNKNOWN.
 */
export function daily(options: DailyOptions): Preset {
  const { pnl, now } = parseOptions("daily", dailyOptions, options);
  return {
    training: { lr: 1e-5 },
    learner: {
      intake: { maxAgeMs: 60 * DAY_MS, trainingWindow: 100_000, holdoutWindow: 25_000 },
      trigger: new MinimumNewTrigger({ minimumNew: 1, cooldownMs: DAY_MS, now }),
      onDrift: "update",
      minNewSamples: 1,
      minIntervalMs: DAY_MS,
      ewc: { lambda: 1000 },
      validator: new Composite([new FiniteWeights(), new SharpeStability({ minRatio: 0.95 })]),
      pnl,
      watched: "pnl",
      now,
    },
  };
}
