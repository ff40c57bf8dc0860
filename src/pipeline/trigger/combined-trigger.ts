// Several triggers that share one state and are asked as one.

import * as z from "zod/mini";
import { checkFilled } from "../../checks.ts";
import { DriftkeelRangeError } from "../../errors.ts";
import { parseState } from "../../options.ts";
import type { Trigger, TriggerState } from "./trigger.ts";

const stateSchema = z.strictObject({ triggers: z.array(z.unknown()) });

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

  /** The states of its triggers, in order; null for one that keeps none. */
  state(): unknown {
    return { triggers: this.#triggers.map((trigger) => trigger.state?.() ?? null) };
  }

  /** Continues from what `state()` returned. Throws STATE_INVALID and changes nothing otherwise. */
  restore(state: unknown): void {
    const { triggers } = parseState("combined trigger", stateSchema, state);
    if (triggers.length !== this.#triggers.length) {
      throw new DriftkeelRangeError(
        "STATE_INVALID",
        `Expected the state of ${this.#triggers.length} triggers, got ${triggers.length}; ` +
          "restore it into the combination it was saved from.",
      );
    }
    const before = this.#triggers.map((trigger) => trigger.state?.());
    try {
      for (const [index, trigger] of this.#triggers.entries()) trigger.restore?.(triggers[index]);
    } catch (error) {
      for (const [index, trigger] of this.#triggers.entries()) trigger.restore?.(before[index]);
      throw error;
    }
  }
}
