// A market whose signals mean something else in each regime and slowly come to mean other things.
//
// Letters: k signals, n observations.

import { Random } from "../../src/core/random.ts";
import type { Sample } from "../../src/model/sample.ts";

/** One to describe each: mean return of an observation and deviation of its noise. */
export const regimes = [
  { name: "bull", mean: 0.02, noise: 0.9, trend: 1, volatility: -0.5 },
  { name: "bear", mean: -0.02, noise: 1.2, trend: -1, volatility: 1 },
  { name: "sideways", mean: 0, noise: 0.9, trend: 0, volatility: -0.5 },
] as const;

const SIGNALS = 8;
/** The signals, and what the model sees of the regime: a trend and a volatility, both noisy. */
export const INPUTS = SIGNALS + 2;
/** Deviation of what the model sees of the regime around its true state. */
const BLUR = 0.3;
/** How far the weights of a regime lie from those that all share. */
const APART = 0.6;

export interface MarketPlan {
  /** Observations (assets times bars) of one day. */
  perDay: number;
  /** Correlation of the best possible prediction with the return at mean noise: 0..1. */
  strength: number;
  /** Angle in radians that the shared weights turn over `days`. */
  turn: number;
  days: number;
  /** Days before day 0, on which the base network is trained. */
  historyDays: number;
}

/** The market of the benches; strength and turn are set, not found (see degradation.ts). */
export const market: MarketPlan = {
  perDay: 50,
  strength: 0.4,
  turn: 0.83,
  days: 90,
  historyDays: 180,
};

/** What can be known of one day's market by who knows its weights. */
export interface MarketState {
  /** Index into `regimes`. */
  regime: number;
  /** Live day; the weights stand still before day 0. */
  day: number;
  /** The day whose weights hold, when it is another. */
  weightsOf?: number;
}

/** Observations with the expected return of each. */
export interface Observations {
  samples: Sample[];
  /** f64[n]. */
  expected: Float64Array;
  /** Deviation of the noise in this regime. */
  noise: number;
}

function unit(vector: number[]): number[] {
  const norm = Math.hypot(...vector);
  return vector.map((value) => value / norm);
}

const direction = (random: Random) => unit(Array.from({ length: SIGNALS }, () => random.normal()));

/** One world: the same seed gives the same weights, drift and order of regimes. */
export class SimulatedMarket {
  readonly #plan: MarketPlan;
  readonly #seed: number;
  readonly #shared: number[];
  readonly #towards: number[];
  readonly #own: number[][];
  readonly #order: Uint32Array;

  constructor(seed: number, plan: MarketPlan) {
    const random = new Random(seed);
    this.#seed = seed;
    this.#plan = plan;
    this.#shared = direction(random);
    // Gram-Schmidt: what the shared weights turn towards is at right angles to them.
    const other = direction(random);
    const along = other.reduce((sum, value, i) => sum + value * this.#shared[i]!, 0);
    this.#towards = unit(other.map((value, i) => value - along * this.#shared[i]!));
    this.#own = regimes.map(() => direction(random));
    this.#order = random.permutation(regimes.length);
  }

  /** The regime of a live day: each comes once, for a third of the days. */
  regimeOf(day: number): number {
    const part = Math.floor((day * regimes.length) / this.#plan.days);
    return this.#order[Math.min(part, regimes.length - 1)]!;
  }

  /** Weights of length `strength`: shared ones that turn, and those of the regime. */
  #weights({ regime, day, weightsOf = day }: MarketState): number[] {
    const angle = (this.#plan.turn * Math.max(0, weightsOf)) / this.#plan.days;
    const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
    const own = this.#own[regime]!;
    const turned = this.#shared.map(
      (value, i) => cosine * value + sine * this.#towards[i]! + APART * own[i]!,
    );
    return unit(turned).map((value) => this.#plan.strength * value);
  }

  /** Draws observations; `stream` tells apart draws from the same state. */
  observe(state: MarketState, count: number, stream: number): Observations {
    // Unlike seeds for unlike days and streams of one world.
    const random = new Random((this.#seed * 1_000_003 + stream * 10_007 + state.day + 5000) >>> 0);
    const { mean, noise, trend, volatility } = regimes[state.regime]!;
    const weights = this.#weights(state);
    const expected = new Float64Array(count);
    const samples = Array.from({ length: count }, (_, n) => {
      const input = new Float32Array(INPUTS);
      let sum = mean;
      for (let k = 0; k < SIGNALS; k++) {
        input[k] = random.normal();
        sum += weights[k]! * input[k]!;
      }
      input[SIGNALS] = trend + BLUR * random.normal();
      input[SIGNALS + 1] = volatility + BLUR * random.normal();
      expected[n] = sum;
      return { input, label: Float32Array.of(sum + noise * random.normal()) };
    });
    return { samples, expected, noise };
  }

  /** One day of the stream that everybody learns from. */
  day(state: MarketState): Sample[] {
    return this.observe(state, this.#plan.perDay, 0).samples;
  }
}

/**
 * Sharpe ratio of one observation when the position is the prediction, cut at -1 and 1. The noise
 * of the returns is taken out by its known mean and variance:
 *
 *     mean(p f) / sqrt(mean(p^2 (f^2 + noise^2)) - mean(p f)^2)
 *
 * p: position, f: expected return.
 */
export function skillOf(predictions: Float32Array, observed: Observations): number {
  const { expected, noise } = observed;
  let [first, second] = [0, 0];
  for (let n = 0; n < expected.length; n++) {
    const position = Math.max(-1, Math.min(1, predictions[n]!));
    first += position * expected[n]!;
    second += position ** 2 * (expected[n]! ** 2 + noise ** 2);
  }
  const mean = first / expected.length;
  return mean / Math.sqrt(second / expected.length - mean ** 2);
}
