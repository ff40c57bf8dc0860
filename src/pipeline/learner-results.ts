// What the online learner answers.

import type { Measurements, UpdateReason } from "../events.ts";
import type { Sample } from "../model/sample.ts";
import type { TrainReport } from "../model/train-options.ts";
import type { DriftState } from "./drift/drift-detector.ts";
import type { ProbationOutcome } from "./promote/probation.ts";
import type { SafeModeState } from "./promote/safe-mode.ts";
import type { Validator } from "./validate/validator.ts";

/** What `predict` gives. */
export interface Prediction {
  /** f32[outputSize]. */
  output: Float32Array;
  /** The version that gave it. */
  versionId: string;
}

/** What `update` and `dryRun` take. */
export interface UpdateRequest {
  /** Ends the training early; the update then ends as failed with UPDATE_CANCELLED. */
  signal?: AbortSignal;
  /**
   * Trains and judges on these in place of the windows, split into both sides as every sample is.
   * They are not observed, and not to be changed before the update has begun.
   */
  samples?: readonly Sample[];
  /** Learning rate in place of the configured one; after a rollback it is halved all the same. */
  lr?: number;
  /**
   * Strength of EWC in place of the configured one. When the learner remembers no Fisher, that of
   * the active version on the held-out samples is taken for this update.
   */
  lambda?: number;
  /** Judges after the learner's own validator has accepted. */
  validator?: Validator;
  /** Who asks, as `current.json` tells it of the version; default "online-learner". */
  source?: string;
  /** Awaited between training and judging. */
  onTrained?: (report: TrainReport) => Promise<void> | void;
}

/** Timestamps of the oldest and the newest of some samples. */
export interface TimeSpan {
  from: Date;
  to: Date;
}

/** The EWC of one training. */
export interface EwcFacts {
  lambda: number;
  /** Largest and median element of the Fisher; NaN or Infinity show that it broke. */
  fisherMax: number;
  fisherMedian: number;
}

/** What an update was made of. */
export interface UpdateFacts {
  reason: UpdateReason;
  /** Samples in the training window, in the memory that was replayed, and held out to judge. */
  samples: { training: number; replay: number; holdout: number };
  /** Of the training window; undefined when its samples bring no timestamps. */
  trainedOn: TimeSpan | undefined;
  /** Of the held-out window. */
  judgedOn: TimeSpan | undefined;
  /** Undefined when the training failed. */
  training: TrainReport | undefined;
  /** What the training was held to; undefined without EWC and when the training failed. */
  ewc: EwcFacts | undefined;
  /** Loss on the held-out window; undefined when it was not measured. */
  heldOut: { lossBefore: number; lossAfter: number } | undefined;
}

/** How an update ended. */
export interface UpdateOutcome {
  outcome: "promoted" | "rejected" | "skipped" | "failed";
  /** In words, with the numbers. */
  reason: string;
  /** The new version, when promoted. */
  versionId?: string;
  measurements: Measurements;
  /** Undefined when it was skipped. */
  facts?: UpdateFacts;
}

/** How a dry run ended: `accepted` where an update would have been promoted. */
export interface DryRunOutcome extends Omit<UpdateOutcome, "outcome" | "versionId"> {
  outcome: "accepted" | "rejected" | "skipped" | "failed";
}

/** What one sample did. */
export interface Observation {
  /** Loss of the active version, before the sample was learned. */
  loss: number;
  side: "training" | "holdout";
  /** What the output earned; only for a learner with `pnl`. */
  pnl?: number;
  drift: DriftState;
  /** Whether probation went back to the previous version. */
  rolledBack: boolean;
  update?: UpdateOutcome;
}

/** A sample that would survive a power cut. */
export interface Submission {
  /** What it did, once it was learned. Nobody needs to wait for it. */
  learned: Promise<Observation>;
}

export interface LearnerStatus {
  modelId: string;
  versionId: string;
  previousId: string | undefined;
  state: "ready" | "updating" | "frozen" | "closed";
  /** Samples since the learner began. */
  observed: number;
  samples: { training: number; holdout: number; replay: number };
  /** What follows a rollback; undefined for a learner without it. */
  safeMode: SafeModeState | undefined;
  /** Of the active version, when it has one. */
  probation: { outcome: ProbationOutcome; reason: string } | undefined;
}
