// Evidence, at any moment, that a stream of differences is above zero: a test martingale by
// betting.

import * as z from "zod/mini";
import { nonNegativeInteger, nonNegativeNumber } from "../../options.ts";

/**
 * Stakes of the bets, as shares of the capital that the largest possible loss would take. Effects
 * of about 0.05 to 0.2 standard deviations per observation are met by one of them within a factor
 * of 2 (bench/quality/probation.ts); larger ones are found early by any.
 */
const STAKES = [0.95, 0.5, 0.25] as const;

/** Differences are cut at this many mean magnitudes: 4.8 standard deviations of a normal one. */
const CUT = 6;

/** Differences that only set the scale. */
const WARM_UP = 10;

export const evidenceState = z.strictObject({
  count: nonNegativeInteger,
  magnitude: nonNegativeNumber,
  capitals: z.tuple([nonNegativeNumber, nonNegativeNumber, nonNegativeNumber]),
});

/** Survives JSON. */
export type EvidenceState = z.infer<typeof evidenceState>;

/**
 * Three gamblers start with a capital of 1 each and bet on every difference d[t] being positive:
 *
 *     K_j[t] = K_j[t-1] (1 + stake_j clip(d[t], -c[t], c[t]) / c[t])
 *     evidence[t] = mean over j of K_j[t]
 *
 * c[t] is 6 times the running mean of |d| before t, each |d| cut at its own c; the first 10
 * differences, and any before the first that is not 0, are not bet on.
 *
 * Null hypothesis: given everything seen before, the clipped difference has a mean of at most 0, at
 * every t. Then each factor has a conditional mean of at most 1 whatever the stake and the scale,
 * since both were fixed before d[t] came; each capital is a non-negative supermartingale with start
 * 1, and so is their mean. By Ville's inequality (1939) P(evidence ever >= 1 / level) <= level: one
 * may look after every observation and stop at any moment. Nothing else is assumed: no
 * distribution, no variance, no independence beyond the null itself. The null holds in particular
 * for
 *
 * - differences that are symmetric about 0 given the past, whatever their tails and volatility;
 * - differences of mean at most 0 whose left tail beyond c[t] is empty or negligible; with `bound`
 *   (|d| <= bound, known) that is exact: nothing is clipped and c[t] only sizes the stakes.
 *
 * It does not hold for differences that depend on the past in their mean (autocorrelated ones), nor
 * for a candidate that is worse most of the time and saves the average by rare, huge gains.
 *
 * Shafer & Vovk 2001; Waudby-Smith & Ramdas 2024, whose capital process for bounded means this is.
 * We differ in the scale, which is learned and clipped to so that no bound need be known, and in
 * the bets, a fixed mixture and not an adaptive one: no logarithm, no optimisation, 5 numbers of
 * state.
 */
export class Evidence {
  readonly #bound: number | undefined;
  #count = 0;
  /** Running mean of |d|, cut. */
  #magnitude = 0;
  #capitals: [number, number, number] = [1, 1, 1];

  /** bound: > 0, in units of the differences. */
  constructor(bound?: number) {
    this.#bound = bound;
  }

  /** >= 0; 1 before anything speaks for or against. */
  get value(): number {
    const [a, b, c] = this.#capitals;
    return (a + b + c) / STAKES.length;
  }

  /** Takes one finite difference; with a bound, one within it. */
  add(difference: number): void {
    const scale = Math.min(CUT * this.#magnitude, Number.MAX_VALUE);
    let magnitude = Math.abs(difference);
    if (this.#count >= WARM_UP && scale > 0) {
      const limit = this.#bound ?? scale;
      const share = Math.max(-1, Math.min(1, difference / limit));
      for (let j = 0; j < STAKES.length; j++) {
        const stake = Math.min(STAKES[j]! * (limit / scale), STAKES[0]);
        this.#capitals[j]! *= 1 + stake * share;
      }
      magnitude = Math.min(magnitude, scale);
    }
    this.#count++;
    this.#magnitude += (magnitude - this.#magnitude) / this.#count;
  }

  state(): EvidenceState {
    return {
      count: this.#count,
      magnitude: this.#magnitude,
      capitals: [...this.#capitals],
    };
  }

  /** Takes over a parsed state. */
  restore({ count, magnitude, capitals }: EvidenceState): void {
    this.#count = count;
    this.#magnitude = magnitude;
    this.#capitals = [...capitals];
  }
}
