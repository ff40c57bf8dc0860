// Tells whether two sets of per-sample gradients have the same mean: a chi-square test on random
// projections.

import { naturalLog } from "../../foundation.ts";
import { Random } from "../../index.ts";

/** Directions that gradients are projected on; even, so that the tail has a closed form. */
const DIRECTIONS = 24;
/** Gradients on either side below which the normal approximation says nothing. */
const LEAST = 30;

/** A verdict with its numbers. */
export interface GradientVerdict {
  isShift: boolean;
  /** About chi-square with DIRECTIONS degrees of freedom when nothing changed; NaN: too few. */
  statistic: number;
}

/**
 * Hotelling's T^2 (1931) on p = DIRECTIONS projections to random signs, as Bartlett's chi-square
 * (1938):
 *
 *     T^2 = n m / (n + m) delta^T S^-1 delta        S the pooled covariance
 *     X = (n + m - 1 - (p + 2) / 2) ln(1 + T^2 / (n + m - 2))
 *     shift: X / 2 - ln sum over i < p / 2 of (X / 2)^i / i!  >=  -ln(falseAlarmRate)
 */
export class GradientTest {
  readonly #signs: Int8Array;
  readonly #count: number;
  readonly #bar: number;

  /** count: elements of a gradient. falseAlarmRate: above 0, below 1, of one test. */
  constructor(count: number, falseAlarmRate: number, seed: number) {
    const random = new Random(seed);
    this.#count = count;
    this.#signs = Int8Array.from({ length: DIRECTIONS * count }, () => 1 - 2 * random.below(2));
    this.#bar = -naturalLog(falseAlarmRate);
  }

  /** Compares two sets: reference f32[n x count], fresh f32[m x count]. */
  compare(reference: Float32Array, fresh: Float32Array): GradientVerdict {
    const [n, m] = [reference.length / this.#count, fresh.length / this.#count];
    if (n < LEAST || m < LEAST) return { isShift: false, statistic: Number.NaN };
    const [a, b] = [this.#project(reference), this.#project(fresh)];
    const [meanA, meanB] = [meanOf(a), meanOf(b)];
    const pooled = new Float64Array(DIRECTIONS * DIRECTIONS);
    addScatter(pooled, a, meanA);
    addScatter(pooled, b, meanB);
    const delta = meanA.map((value, j) => value - meanB[j]!);
    const squared = quadraticForm(
      pooled.map((value) => value / (n + m - 2)),
      delta,
    );
    if (!Number.isFinite(squared)) return { isShift: false, statistic: Number.NaN };
    const ratio = 1 + (((n * m) / (n + m)) * squared) / (n + m - 2);
    const statistic = -(n + m - 1 - (DIRECTIONS + 2) / 2) * naturalLog(1 / ratio);
    return { isShift: tail(statistic) >= this.#bar, statistic };
  }

  #project(gradients: Float32Array): Float64Array[] {
    const count = this.#count;
    return Array.from({ length: gradients.length / count }, (_, row) => {
      const projected = new Float64Array(DIRECTIONS);
      for (let j = 0, at = 0; j < DIRECTIONS; j++) {
        let sum = 0;
        for (let k = row * count; k < (row + 1) * count; k++)
          sum += this.#signs[at++]! * gradients[k]!;
        projected[j] = sum;
      }
      return projected;
    });
  }
}

/** -ln P(chi-square with DIRECTIONS degrees of freedom >= x). */
function tail(x: number): number {
  let term = 1;
  let sum = 1;
  for (let i = 1; i < DIRECTIONS / 2; i++) {
    term *= x / 2 / i;
    sum += term;
  }
  return x / 2 + naturalLog(Math.max(1e-300, 1 / sum));
}

function meanOf(rows: readonly Float64Array[]): Float64Array {
  const mean = new Float64Array(DIRECTIONS);
  for (const row of rows) for (let j = 0; j < DIRECTIONS; j++) mean[j]! += row[j]! / rows.length;
  return mean;
}

function addScatter(
  scatter: Float64Array,
  rows: readonly Float64Array[],
  mean: Float64Array,
): void {
  for (const row of rows) {
    for (let i = 0; i < DIRECTIONS; i++) {
      for (let j = 0; j < DIRECTIONS; j++) {
        scatter[i * DIRECTIONS + j]! += (row[i]! - mean[i]!) * (row[j]! - mean[j]!);
      }
    }
  }
}

/** x^T S^-1 x by a Cholesky factor of S; NaN where S has no inverse. */
function quadraticForm(matrix: Float64Array, x: Float64Array): number {
  const at = (i: number, j: number) => i * DIRECTIONS + j;
  const lower = new Float64Array(matrix.length);
  const solved = new Float64Array(DIRECTIONS);
  let total = 0;
  for (let i = 0; i < DIRECTIONS; i++) {
    let right = x[i]!;
    for (let j = 0; j <= i; j++) {
      let sum = matrix[at(i, j)]!;
      for (let k = 0; k < j; k++) sum -= lower[at(i, k)]! * lower[at(j, k)]!;
      if (i === j && !(sum > 1e-12 * matrix[at(i, i)]!)) return Number.NaN;
      lower[at(i, j)] = i === j ? Math.sqrt(sum) : sum / lower[at(j, j)]!;
      if (j < i) right -= lower[at(i, j)]! * solved[j]!;
    }
    solved[i] = right / lower[at(i, i)]!;
    total += solved[i]! * solved[i]!;
  }
  return total;
}
