// The contract of every validator: two models as numbers, and a verdict on the change between them.

/**
 * What is known of a model when it is judged. The two snapshots of a judgement are measured on the
 * same held-out observations in the same order, so that everything in them can be paired. Arrays
 * are read, never kept or changed.
 */
export interface ModelSnapshot {
  /** Every tensor by name, f32. */
  weights: ReadonlyMap<string, Float32Array>;
  /** Mean loss on the holdout; in nats for `Perplexity`. */
  loss: number;
  /** Loss of each sample of the holdout, f64; NaN where it is not defined. */
  losses?: Float64Array | undefined;
  /** Outputs on the holdout, f32[n x o] row by row, as `Network.forward` returns them. */
  outputs?: Float32Array | undefined;
  /** Profit or loss of each period as a fraction of the capital, f64, oldest first. */
  pnl?: Float64Array | undefined;
  /** P&L of the anchor, a fixed earlier version, in the same periods; in `before` only. */
  anchorPnl?: Float64Array | undefined;
  /** L2 norm of the last gradient of the training, before clipping. */
  gradientNorm?: number | undefined;
  /** Loss of each sample of the replay holdout: what the model could do before, f64. */
  replayLosses?: Float64Array | undefined;
  /** Time of one prediction in milliseconds, as a median. */
  latencyMs?: number | undefined;
  /** Share of the holdout that the model gets wrong: 0..1. */
  errorRate?: number | undefined;
}

/** A verdict. It is a value: a validator never throws on what it finds in a snapshot. */
export interface ValidationResult {
  pass: boolean;
  /** In words, with the numbers; never empty. */
  reason: string;
  /** Everything that was measured, by name; NaN where the model gave one. */
  measurements: Record<string, number>;
}

/** Judges the change from `before` to `after`. The same snapshots always get the same verdict. */
export interface Validator {
  validate(before: ModelSnapshot, after: ModelSnapshot): ValidationResult;
}
