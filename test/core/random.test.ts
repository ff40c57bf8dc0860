// The seeded generator: its published stream, its distributions, its limits, and going on from a
// saved state.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { naturalLog, Random } from "../../src/core/random.ts";
import { DriftkeelRangeError, DriftkeelTypeError } from "../../src/errors.ts";

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });

/** xoshiro128** as its authors publish it, in whole numbers without 32-bit tricks. */
function* publishedStream(words: readonly number[]): Generator<number> {
  const mask = 0xffffffffn;
  const rotate = (x: bigint, k: bigint) => ((x << k) | (x >> (32n - k))) & mask;
  const s = words.map(BigInt) as [bigint, bigint, bigint, bigint];
  for (;;) {
    yield Number((rotate((s[1] * 5n) & mask, 7n) * 9n) & mask);
    const t = (s[1] << 9n) & mask;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 11n);
  }
}

function moments(count: number, draw: () => number): { mean: number; variance: number } {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < count; i++) {
    const x = draw();
    sum += x;
    squares += x * x;
  }
  const mean = sum / count;
  return { mean, variance: squares / count - mean * mean };
}

describe("the stream", () => {
  it("is xoshiro128** from any state", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const random = new Random(seed);
        const published = publishedStream(random.state().words);
        for (let i = 0; i < 50; i++) expect(random.nextU32()).toBe(published.next().value);
      }),
    );
  });

  it("never changes for a given seed", () => {
    const random = new Random(42);
    expect(random.state()).toEqual(GOLDEN.state);
    expect([1, 2, 3, 4].map(() => random.nextU32())).toEqual(GOLDEN.words);
    expect([1, 2, 3].map(() => random.uniform())).toEqual(GOLDEN.uniforms);
    expect([1, 2, 3].map(() => random.normal())).toEqual(GOLDEN.normals);
    expect([1, 2, 3, 4, 5].map(() => random.below(1000))).toEqual(GOLDEN.below);
    expect([...random.permutation(8)]).toEqual(GOLDEN.permutation);
  });

  it("differs between neighbouring seeds in about half of the bits", () => {
    let bits = 0;
    for (let seed = 0; seed < 1000; seed++) {
      let difference = new Random(seed).nextU32() ^ new Random(seed + 1).nextU32();
      for (; difference !== 0; difference &= difference - 1) bits++;
    }
    // 32000 fair bits: mean 16000, standard deviation 89.
    expect(Math.abs(bits - 16000)).toBeLessThan(5 * 89);
  });
});

describe("distributions", () => {
  const count = 200_000;

  it("uniform has the moments of [0, 1) and stays inside", () => {
    const random = new Random(1);
    const { mean, variance } = moments(count, () => {
      const x = random.uniform();
      if (!(x >= 0 && x < 1)) throw new Error(`${x} is outside [0, 1)`);
      return x;
    });
    // Five standard errors: sqrt(1/12 / n) of the mean, sqrt(1/180 / n) of the variance.
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / count));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / count));
  });

  it("normal has mean 0, variance 1, no skew and kurtosis 3", () => {
    const random = new Random(2);
    const draws = Array.from({ length: count }, () => random.normal());
    const power = (k: number) => draws.reduce((sum, x) => sum + x ** k, 0) / count;
    // Variances of x, x^2, x^3, x^4 under the normal: 1, 2, 15, 96.
    expect(Math.abs(power(1))).toBeLessThan(5 * Math.sqrt(1 / count));
    expect(Math.abs(power(2) - 1)).toBeLessThan(5 * Math.sqrt(2 / count));
    expect(Math.abs(power(3))).toBeLessThan(5 * Math.sqrt(15 / count));
    expect(Math.abs(power(4) - 3)).toBeLessThan(5 * Math.sqrt(96 / count));
  });

  it("below gives each result equally often", () => {
    const random = new Random(3);
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) counts[random.below(7)]!++;
    const chiSquare = counts.reduce((sum, n) => sum + (n - 10_000) ** 2 / 10_000, 0);
    expect(chiSquare).toBeLessThan(30); // 6 degrees of freedom: exceeded once in 25,000 seeds
  });

  it("below has no bias where a plain remainder would: 3 * 2^30 results of 2^32 draws", () => {
    const random = new Random(4);
    const n = 3 * 2 ** 30;
    let low = 0;
    for (let i = 0; i < 30_000; i++) if (random.below(n) < 2 ** 30) low++;
    // A third; the plain remainder would give a half. Standard deviation 82.
    expect(Math.abs(low - 10_000)).toBeLessThan(5 * 82);
  });

  it("permutation puts each number at each place equally often", () => {
    const random = new Random(5);
    const counts = new Array<number>(16).fill(0);
    for (let i = 0; i < 40_000; i++) {
      random.permutation(4).forEach((value, place) => {
        counts[4 * place + value]!++;
      });
    }
    // Binomial(40000, 1/4): standard deviation 87.
    for (const n of counts) expect(Math.abs(n - 10_000)).toBeLessThan(5 * 87);
  });
});

describe("below and permutation", () => {
  it("below stays in [0, n) for every n, 1 and 2^32 included", () => {
    const n = fc.oneof(fc.constantFrom(1, 2, 2 ** 31, 2 ** 32 - 1, 2 ** 32), seeds.filter(Boolean));
    fc.assert(
      fc.property(seeds, n, (seed, n) => {
        const draw = new Random(seed).below(n);
        expect(Number.isInteger(draw) && draw >= 0 && draw < n).toBe(true);
      }),
    );
  });

  it("permutation holds each of 0..n-1 once", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 0, max: 300 }), (seed, n) => {
        const order = new Random(seed).permutation(n);
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      }),
    );
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 32 + 1, Number.POSITIVE_INFINITY])(
    "below refuses %s and draws nothing",
    (n) => {
      const random = new Random(6);
      const before = random.state();
      expect(() => random.below(n)).toThrowError(DriftkeelRangeError);
      expect(random.state()).toEqual(before);
    },
  );

  it.each([-1, 0.5, 2 ** 30 + 1])("permutation refuses %s", (n) => {
    expect(() => new Random(6).permutation(n)).toThrowError(
      expect.objectContaining({ code: "ARGUMENT_RANGE" }),
    );
  });

  it("refuses a count that is not a number", () => {
    expect(() => new Random(6).below("7" as never)).toThrowError(DriftkeelTypeError);
  });
});

describe("state", () => {
  it("survives JSON and goes on with the same numbers, a kept normal included", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 0, max: 9 }), (seed, normals) => {
        const random = new Random(seed);
        for (let i = 0; i < normals; i++) random.normal();
        const saved = JSON.parse(JSON.stringify(random.state()));
        const resumed = Random.fromState(saved);
        const draw = (r: Random) => [r.normal(), r.normal(), r.uniform(), r.below(1e6), r.normal()];
        expect(draw(resumed)).toEqual(draw(random));
      }),
    );
  });

  it("is a copy", () => {
    const random = new Random(7);
    const state = random.state();
    state.words[0] = 1;
    expect(random.state()).toEqual(new Random(7).state());
  });

  it.each([
    ["nothing", undefined],
    ["null", null],
    ["a number", 5],
    ["no words", { spare: null }],
    ["three words", { words: [1, 2, 3], spare: null }],
    ["a negative word", { words: [1, 2, 3, -4], spare: null }],
    ["a word of 33 bits", { words: [1, 2, 3, 2 ** 32], spare: null }],
    ["a text word", { words: [1, 2, 3, "4"], spare: null }],
    ["words that are all zero", { words: [0, 0, 0, 0], spare: null }],
    ["no spare", { words: [1, 2, 3, 4] }],
    ["a spare that is not finite", { words: [1, 2, 3, 4], spare: Number.NaN }],
  ])("refuses %s and stays as it was", (_, state) => {
    const random = new Random(8);
    const before = random.state();
    expect(() => random.restore(state)).toThrowError(
      expect.objectContaining({ code: "STATE_INVALID" }),
    );
    expect(random.state()).toEqual(before);
  });
});

describe("seeds", () => {
  it.each([-1, 0.5, 2 ** 32, Number.NaN, Number.POSITIVE_INFINITY])("refuses %s", (seed) => {
    expect(() => new Random(seed)).toThrowError(DriftkeelRangeError);
    expect(() => new Random(seed)).toThrowError(
      `Expected seed to be an integer from 0 to 4294967295, got ${seed}.`,
    );
  });

  it.each([undefined, null, "1", 1n, {}])("refuses %s as no number", (seed) => {
    expect(() => new Random(seed as never)).toThrowError(
      expect.objectContaining({ name: "DriftkeelTypeError", code: "OPTION_INVALID" }),
    );
  });

  it("accepts both ends", () => {
    expect(new Random(0).nextU32()).not.toBe(new Random(2 ** 32 - 1).nextU32());
  });
});

describe("naturalLog", () => {
  it("is within 2 units in the last place of the host's logarithm", () => {
    const random = new Random(9);
    let worst = 0;
    for (let i = 0; i < 100_000; i++) {
      // Half of the points near 1, where the logarithm is near 0; half down to the smallest square
      // `normal` can meet.
      const x = i % 2 === 0 ? 1 - 0.5 * random.uniform() : 2 ** (-104 * random.uniform());
      const expected = Math.log(x);
      const ulp = 2 ** (Math.floor(Math.log2(Math.abs(expected))) - 52);
      if (expected !== 0) worst = Math.max(worst, Math.abs(naturalLog(x) - expected) / ulp);
    }
    expect(worst).toBeLessThanOrEqual(2);
  });

  it("is exact where the logarithm is", () => {
    expect(naturalLog(1)).toBe(0);
    expect(naturalLog(0.5)).toBe(-Math.LN2);
  });

  it.each([0, -1, 2 ** -1023, 1.0000000000000002, Number.NaN])("refuses %s", (x) => {
    expect(() => naturalLog(x)).toThrowError(expect.objectContaining({ code: "ARGUMENT_RANGE" }));
  });
});

/** From a separate program in another language, written from the published definitions. */
const GOLDEN = {
  state: { words: [551831576, 144025891, 322543647, 3034809370], spare: null },
  words: [660444221, 3652823732, 77672526, 910233633],
  uniforms: [0.5348906284683476, 0.7272476959257951, 0.5729110226561315],
  normals: [-0.46238198067144215, 0.7632938732618118, -1.7288360633682842],
  below: [340, 832, 492, 888, 963],
  permutation: [5, 4, 7, 1, 2, 6, 0, 3],
};
