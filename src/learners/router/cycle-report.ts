// What one cycle did, for a person and for the next cycle; written for every attempt.

import type { ParsedCycleOptions } from "./cycle-options.ts";
import type { PairedInterval, RouterResult } from "./evaluator.ts";
import { toSnake } from "./naming.ts";
import type { BrokenFile } from "./trajectory-files.ts";

/** How a cycle ended. */
export type CycleOutcome = "promoted" | "rejected" | "skipped" | "failed";

/** Figures of a router without those of single tasks. */
export type RouterFigures = Omit<RouterResult, "taskRewards" | "familyRewards"> & {
  families: { family: string; reward: number }[];
};

/** The challenger beside one version. */
export interface Comparison {
  /** What the version is: the active one, the fixed anchor, or the one asked for. */
  role: "active" | "anchor" | "pinned";
  /** null: a router that has learned nothing, before there is a version. */
  versionId: string | null;
  baseline: RouterFigures;
  challenger: RouterFigures;
  deltas: { reward: number; errorRate: number; latencyMs: number; latencyP95Ms: number };
  /** Of the paired rewards. */
  interval: PairedInterval;
  gates: { accepted: boolean; reasons: string[]; metrics: Record<string, number> };
}

/** Everything about one attempt. */
export interface CycleReport {
  reportId: string;
  outcome: CycleOutcome;
  reason: string;
  dryRun: boolean;
  startedAt: string;
  /** null while it runs, and for ever when it was killed. */
  finishedAt: string | null;
  seed: number;
  baselineId: string | null;
  /** The challenger, when it was saved. */
  versionId: string | null;
  trajectories: {
    files: number;
    /** Read anew; the others were in the index. */
    read: number;
    broken: number;
    /** The first of the broken ones. */
    brokenFiles: BrokenFile[];
    /** Runs of the benchmark, and trajectories with a task of the suite. */
    quarantined: number;
    peer: number;
    seen: number;
    unseen: number;
  };
  dataset: {
    hash: string;
    used: number;
    trained: number;
    heldOut: number;
    baselineReward: number;
    /** Of the held-out decisions, self-normalised by importance; null without a match. */
    heldOutReward: { baseline: number | null; challenger: number | null };
  } | null;
  suite: { name: string; hash: string; tasks: number; bestReward: number };
  training: Record<string, { steps: number; lossBefore: number; lossAfter: number }> | null;
  comparisons: Comparison[];
  /** Inputs in the case index; null when it was not rebuilt. */
  caseIndex: number | null;
  durations: { indexMs: number; trainMs: number; evaluateMs: number; totalMs: number };
}

/** A report with the names that it has on disk. */
export function reportRecord(report: CycleReport): Record<string, unknown> {
  return { format_version: 1, ...(toSnake(report) as Record<string, unknown>) };
}

/** Figures as a report shows them. */
export function figuresOf({ taskRewards: _, familyRewards, ...rest }: RouterResult): RouterFigures {
  const families = Object.entries(familyRewards).map(([family, reward]) => ({ family, reward }));
  return { ...rest, families };
}

/** The report of a cycle that was killed: what is on disk while it runs. */
export function emptyReport(
  reportId: string,
  startedAt: string,
  { dryRun, seed, suite }: Pick<ParsedCycleOptions, "dryRun" | "seed" | "suite">,
): CycleReport {
  return {
    reportId,
    outcome: "failed",
    reason: "interrupted before its end",
    dryRun,
    startedAt,
    finishedAt: null,
    seed,
    baselineId: null,
    versionId: null,
    trajectories: {
      files: 0,
      read: 0,
      broken: 0,
      brokenFiles: [],
      quarantined: 0,
      peer: 0,
      seen: 0,
      unseen: 0,
    },
    dataset: null,
    suite: {
      name: suite.name,
      hash: suite.hash,
      tasks: suite.tasks.length,
      bestReward: suite.bestReward(),
    },
    training: null,
    comparisons: [],
    caseIndex: null,
    durations: { indexMs: 0, trainMs: 0, evaluateMs: 0, totalMs: 0 },
  };
}
