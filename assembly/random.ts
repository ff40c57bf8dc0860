// The seeded generator: xoshiro128** (Blackman & Vigna 2018) on 32-bit words, the twin of src/core/random.ts.
//
// Its state is a block of RANDOM_BYTES: four u32 words, a flag that a spare normal is kept, and that normal in f64.
// Both twins draw the same stream to the bit; that is why the logarithm is computed here and not by the host.

import { RANDOM_HAS_SPARE, RANDOM_SPARE } from "./layout";
import { log } from "./kernels/elementary";

// @ts-ignore: decorator
@inline
function nextU32(state: usize): u32 {
  const s0 = load<u32>(state);
  const s1 = load<u32>(state, 4);
  const s2 = load<u32>(state, 8) ^ s0;
  const s3 = load<u32>(state, 12) ^ s1;
  store<u32>(state, s0 ^ s3);
  store<u32>(state, s1 ^ s2, 4);
  store<u32>(state, s2 ^ (s1 << 9), 8);
  store<u32>(state, rotl<u32>(s3, 11), 12);
  return rotl<u32>(s1 * 5, 7) * 9;
}

/** Fills the state from a seed with splitmix32, so that neighbouring seeds give unrelated streams. */
export function randomSeed(state: usize, seed: u32): void {
  for (let word: usize = 0; word < 16; word += 4) {
    seed += 0x9e3779b9;
    let z = seed;
    z ^= z >>> 16;
    z *= 0x21f0aaad;
    z ^= z >>> 15;
    z *= 0x735a2d97;
    z ^= z >>> 15;
    store<u32>(state + word, z);
  }
  store<i32>(state, 0, RANDOM_HAS_SPARE);
}

/** A double in [0, 1) with 53 random bits. */
// @ts-ignore: decorator
@inline
export function uniform(state: usize): f64 {
  const high = nextU32(state) >>> 5;
  const low = nextU32(state) >>> 6;
  return (<f64>high * 67108864.0 + <f64>low) / 9007199254740992.0; // (high * 2^26 + low) / 2^53
}

/** An integer in [0, n), each equally likely; draws that would favour small numbers are rejected. n >= 1. */
export function below(state: usize, n: u32): u32 {
  const excess = <u32>((<u64>1 << 32) % <u64>n);
  let draw = nextU32(state);
  while (draw > 0xffffffff - excess) draw = nextU32(state);
  return draw % n;
}

/** A standard normal by Marsaglia's polar method (1964); the second of each pair is kept for the next call. */
export function normal(state: usize): f64 {
  if (load<i32>(state, RANDOM_HAS_SPARE)) {
    store<i32>(state, 0, RANDOM_HAS_SPARE);
    return load<f64>(state, RANDOM_SPARE);
  }
  let u: f64, v: f64, s: f64;
  do {
    u = 2.0 * uniform(state) - 1.0;
    v = 2.0 * uniform(state) - 1.0;
    s = u * u + v * v;
  } while (s >= 1.0 || s == 0.0);
  const factor = Math.sqrt((-2.0 * log(s)) / s);
  store<f64>(state, v * factor, RANDOM_SPARE);
  store<i32>(state, 1, RANDOM_HAS_SPARE);
  return u * factor;
}

/** out[i] = scale * uniform in [0, 1). out: f32[n]. */
export function fillUniform(out: usize, n: i32, scale: f64, state: usize): void {
  for (let i: i32 = 0; i < n; i++) store<f32>(out + (<usize>i << 2), <f32>(scale * uniform(state)));
}

/** out[i] = scale * standard normal. out: f32[n]. */
export function fillNormal(out: usize, n: i32, scale: f64, state: usize): void {
  for (let i: i32 = 0; i < n; i++) store<f32>(out + (<usize>i << 2), <f32>(scale * normal(state)));
}

/** Shuffles the numbers in `order` in place (Fisher-Yates from the top). order: u32[n]. */
export function shuffle(order: usize, n: i32, state: usize): void {
  for (let i = n - 1; i >= 1; i--) {
    const a = order + (<usize>i << 2);
    const b = order + (<usize>below(state, <u32>i + 1) << 2);
    const kept = load<u32>(a);
    store<u32>(a, load<u32>(b));
    store<u32>(b, kept);
  }
}

/** Writes 0..n-1 in random order to `order`: u32[n]. */
export function permutation(order: usize, n: i32, state: usize): void {
  for (let i: i32 = 0; i < n; i++) store<u32>(order + (<usize>i << 2), i);
  shuffle(order, n, state);
}
