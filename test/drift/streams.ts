// Seeded streams for the tests of detectors.

import { Random } from "../../src/core/random.ts";

/** Errors (1) at each rate for `length` values, one rate after the other. */
export function errorsAt(rates: readonly number[], length: number, seed: number): number[] {
  const random = new Random(seed);
  return rates.flatMap((rate) => Array.from({ length }, () => (random.uniform() < rate ? 1 : 0)));
}

/** Normals with each mean for `length` values, one mean after the other; standard deviation 1. */
export function normalsAround(means: readonly number[], length: number, seed: number): number[] {
  const random = new Random(seed);
  return means.flatMap((mean) => Array.from({ length }, () => mean + random.normal()));
}

/** The same value again and again. */
export function repeated(value: number, length: number): number[] {
  return new Array<number>(length).fill(value);
}

/** Mean of values; NaN of none. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sum of squared deviations from the mean. */
export function squaresOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
}
