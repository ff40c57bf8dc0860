// The seeded generator whose stream the core must reproduce word for word.

/**
 * Returns the successive words of splitmix32, the generator that spreads one seed over four words:
 *
 *     state += 0x9e3779b9; z = state
 *     z ^= z >>> 16; z *= 0x21f0aaad; z ^= z >>> 15; z *= 0x735a2d97; z ^= z >>> 15
 *
 * seed: u32. All arithmetic is modulo 2^32.
 */
function splitmix32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
}

function rotateLeft(word: number, count: number): number {
  return ((word << count) | (word >>> (32 - count))) >>> 0;
}

/**
 * xoshiro128** (Blackman & Vigna 2018) with four u32 state words, seeded by splitmix32.
 *
 * splitmix32 is a bijection of its state, so at most one of the four words is zero: the all-zero
 * state, which would repeat for ever, cannot be reached from a seed.
 */
export class Random {
  /** The four state words, s0 to s3. */
  readonly state = new Uint32Array(4);
  /** The second normal of the last accepted pair, or `undefined` when it is used up. */
  spareNormal: number | undefined;

  /** seed: u32. */
  constructor(seed: number) {
    const nextWord = splitmix32(seed);
    for (let i = 0; i < 4; i++) this.state[i] = nextWord();
  }

  /** Returns rotl(s1 * 5, 7) * 9 as a u32 and advances the state. */
  nextU32(): number {
    const s = this.state;
    const result = Math.imul(rotateLeft(Math.imul(s[1]!, 5), 7), 9) >>> 0;
    const shifted = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= shifted;
    s[3] = rotateLeft(s[3]!, 11);
    return result;
  }

  /**
   * Returns a double in [0, 1) with 53 random bits, from two words (a is drawn first):
   *
   *     ((a >>> 5) * 2^26 + (b >>> 6)) / 2^53
   */
  uniform(): number {
    const a = this.nextU32();
    const b = this.nextU32();
    return ((a >>> 5) * 2 ** 26 + (b >>> 6)) / 2 ** 53;
  }

  /**
   * Returns an unbiased integer in [0, n): words at or above the largest multiple of n that fits
   * in 2^32 are drawn again. n: 1 to 2^32.
   */
  below(n: number): number {
    const limit = 2 ** 32 - (2 ** 32 % n);
    let word = this.nextU32();
    while (word >= limit) word = this.nextU32();
    return word % n;
  }

  /** Returns a random order of 0 to n-1: Fisher-Yates from the top, j = below(i + 1). */
  permutation(n: number): Uint32Array {
    const order = new Uint32Array(n);
    for (let i = 0; i < n; i++) order[i] = i;
    for (let i = n - 1; i >= 1; i--) {
      const j = this.below(i + 1);
      const held = order[i]!;
      order[i] = order[j]!;
      order[j] = held;
    }
    return order;
  }

  /**
   * Returns a standard normal by the polar method (Marsaglia & Bray 1964):
   *
   *     u = 2 uniform() - 1; v = 2 uniform() - 1; s = u^2 + v^2; again while s >= 1 or s = 0
   *     factor = sqrt(-2 ln(s) / s)
   *
   * u * factor is returned, v * factor is kept for the next call.
   */
  normal(): number {
    if (this.spareNormal !== undefined) {
      const value = this.spareNormal;
      this.spareNormal = undefined;
      return value;
    }
    let u = 0;
    let v = 0;
    let s = 0;
    do {
      u = 2 * this.uniform() - 1;
      v = 2 * this.uniform() - 1;
      s = u * u + v * v;
    } while (s >= 1 || s === 0);
    const factor = Math.sqrt((-2 * Math.log(s)) / s);
    this.spareNormal = v * factor;
    return u * factor;
  }
}
