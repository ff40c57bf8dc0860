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
  | { type: "drift-detected"; loss: number; measurements: Measurements }
  | { type: "update-started"; reason: UpdateReason; samples: number; replayed: number }
  | { type: "update-skipped"; reason: string }
  | { type: "update-failed"; code: string; message: string }
  | { type: "candidate-rejected"; reason: string; measurements: Measurements }
  | { type: "promoted"; versionId: string; reason: string; measurements: Measurements }
  | { type: "rolled-back"; from: string; to: string; reason: string; measurements: Measurements }
  | { type: "probation-ended"; versionId: string; outcome: "passed" | "inconclusive" };

export type LearnerEvent = Happening & EventBody;

/** Why an update was made. */
export type UpdateReason = "drift" | "trigger" | "request";
