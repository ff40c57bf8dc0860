// A simulated market: what signals say of the next return changes from regime to regime.

import { Random, type Sample } from "../../index.ts";

/** Signals that a position is taken from. */
export const MARKET_SIGNALS = 6;
/** Spread of what the signals explain of a return, and of what they do not, in per cent. */
const EDGE = 0.5;
const NOISE = 0.8;
/** Samples of a regime: at least this many, and up to as many again. */
const SHORTEST = 700;

/** What each signal is worth in a regime; each row has length 1. */
const REGIMES: readonly (readonly number[])[] = [
  [0.7, 0.5, 0.4, 0.2, 0.2, 0.15], // trends go on
  [-0.7, -0.5, 0.3, 0.2, -0.3, 0.2], // trends turn
  [0.1, 0.2, -0.5, 0.7, 0.4, 0.2], // carry
  [-0.3, 0.2, -0.2, -0.6, 0.6, -0.3], // flight
];

/** Samples without end, the first `calm` of them in one regime. Same seed, same world. */
export function* marketWorld(seed: number, calm: number): Generator<Sample, never> {
  const random = new Random(seed);
  for (let i = 0; i < calm; i++) yield session(random, REGIMES[0]!);
  for (let regime = 1; ; regime++) {
    const samples = SHORTEST + Math.floor(random.uniform() * SHORTEST);
    for (let i = 0; i < samples; i++) yield session(random, REGIMES[regime % REGIMES.length]!);
  }
}

function session(random: Random, worth: readonly number[]): Sample {
  const input = Float32Array.from(worth, () => random.normal());
  const drift = worth.reduce((sum, value, i) => sum + value * input[i]!, 0);
  return { input, label: Float32Array.of(EDGE * drift + NOISE * random.normal()) };
}
