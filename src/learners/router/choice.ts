// Probabilities of choices, and one choice out of them.

import type { Random } from "../../index.ts";

/** exp(x - max) / sum over the possible ones; 0 for the others. f64[n]. */
export function softmax(logits: ArrayLike<number>, possible: readonly boolean[]): number[] {
  const largest = Math.max(...possible.map((can, i) => (can ? logits[i]! : -Infinity)));
  const powers = possible.map((can, i) => (can ? Math.exp(logits[i]! - largest) : 0));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/**
 * Mixes with the uniform distribution over the possible ones, so that each has at least `floor`
 * (or 1/k, if k of them leave less).
 */
export function withFloor(probabilities: readonly number[], floor: number): number[] {
  const count = probabilities.filter((each) => each > 0).length;
  const mixed = Math.min(1, floor * count);
  return probabilities.map((each) => (each > 0 ? (1 - mixed) * each + mixed / count : 0));
}

/** The index of the largest; the first of equal ones. */
export function likeliest(values: readonly number[]): number {
  return values.reduce((best, value, index) => (value > values[best]! ? index : best), 0);
}

/** An index drawn with its probability. */
export function draw(probabilities: readonly number[], random: Random): number {
  let left = random.uniform();
  let last = 0;
  for (const [index, probability] of probabilities.entries()) {
    if (probability <= 0) continue;
    last = index;
    left -= probability;
    if (left < 0) return index;
  }
  return last; // rounding left a little of 1
}
