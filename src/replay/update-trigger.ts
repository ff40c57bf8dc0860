// Decides on which trading days an update starts: on drift or on schedule, never in a cool-down.

import type { UpdateReason } from "./replay-event.ts";

/** Distances in trading days. */
export interface UpdateTriggerOptions {
  /** Scheduled updates fall on multiples of this many live days. */
  scheduleDays: number;
  /** Days after an update that start no other. */
  cooldownDays: number;
  /** Live days that must have passed before the first update. */
  minDays: number;
}

/** What a day led to: an update and its reason, or why there is none. */
export type TriggerDecision = UpdateReason | "none" | "cooling-down" | "too-early";

/** Counts live trading days; drift is named before the schedule when both fall on one day. */
export class UpdateTrigger {
  readonly #options: UpdateTriggerOptions;
  #day = 0;
  #lastUpdate = Number.NEGATIVE_INFINITY;

  constructor(options: UpdateTriggerOptions) {
    this.#options = options;
  }

  /** Counts one live day and decides about it; a returned reason starts the cool-down. */
  decide(isDrift: boolean): TriggerDecision {
    this.#day += 1;
    const isScheduled = this.#day % this.#options.scheduleDays === 0;
    if (!isDrift && !isScheduled) return "none";
    if (this.#day < this.#options.minDays) return "too-early";
    if (this.#day - this.#lastUpdate <= this.#options.cooldownDays) return "cooling-down";
    this.#lastUpdate = this.#day;
    return isDrift ? "drift" : "schedule";
  }
}
