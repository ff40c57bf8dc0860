// What the online learner answers.

import type { Measurements, UpdateReason } from "../events.ts";
import type { TrainReport } from "../model/train-options.ts";
import type { DriftState } from "./drift/drift-detector.ts";
import type { ProbationOutcome } from "./promote/probation.ts";
import type { SafeModeState } from "./promote/safe-mode.ts";

/** What `predict` gives. */
export interface Prediction {
  /** f32[outputSize]. */
  output: Float32Array;
  /** The version that gave it. */
  versionId: string;
}

/** What `update` takes. */
export interface UpdateRequest {
  /** Ends the training early; the update then ends as failed with UPDATE_CANCELLED. */
  signal?: AbortSignal;
}

/** Timestamps of the oldest and the newest of some samples. */
export interface TimeSpan {
  from: Date;
  to: Date;
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

/** What one sample did. */
export interface Observation {
  /** Loss of the active version, before the sample was learned. */
  loss: number;
  side: "training" | "holdout";
  drift: DriftState;
  /** Whether probation went back to the previous version. */
  rolledBack: boolean;
  update?: UpdateOutcome;
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
