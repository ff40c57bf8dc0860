// Says when the gate agrees with its users well enough to be left alone.

import * as z from "zod/mini";
import { parseOptions } from "../../foundation.ts";
import { ConfusionMatrix, type Judgement } from "./confusion-matrix.ts";

const TARGET = "a number above 0 and below 1";
const WINDOW = "an integer from 1 to 1000000";
const optionsSchema = z.strictObject({
  window: z._default(z.int(WINDOW).check(z.minimum(1, WINDOW), z.maximum(1_000_000, WINDOW)), 1000),
  target: z._default(z.number(TARGET).check(z.gt(0, TARGET), z.lt(1, TARGET)), 0.95),
});

/** The 97.5% point of the standard normal: an interval with 95% between its ends. */
const Z = 1.959963984540054;

/**
 * Lower end of the Wilson score interval (1927) at 95% for `successes` of `total`; 0 without any.
 *
 *     (p + z^2/2n - z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n)
 */
export function wilsonLowerBound(successes: number, total: number): number {
  if (total === 0) return 0;
  const p = successes / total;
  const z2 = (Z * Z) / total;
  const spread = Math.sqrt(p * (1 - p) * z2 + (z2 * z2) / 4);
  return Math.max(0, (p + z2 / 2 - spread) / (1 + z2));
}

/**
 * Reached while both hold over the newest `window` judgements: the 95% lower bound of agreement is
 * above `target`, and so is balanced accuracy. One-sided streams never get there: the other class
 * has to have been seen.
 */
export class Convergence {
  readonly #target: number;
  readonly #matrix: ConfusionMatrix;

  /** window: 1..10^6, default 1000; target: above 0, below 1, default 0.95. */
  constructor(options?: { window?: number; target?: number }) {
    const { window, target } = parseOptions("Convergence", optionsSchema, options);
    this.#target = target;
    this.#matrix = new ConfusionMatrix({ window });
  }

  /** Takes one judgement. */
  record(judgement: Judgement): void {
    this.#matrix.record(judgement);
  }

  /** What was seen belongs to another world: starts anew. */
  noteDrift(): void {
    this.#matrix.clear();
  }

  /** 95% lower bound of agreement. */
  get lowerBound(): number {
    return wilsonLowerBound(this.#matrix.trueAllow + this.#matrix.trueBlock, this.#matrix.total);
  }

  /** NaN until both classes came. */
  get balancedAccuracy(): number {
    return this.#matrix.balancedAccuracy;
  }

  /** Whether both are above the target; a comparison with NaN says no. */
  get isReached(): boolean {
    return this.lowerBound > this.#target && this.balancedAccuracy > this.#target;
  }

  /** The window, as JSON. */
  state(): unknown {
    return this.#matrix.state();
  }

  /** Takes what `state()` gave. Throws STATE_INVALID. */
  restore(state: unknown): void {
    this.#matrix.restore(state);
  }
}
