// The seeded generator of everything random outside the core: xoshiro128** (Blackman & Vigna 2018)
// on 32-bit words.
//
// It is the twin of assembly/random.ts and draws the same stream to the bit. The logarithm is
// computed here because Math.log may differ between hosts in the last bit; + - * / and Math.sqrt
// may not.

import { describeValue } from "../describe-value.ts";
import { DriftkeelRangeError, DriftkeelTypeError } from "../errors.ts";

const TWO_32 = 2 ** 32;
const MAX_PERMUTATION = 2 ** 30;
const SMALLEST_NORMAL = 2 ** -1022;
// ln 2 in two parts: the low 21 bits of the first are zero, so that its product with any exponent
// is exact.
const LN2_HI = 0.6931471803691238;
const LN2_LO = 1.9082149292705877e-10;

/** Everything a generator needs to go on; survives JSON. */
export interface RandomState {
  /** u32[4], not all zero. */
  words: [number, number, number, number];
  /** The second normal of the last pair, when it has not been drawn yet. */
  spare: number | null;
}

/**
 * A generator of uniform and normal numbers: the same seed gives the same numbers on every host.
 */
export class Random {
  readonly #words = new Uint32Array(4);
  #spare: number | null = null;

  /**
   * Fills the words from `seed` (u32) with splitmix32, so that neighbouring seeds give unrelated
   * streams.
   */
  constructor(seed: number) {
    checkSeed(seed);
    let counter = seed;
    for (let i = 0; i < 4; i++) {
      counter = (counter + 0x9e3779b9) | 0;
      let z = counter;
      z ^= z >>> 16;
      z = Math.imul(z, 0x21f0aaad);
      z ^= z >>> 15;
      z = Math.imul(z, 0x735a2d97);
      z ^= z >>> 15;
      this.#words[i] = z;
    }
  }

  /** A generator that goes on where `state` was taken. Throws STATE_INVALID. */
  static fromState(state: unknown): Random {
    const random = new Random(0);
    random.restore(state);
    return random;
  }

  /** The next 32 random bits as an integer in [0, 2^32). */
  nextU32(): number {
    const words = this.#words;
    const s0 = words[0]!;
    const s1 = words[1]!;
    const s2 = words[2]! ^ s0;
    const s3 = words[3]! ^ s1;
    words[0] = s0 ^ s3;
    words[1] = s1 ^ s2;
    words[2] = s2 ^ (s1 << 9);
    words[3] = rotateLeft(s3, 11);
    return Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0;
  }

  /** A double in [0, 1) with 53 random bits. */
  uniform(): number {
    const high = this.nextU32() >>> 5;
    const low = this.nextU32() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /**
   * An integer in [0, n), each equally likely; n: 1..2^32. Throws ARGUMENT_TYPE, ARGUMENT_RANGE.
   */
  below(n: number): number {
    checkInteger("n", n, 1, TWO_32);
    // Draws from here on would make the small results more likely than the others.
    const limit = TWO_32 - (TWO_32 % n);
    let draw = this.nextU32();
    while (draw >= limit) draw = this.nextU32();
    return draw % n;
  }

  /**
   * The integers 0..n-1 in random order (Fisher-Yates from the top); n: 0..2^30. Throws as `below`.
   */
  permutation(n: number): Uint32Array {
    checkInteger("n", n, 0, MAX_PERMUTATION);
    const order = new Uint32Array(n);
    for (let i = 1; i < n; i++) order[i] = i;
    for (let i = n - 1; i >= 1; i--) {
      const j = this.below(i + 1);
      const kept = order[i]!;
      order[i] = order[j]!;
      order[j] = kept;
    }
    return order;
  }

  /**
   * A standard normal by Marsaglia's polar method (1964); the second of each pair is kept for the
   * next call.
   */
  normal(): number {
    if (this.#spare !== null) {
      const spare = this.#spare;
      this.#spare = null;
      return spare;
    }
    let u: number;
    let v: number;
    let s: number;
    do {
      u = 2 * this.uniform() - 1;
      v = 2 * this.uniform() - 1;
      s = u * u + v * v;
    } while (s >= 1 || s === 0);
    const factor = Math.sqrt((-2 * naturalLog(s)) / s);
    this.#spare = v * factor;
    return u * factor;
  }

  /** A copy of where the generator stands. */
  state(): RandomState {
    const [a, b, c, d] = this.#words;
    return { words: [a!, b!, c!, d!], spare: this.#spare };
  }

  /**
   * Goes on where `state` was taken. Throws STATE_INVALID and changes nothing when it is not a
   * generator's state.
   */
  restore(state: unknown): void {
    const { words, spare } = checkState(state);
    this.#words.set(words);
    this.#spare = spare;
  }
}

/**
 * ln(x) to 2 units in the last place, from + - * / only: x = 2^e m with m in [sqrt(1/2), sqrt(2)),
 * f = (m-1)/(m+1), ln m = 2 (f + f^3/3 + ... + f^21/21), whose remainder is below 1e-18 of it.
 * x: [2^-1022, 1], which holds every u^2 + v^2 of `Random.normal`. Throws ARGUMENT_RANGE.
 */
export function naturalLog(x: number): number {
  if (!(x >= SMALLEST_NORMAL && x <= 1)) {
    throw new DriftkeelRangeError(
      "ARGUMENT_RANGE",
      `Expected x to be a number from 2^-1022 to 1, got ${describeValue(x)}.`,
    );
  }
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, x);
  const top = bits.getUint32(0);
  bits.setUint32(0, (top & 0x000fffff) | 0x3ff00000);
  let e = (top >>> 20) - 1023;
  let m = bits.getFloat64(0);
  if (m >= Math.SQRT2) {
    m *= 0.5;
    e += 1;
  }
  const f = (m - 1) / (m + 1);
  const f2 = f * f;
  let poly = 1 / 21;
  for (let term = 19; term >= 3; term -= 2) poly = poly * f2 + 1 / term;
  const lnM = 2 * f + 2 * f * (f2 * poly);
  return e * LN2_HI + (lnM + e * LN2_LO);
}

function rotateLeft(word: number, count: number): number {
  return (word << count) | (word >>> (32 - count));
}

function isU32(value: unknown): value is number {
  return typeof value === "number" && value >>> 0 === value;
}

function checkSeed(seed: unknown): void {
  if (isU32(seed)) return;
  const got = describeValue(seed);
  const message = `Expected seed to be an integer from 0 to ${TWO_32 - 1}, got ${got}.`;
  if (typeof seed === "number") throw new DriftkeelRangeError("OPTION_INVALID", message);
  throw new DriftkeelTypeError("OPTION_INVALID", message);
}

function checkInteger(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  const got = describeValue(value);
  const message = `Expected ${name} to be an integer from ${min} to ${max}, got ${got}.`;
  if (typeof value === "number") throw new DriftkeelRangeError("ARGUMENT_RANGE", message);
  throw new DriftkeelTypeError("ARGUMENT_TYPE", message);
}

function checkState(state: unknown): RandomState {
  const { words, spare } = (state ?? {}) as Partial<RandomState>;
  const isWords =
    Array.isArray(words) && words.length === 4 && words.every(isU32) && words.some((word) => word);
  if (!isWords) {
    throw new DriftkeelTypeError(
      "STATE_INVALID",
      `Expected the words of a generator's state to be 4 integers below 2^32, not all zero, ` +
        `got ${describeValue(words)}; restore what Random.state() returned.`,
    );
  }
  if (spare !== null && !Number.isFinite(spare)) {
    throw new DriftkeelTypeError(
      "STATE_INVALID",
      `Expected the spare of a generator's state to be a finite number or null, ` +
        `got ${describeValue(spare)}; restore what Random.state() returned.`,
    );
  }
  return { words, spare: spare as number | null };
}
