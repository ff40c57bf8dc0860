// Drift by McDiarmid's bound on exponentially weighted averages (HDDM, W-test).

import * as z from "zod/mini";
import { naturalLog } from "../../core/random.ts";
import { checkUnit } from "./detector-values.ts";
import type { DriftState } from "./drift-detector.ts";
import { confidencesInOrder, type HddmOptions, hddmOptions } from "./hddm-options.ts";
import { ResettingDetector } from "./resetting-detector.ts";
import {
  addToAverage,
  averageSchema,
  noAverage,
  type WeightedAverage,
} from "./weighted-average.ts";
import { worseState } from "./worse-state.ts";

const LAMBDA = "a number above 0 and below 1";

const optionsSchema = z
  .extend(hddmOptions, {
    lambda: z._default(z.number(LAMBDA).check(z.gt(0, LAMBDA), z.lt(1, LAMBDA)), 0.05),
  })
  .check(confidencesInOrder);

/** The average up to a cut, and that of the values since. */
const cutSchema = z.strictObject({ before: averageSchema, after: averageSchema });
type Cut = z.output<typeof cutSchema>;

const memorySchema = z.object({ total: averageSchema, low: cutSchema, high: cutSchema });
type Memory = z.output<typeof memorySchema>;

export interface HddmWOptions extends HddmOptions {
  /** Weight of the latest value: above 0 to below 1; default 0.05. Smaller is slower, surer. */
  lambda?: number;
}

/**
 * Watches errors or losses from 0 to 1 for a weighted mean that rises:
 *
 *     z = z + lambda (x - z)      w: sum of the squared weights of the values in z
 *     bound(w, c) = sqrt(w ln(1 / c) / 2)
 *
 * It cuts the stream where z + bound(w, driftConfidence) is smallest, starts a second average after
 * the cut, and for both confidences c
 *
 *     z after - z before > bound(w before + w after, c)
 *
 * is a warning or drift. With `twoSided` the same for a falling mean. O(1).
 *
 * Best on gradual change and the quickest of the two; `HddmA` raises fewer false alarms on sudden
 * change.
 *
 * Frias-Blanco et al. 2015, W-test. As in the authors' implementation, w starts at 1 and shrinks to
 * lambda^2 + (1 - lambda)^2 w with each value, the first included.
 */
export class HddmW extends ResettingDetector<typeof optionsSchema, typeof memorySchema> {
  readonly #logs = {
    drift: -naturalLog(this.options.driftConfidence),
    warning: -naturalLog(this.options.warningConfidence),
  };

  /** Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options?: HddmWOptions) {
    const schemas = { options: optionsSchema, memory: memorySchema };
    super({ name: "HddmW", ...schemas, check: checkUnit }, options);
  }

  protected override begin(): Memory {
    const nothing = (): Cut => ({ before: noAverage(), after: noAverage() });
    return { total: noAverage(), low: nothing(), high: nothing() };
  }

  protected override take(value: number, memory: Memory): DriftState {
    const { total } = memory;
    addToAverage(total, value, this.options.lambda);
    this.#move(memory.low, total, value, 1);
    this.#move(memory.high, total, value, -1);
    const rise = this.#grade(memory.low, 1);
    return this.options.twoSided ? worseState(rise, this.#grade(memory.high, -1)) : rise;
  }

  /** Moves the cut here when the average is surely lower (sign 1) or higher (-1) than there. */
  #move(cut: Cut, total: WeightedAverage, value: number, sign: 1 | -1): void {
    const edge = ({ mean, weight }: WeightedAverage): number =>
      sign * mean + bound(weight, this.#logs.drift);
    if (cut.before.count === 0 || edge(total) < edge(cut.before)) {
      cut.before = { ...total };
      cut.after = noAverage();
    } else {
      addToAverage(cut.after, value, this.options.lambda);
    }
  }

  #grade({ before, after }: Cut, sign: 1 | -1): DriftState {
    if (after.count === 0) return "stable";
    const change = sign * (after.mean - before.mean);
    const weight = before.weight + after.weight;
    if (change > bound(weight, this.#logs.drift)) return "drift";
    return change > bound(weight, this.#logs.warning) ? "warning" : "stable";
  }

  protected override isPossible({ total, low, high }: Memory): boolean {
    return [low, high].every(({ before, after }) => before.count + after.count === total.count);
  }

  /** z, and the averages before and after the cut that a rise is measured at. */
  protected override measure({ total, low }: Memory): Record<string, number> {
    return { mean: total.mean, meanBefore: low.before.mean, meanAfter: low.after.mean };
  }
}

/** McDiarmid's bound on a weighted mean of independent values from 0 to 1. */
function bound(weight: number, logConfidence: number): number {
  return Math.sqrt((weight * logConfidence) / 2);
}
