// Several triggers that share one state and are asked as one.

import { checkFilled } from "../../checks.ts";
import type { Trigger, TriggerState } from "./trigger.ts";

/** Asks all of its triggers every time: one that was left out would miss a loss. */
export class CombinedTrigger implements Trigger {
  readonly #triggers: readonly Trigger[];
  readonly #combine: (answers: boolean[]) => boolean;

  constructor(triggers: readonly Trigger[], combine: (answers: boolean[]) => boolean) {
    checkFilled("triggers", triggers);
    this.#triggers = [...triggers];
    this.#combine = combine;
  }

  shouldRetrain(state: TriggerState, newLoss: number): boolean {
    return this.#combine(this.#triggers.map((trigger) => trigger.shouldRetrain(state, newLoss)));
  }

  /**
   * Records the sample with every trigger, each on a copy, and keeps the copy with the most losses:
   * the sample counts once, and each trigger finds at least the losses it would have kept itself.
   */
  recordSample(state: TriggerState, loss: number): void {
    const records = this.#triggers.map((trigger) => {
      const copy = { ...state, recentLosses: [...state.recentLosses] };
      trigger.recordSample(copy, loss);
      return copy;
    });
    const length = (record: TriggerState): number => record.recentLosses.length;
    Object.assign(
      state,
      records.reduce((a, b) => (length(b) > length(a) ? b : a)),
    );
  }
}
