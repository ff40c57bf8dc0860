// The contract of every trigger: when a model is retrained.

import type { Moment } from "../../clock.ts";

/** What a trigger decides on. Its owner sets `lastTriggerTime` when a training starts. */
export interface TriggerState {
  /** When the last training started; absent before one. */
  lastTriggerTime?: Moment | null;
  /** Samples recorded so far. */
  sampleCount: number;
  /** The latest losses, oldest first. */
  recentLosses: number[];
}

/** What a trigger on losses is told. */
export interface TriggerConfig {
  /** Relative rise of the loss that starts a training, >= 0. */
  driftThreshold: number;
  /** Samples before the first training, >= 0. */
  minSampleCount: number;
  /** Losses that are kept, > 0. */
  evalWindowSize: number;
  /** Milliseconds after the start of a training in which no other starts, >= 0. */
  cooldownMs: number;
}

/**
 * Decides on retraining. Per sample, `recordSample` and `shouldRetrain` are called once each, in
 * either order but always the same. A loss that is no finite number is refused by `recordSample`
 * and never starts a training.
 */
export interface Trigger {
  /** Whether to retrain now. Does not change `state`. */
  shouldRetrain(state: TriggerState, newLoss: number): boolean;
  /** Counts a sample and keeps its loss in `state`. */
  recordSample(state: TriggerState, loss: number): void;
  /** What it keeps beside the shared state, as JSON; absent when that is nothing. */
  state?(): unknown;
  /** Continues from what `state()` returned. Throws STATE_INVALID and changes nothing otherwise. */
  restore?(state: unknown): void;
}
