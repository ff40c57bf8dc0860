// Everything that happens to a learner, as facts in the past: a closed union.

/** What every event carries. */
interface Happening {
  /** Milliseconds since 1970 of the learner's clock. */
  at: number;
  modelId: string;
}

/** Numbers by name. */
export type Measurements = Readonly<Record<string, number>>;

/** An event without when and where. */
export type EventBody =
  | { type: "drift-detected"; value: number; measurements: Measurements }
  | {
      type: "update-started";
      reason: UpdateReason;
      samples: number;
      replayed: number;
      /** Of the training samples, where they bring timestamps. */
      trainedOn?: { from: Date; to: Date };
    }
  | { type: "update-progressed"; step: number; maxSteps: number; loss: number }
  | { type: "update-skipped"; obstacle: ObstacleKind; reason: string }
  | { type: "update-failed"; code: string; message: string }
  | { type: "candidate-rejected"; reason: string; measurements: Measurements }
  | { type: "candidate-accepted"; reason: string; measurements: Measurements }
  | { type: "promoted"; versionId: string; reason: string; measurements: Measurements }
  | { type: "rolled-back"; from: string; to: string; reason: string; measurements: Measurements }
  | { type: "probation-ended"; versionId: string; outcome: ProbationEnd; reason: string }
  | { type: "frozen"; reason: string }
  | { type: "unfrozen" }
  | { type: "checkpoint-failed"; code: string; message: string };

/** How a probation ends other than by a rollback. superseded: the next version came before. */
export type ProbationEnd = "passed" | "inconclusive" | "superseded";

export type LearnerEvent = Happening & EventBody;

/** What kept an update from being made. */
export type ObstacleKind = "frozen" | "few-samples" | "too-soon" | "guard";

/** Why an update was made. */
export type UpdateReason = "drift" | "trigger" | "request";
