// An exponentially weighted average and how much it may still vary.

import * as z from "zod/mini";
import { nonNegativeInteger, share } from "../../options.ts";

/** `weight`: the sum of the squared weights of the values, and of what was before them. */
export const averageSchema = z.strictObject({
  count: nonNegativeInteger,
  mean: share,
  weight: share,
});
export type WeightedAverage = z.output<typeof averageSchema>;

/** The average of no values. */
export function noAverage(): WeightedAverage {
  return { count: 0, mean: 0, weight: 1 };
}

/**
 * Takes `value` into `average`, in place; the first value is the first mean:
 *
 *     mean += lambda (value - mean)      weight = lambda^2 + (1 - lambda)^2 weight
 */
export function addToAverage(average: WeightedAverage, value: number, lambda: number): void {
  average.count++;
  average.mean += (average.count === 1 ? 1 : lambda) * (value - average.mean);
  average.weight = lambda * lambda + (1 - lambda) * (1 - lambda) * average.weight;
}
