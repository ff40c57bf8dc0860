// What a replay reports while it runs: facts, in the order in which they happened.

import type { SearchProposal } from "./architecture-search.ts";
import type { Performance } from "./performance.ts";

/**
 * Those that trade side by side. `hold` buys on the first day and keeps; `static` never learns;
 * `naive` learns on the same days as `driftkeel`, without its judge, EWC and replay.
 */
export const TRADERS = ["hold", "static", "naive", "driftkeel"] as const;

/** Who trades. */
export type Trader = (typeof TRADERS)[number];

/** One number per trader. */
export type PerTrader<T> = Record<Trader, T>;

/** What made an update start. */
export type UpdateReason = "drift" | "schedule";

/** The base network is ready. */
export interface BaseTrained {
  kind: "base-trained";
  /** The last day it knows. */
  date: string;
  samples: number;
  steps: number;
  lossBefore: number;
  lossAfter: number;
  /** On the very days it was trained on; `hold` on the same days. */
  inSample: PerTrader<Performance>;
}

/** A day closed: what yesterday's positions earned, and the positions held into tomorrow. */
export interface DaySettled {
  kind: "day-settled";
  date: string;
  /** After costs, as a fraction of one unit of capital. */
  pnl: PerTrader<number>;
  /** -1 (short) to 1 (long). */
  position: PerTrader<number>;
  /** Per year, of the last days of `driftkeel`. */
  rollingSharpe: number;
}

/** The rolling Sharpe ratio fell out of its range. */
export interface DriftDetected {
  kind: "drift-detected";
  date: string;
  currentSharpe: number;
  meanSharpe: number;
  threshold: number;
  windowSize: number;
  /** What the alert led to. */
  action: "update" | "held-off";
  /** Why it led to no update. */
  obstacle?: string;
}

/** Which days an update used; dates are inclusive. */
export interface UpdateDays {
  trainFrom: string;
  trainTo: string;
  holdoutFrom: string;
  holdoutTo: string;
  /** Days in the replay buffer. */
  replaySamples: number;
}

/** An update was tried: promoted, rejected by the validators, or broken off by itself. */
export interface UpdateSettled {
  kind: "update-promoted" | "update-rejected" | "update-failed";
  date: string;
  trigger: UpdateReason;
  days: UpdateDays;
  /** Held-out losses of the active version and the candidate; absent when not measured. */
  lossBefore?: number;
  lossAfter?: number;
  /** Everything that the validators measured, by name. */
  measurements: Readonly<Record<string, number>>;
  /** The version that serves from now on, when promoted. */
  versionId?: string;
  /** Steps of the optimiser; 0 when the update failed. */
  steps: number;
  /** Why it ended as it did, for people. */
  reason: string;
  /** Duration, for display only: never in a log or a report. */
  elapsedMs: number;
}

/** The update of `naive` on the same day: kept unseen, or broken off by itself. */
export interface NaiveUpdated {
  kind: "naive-updated" | "naive-update-failed";
  date: string;
  /** The days it was trained on, inclusive: the newest there are. */
  trainFrom: string;
  trainTo: string;
  /** Losses on those days; absent when the update failed. */
  loss?: { before: number; after: number };
  /** Steps of the optimiser; 0 when the update failed. */
  steps: number;
}

/** Probation found that a promoted version hurts, and went back to the one before. */
export interface VersionRolledBack {
  kind: "version-rolled-back";
  date: string;
  from: string;
  to: string;
}

/** Another architecture was searched after an alert, and proposed; nothing was swapped. */
export interface ArchitectureProposed extends SearchProposal {
  kind: "architecture-proposed";
  date: string;
}

/** Everything a replay reports. */
export type ReplayEvent =
  | BaseTrained
  | DaySettled
  | DriftDetected
  | UpdateSettled
  | VersionRolledBack
  | ArchitectureProposed
  | NaiveUpdated;
