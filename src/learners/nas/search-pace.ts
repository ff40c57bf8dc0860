// Lets a long run breathe: reports its progress, gives the event loop its turn, stops on a signal.

import { setImmediate } from "node:timers/promises";
import { DriftkeelError } from "../../index.ts";

/** A part of a trial. */
export type NasPhase = "search" | "choose" | "train";

/** How far a run has come. */
export interface NasProgress {
  /** The mixture moves; operations are tried; the chosen cell is trained. */
  phase: NasPhase;
  /** From 0. */
  trial: number;
  step: number;
  /** At most. */
  steps: number;
  /** Of the last batch. */
  loss: number;
}

/** Steps between two looks at the outside. */
const STEPS_PER_TURN = 8;

/** The outside of one run. */
export class SearchPace {
  readonly #signal: AbortSignal | undefined;
  readonly #onProgress: ((progress: NasProgress) => void) | undefined;
  trial = 0;

  constructor(
    signal: AbortSignal | undefined,
    onProgress: ((progress: NasProgress) => void) | undefined,
  ) {
    this.#signal = signal;
    this.#onProgress = onProgress;
  }

  /** Throws UPDATE_CANCELLED when the signal has said so. */
  check(): void {
    if (!this.#signal?.aborted) return;
    throw new DriftkeelError(
      "UPDATE_CANCELLED",
      "Expected the search to finish, but its signal was aborted. Nothing has changed; start it " +
        "again.",
      { cause: this.#signal.reason },
    );
  }

  /** Called after each step. */
  async after(phase: NasPhase, step: number, steps: number, loss: number): Promise<void> {
    if (step % STEPS_PER_TURN !== 0 && step !== steps) return;
    this.#onProgress?.({ phase, trial: this.trial, step, steps, loss });
    await setImmediate();
    this.check();
  }
}
