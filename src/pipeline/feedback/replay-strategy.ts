// The contract of the ways to decide which ordinary samples a full replay buffer keeps.

import type { Random } from "../../core/random.ts";

/** What a strategy may know of the buffer when a sample is offered. */
export interface Offer {
  /** The label of the offered sample: f32[outputSize]. */
  label: Float32Array;
  /** Slots in use, 0..capacity; they are the slots below this number. */
  held: number;
  /** Samples offered so far, this one included. */
  seen: number;
  random: Random;
}

/**
 * Decides the slot of each offered sample. A strategy belongs to one buffer and keeps no samples
 * itself.
 */
export interface ReplayStrategy {
  /**
   * The slot, 0..capacity-1, that takes the sample, or undefined when it is not kept. Called once
   * for each sample. While `held` < capacity the answer is `held`: nothing is turned away or
   * replaced before the buffer is full.
   */
  place(offer: Offer): number | undefined;
  /** What `restore` needs to go on, as JSON; null when the offers say everything. */
  state(): unknown;
  /** Goes on from a state; `labels` are those of the held samples by slot. Throws STATE_INVALID. */
  restore(state: unknown, labels: readonly Float32Array[]): void;
}
