// Drift by Hoeffding's bound on averages (HDDM, A-test).

import * as z from "zod/mini";
import { naturalLog } from "../../core/random.ts";
import { checkUnit } from "./detector-values.ts";
import type { DriftState } from "./drift-detector.ts";
import { confidencesInOrder, type HddmOptions, hddmOptions } from "./hddm-options.ts";
import { addToMean, type Mean, meanSchema } from "./moments.ts";
import { ResettingDetector } from "./resetting-detector.ts";
import { worseState } from "./worse-state.ts";

const optionsSchema = hddmOptions.check(confidencesInOrder);

const memorySchema = z.object({
  total: meanSchema,
  /** The beginning of the stream up to where its mean was surely lowest, and surely highest. */
  low: meanSchema,
  high: meanSchema,
});

type Memory = z.output<typeof memorySchema>;

/**
 * Watches errors or losses from 0 to 1 for a mean that rises. With z the mean of all n values and
 * bound(k) = sqrt(ln(1 / driftConfidence) / (2 k)), it keeps the beginning of the stream, mean x of
 * k values, where x + bound(k) is smallest; then, for both confidences c,
 *
 *     z - x >= sqrt(ln(2 / c) / 2 (1/k - 1/n))
 *
 * is a warning or drift. With `twoSided` the same for a falling mean. O(1). Nothing is assumed of
 * the values but independence and their range.
 *
 * Best on sudden change; `HddmW` is quicker on gradual change, `Ddm` on errors where a normal
 * approximation will do, `Adwin` also sees changes in mid-stream that an average since the start
 * hides.
 *
 * Frias-Blanco et al. 2015, A-test, with ln(2 / c) as in the authors' implementation.
 */
export class HddmA extends ResettingDetector<typeof optionsSchema, typeof memorySchema> {
  readonly #logs = {
    bound: -naturalLog(this.options.driftConfidence),
    drift: -naturalLog(this.options.driftConfidence / 2),
    warning: -naturalLog(this.options.warningConfidence / 2),
  };

  /** Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options?: HddmOptions) {
    const schemas = { options: optionsSchema, memory: memorySchema };
    super({ name: "HddmA", ...schemas, check: checkUnit }, options);
  }

  protected override begin(): Memory {
    const nothing = (): Mean => ({ count: 0, mean: 0 });
    return { total: nothing(), low: nothing(), high: nothing() };
  }

  protected override take(value: number, memory: Memory): DriftState {
    const { total } = memory;
    addToMean(total, value);
    if (this.#upper(total) <= this.#upper(memory.low)) memory.low = { ...total };
    if (this.#lower(total) >= this.#lower(memory.high)) memory.high = { ...total };
    const rise = this.#grade(total.mean - memory.low.mean, memory.low, total);
    if (!this.options.twoSided) return rise;
    return worseState(rise, this.#grade(memory.high.mean - total.mean, memory.high, total));
  }

  /** The mean is surely not above this; that of no values may be anything. */
  #upper({ count, mean }: Mean): number {
    return mean + Math.sqrt(this.#logs.bound / (2 * count));
  }

  #lower({ count, mean }: Mean): number {
    return mean - Math.sqrt(this.#logs.bound / (2 * count));
  }

  #grade(change: number, beginning: Mean, total: Mean): DriftState {
    if (beginning.count === total.count) return "stable";
    const variance = (1 / beginning.count - 1 / total.count) / 2;
    if (change >= Math.sqrt(variance * this.#logs.drift)) return "drift";
    return change >= Math.sqrt(variance * this.#logs.warning) ? "warning" : "stable";
  }

  protected override isPossible({ total, low, high }: Memory): boolean {
    const isBeginning = ({ count }: Mean): boolean =>
      count <= total.count && (count > 0 || total.count === 0);
    const isUnit = ({ mean }: Mean): boolean => mean >= 0 && mean <= 1;
    return isBeginning(low) && isBeginning(high) && [total, low, high].every(isUnit);
  }

  /** z, and the means that a rise and a fall are measured from. */
  protected override measure({ total, low, high }: Memory): Record<string, number> {
    return { mean: total.mean, lowMean: low.mean, highMean: high.mean };
  }
}
