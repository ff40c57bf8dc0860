// The slow reference of the Sharpe comparison: raw moments as in Ledoit & Wolf 2008, resamples
// written out, every sum a plain loop.

import { Random } from "../../src/core/random.ts";
import type { Kernel } from "../../src/pipeline/validate/long-run-variance.ts";

/** m1, m2: means; g1, g2: means of squares. */
type Moments = [m1: number, m2: number, g1: number, g2: number];

const mean = (values: number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function momentsOf(before: number[], after: number[]): Moments {
  const square = (value: number) => value * value;
  return [mean(before), mean(after), mean(before.map(square)), mean(after.map(square))];
}

function differenceOf([m1, m2, g1, g2]: Moments): number {
  return m2 / Math.sqrt(g2 - m2 * m2) - m1 / Math.sqrt(g1 - m1 * m1);
}

/** Of the difference, after - before, by each moment. */
function gradientOf([m1, m2, g1, g2]: Moments): Moments {
  const [v1, v2] = [(g1 - m1 * m1) ** 1.5, (g2 - m2 * m2) ** 1.5];
  return [-g1 / v1, g2 / v2, m1 / (2 * v1), -m2 / (2 * v2)];
}

/** gradient . (moments of one period - moments), for every period. */
function influences(before: number[], after: number[]): number[] {
  const moments = momentsOf(before, after);
  const gradient = gradientOf(moments);
  return before.map((x, t) => {
    const y = after[t]!;
    const own: Moments = [x, y, x * x, y * y];
    return own.reduce((sum, value, k) => sum + gradient[k]! * (value - moments[k]!), 0);
  });
}

function kernelOf(kernel: Kernel, x: number): number {
  if (kernel === "parzen") {
    if (x <= 0.5) return 1 - 6 * x ** 2 + 6 * x ** 3;
    return x <= 1 ? 2 * (1 - x) ** 3 : 0;
  }
  const y = (6 * Math.PI * x) / 5;
  return (25 / (12 * Math.PI ** 2 * x ** 2)) * (Math.sin(y) / y - Math.cos(y));
}

const lagged = (x: number[], lag: number): number =>
  x.slice(lag).reduce((sum, value, t) => sum + value * x[t]!, 0);

const coefficient = (x: number[]): number =>
  Math.max(-0.97, Math.min(0.97, lagged(x, 1) / lagged(x.slice(0, -1), 0)));

/** HAC variance over all lags, with the bandwidth of an AR(1). */
function longRunVariance(values: number[], kernel: Kernel, prewhiten: boolean): number {
  const filter = prewhiten ? coefficient(values) : 0;
  const x = prewhiten
    ? values.slice(1).map((value, t) => value - filter * values[t]!)
    : [...values];
  const a = coefficient(x);
  const alpha = (4 * a ** 2) / (1 - a) ** 4;
  const constant = kernel === "parzen" ? 2.6614 : 1.3221;
  const bandwidth = constant * (alpha * values.length) ** 0.2;
  let sum = lagged(x, 0);
  for (let lag = 1; lag < x.length; lag++) {
    sum += 2 * kernelOf(kernel, lag / bandwidth) * lagged(x, lag);
  }
  return sum / x.length / (1 - filter) ** 2;
}

/** s of the difference per period. */
export function standardError(
  before: number[],
  after: number[],
  kernel: Kernel = "parzen",
  prewhiten = true,
): number {
  const n = before.length;
  const variance = longRunVariance(influences(before, after), kernel, prewhiten);
  return Math.sqrt(((n / (n - 4)) * variance) / n);
}

/** Every |t*| of the circular block bootstrap, in increasing order. */
export function bootstrapStatistics(
  before: number[],
  after: number[],
  plan: { blockLength: number; resamples: number; seed: number },
): number[] {
  const n = before.length;
  const { blockLength: b, resamples, seed } = plan;
  const random = new Random(seed);
  const difference = differenceOf(momentsOf(before, after));
  const statistics = Array.from({ length: resamples }, () => {
    const starts = Array.from({ length: Math.floor(n / b) }, () => random.below(n));
    const periods = starts.flatMap((start) => Array.from({ length: b }, (_, k) => (start + k) % n));
    const [x, y] = [periods.map((t) => before[t]!), periods.map((t) => after[t]!)];
    const influence = influences(x, y);
    const zetas = starts.map((_, k) => {
      const block = influence.slice(k * b, (k + 1) * b);
      return block.reduce((sum, value) => sum + value, 0) / Math.sqrt(b);
    });
    const psi = mean(zetas.map((zeta) => zeta ** 2));
    const error = Math.sqrt(psi / (starts.length * b));
    return Math.abs(differenceOf(momentsOf(x, y)) - difference) / error;
  });
  return statistics.sort((one, other) => one - other);
}
