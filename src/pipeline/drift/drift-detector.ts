// The contract of every drift detector.

/** What a detector says after each value. */
export type DriftState = "stable" | "warning" | "drift";

/** Watches a stream of numbers (losses, errors, P&L) for a change in what generates them. */
export interface DriftDetector {
  /** Takes one finite value. */
  update(value: number): DriftState;
  /** Forgets everything seen; options stay. */
  reset(): void;
  /** All that decides later results, as JSON. */
  state(): unknown;
  /**
   * Continues from what `state()` returned. Throws STATE_INVALID and changes nothing when it does
   * not fit.
   */
  restore(state: unknown): void;
  /** Numbers behind the last result, by name. */
  readonly measurements: Readonly<Record<string, number>>;
}
