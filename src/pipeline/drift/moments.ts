// Count, mean and spread of a stream, one value at a time (Welford 1962) or merged (Chan, Golub &
// LeVeque 1979).

import * as z from "zod/mini";
import { nonNegativeInteger, nonNegativeNumber } from "../../options.ts";
import { valueSchema } from "./detector-values.ts";

/** The mean of `count` values; 0 of none. */
export const meanSchema = z.strictObject({ count: nonNegativeInteger, mean: valueSchema });
export type Mean = z.output<typeof meanSchema>;

/** And m2, the sum of their squared deviations from the mean. */
export const momentsSchema = z.extend(meanSchema, { m2: nonNegativeNumber });
export type Moments = z.output<typeof momentsSchema>;

/** Takes `value` into `mean`, in place. Equal values leave exactly that value as the mean. */
export function addToMean(mean: Mean, value: number): void {
  mean.count++;
  mean.mean += (value - mean.mean) / mean.count;
}

/** Takes `value` into `moments`, in place: m2 += (value - mean before) (value - mean after). */
export function addToMoments(moments: Moments, value: number): void {
  const deviation = value - moments.mean;
  addToMean(moments, value);
  moments.m2 += deviation * (value - moments.mean);
}

/** The moments of the values of `a` and `b` together. Equal means stay exactly that mean. */
export function mergeMoments(a: Moments, b: Moments): Moments {
  const count = a.count + b.count;
  const gap = b.mean - a.mean;
  const mean = a.mean + gap * (b.count / count);
  return { count, mean, m2: a.m2 + b.m2 + gap * gap * a.count * (b.count / count) };
}

/** Standard deviation with the divisor count - 1; 0 with fewer than 2 values. */
export function sampleDeviation({ count, m2 }: Moments): number {
  return count < 2 ? 0 : Math.sqrt(m2 / (count - 1));
}
