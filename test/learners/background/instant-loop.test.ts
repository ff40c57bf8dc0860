// One correction moves the output of the same input towards the better answer: always, and little
// else.

import { describe, expect, it } from "vitest";
import { direction } from "../../../bench/background/planted-tasks.ts";
import { Random } from "../../../src/core/random.ts";
import { InstantLoop } from "../../../src/learners/background/index.ts";

const TRIALS = 2000;
const SIZES = [2, 3, 8, 32, 128];

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) =>
    x.reduce((sum, value, k) => sum + value * y[k]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

/** Any length from 0.001 to 1000. */
function scaled(random: Random, size: number): Float32Array {
  const factor = 10 ** (6 * random.uniform() - 3);
  return direction(random, size).map((value) => factor * value);
}

describe("InstantLoop", () => {
  it("changes nothing before the first correction", () => {
    const input = direction(new Random(1), 16);
    expect(new InstantLoop({ embeddingSize: 16 }).apply(input)).toEqual(input);
  });

  it(`moves the output towards the better answer in ${TRIALS} of ${TRIALS} trials`, () => {
    const random = new Random(2);
    let moved = 0;
    for (let trial = 0; trial < TRIALS; trial++) {
      const embeddingSize = SIZES[trial % SIZES.length]!;
      const loop = new InstantLoop({ embeddingSize, rank: 1 + (trial % 2), seed: trial });
      // Half of the trials start from an adapter that other corrections have shaped.
      for (let k = 0; k < 5 * (trial % 2); k++) {
        const before = {
          input: scaled(random, embeddingSize),
          better: direction(random, embeddingSize),
        };
        loop.learn(before);
      }
      const [input, better] = [scaled(random, embeddingSize), scaled(random, embeddingSize)];
      const before = cosine(loop.apply(input), better);
      loop.learn({ input, better });
      if (cosine(loop.apply(input), better) > before) moved++;
    }
    expect(moved).toBe(TRIALS);
  });

  it(`widens the lead over the worse answer in ${TRIALS} of ${TRIALS} trials`, () => {
    const random = new Random(3);
    let moved = 0;
    for (let trial = 0; trial < TRIALS; trial++) {
      const embeddingSize = SIZES[1 + (trial % (SIZES.length - 1))]!;
      const loop = new InstantLoop({ embeddingSize, seed: trial });
      const [input, better, worse] = [0, 1, 2].map(() => scaled(random, embeddingSize));
      const standing = () => {
        const y = loop.apply(input!);
        return [cosine(y, better!), cosine(y, better!) - cosine(y, worse!)] as const;
      };
      const before = standing();
      loop.learn({ input: input!, better: better!, worse: worse! });
      const after = standing();
      if (after[0] > before[0] && after[1] >= before[1]) moved++;
    }
    expect(moved).toBe(TRIALS);
  });

  it("turns even an output that points the opposite way", () => {
    const input = direction(new Random(4), 8);
    const loop = new InstantLoop({ embeddingSize: 8 });
    const better = input.map((value) => -value);
    expect(loop.learn({ input, better }).isMoved).toBe(true);
    for (let k = 0; k < 30; k++) loop.learn({ input, better });
    expect(cosine(loop.apply(input), better)).toBeGreaterThan(0.99);
  });

  it("says so when the output is there already, and changes nothing", () => {
    const loop = new InstantLoop({ embeddingSize: 2 });
    const input = new Float32Array([3, 4]);
    const bytes = loop.toBytes();
    expect(loop.learn({ input, better: input })).toMatchObject({ isMoved: false });
    expect(loop.toBytes()).toEqual(bytes);
    expect(loop.updates).toBe(0);
  });

  it.each([1, 2])("does not throw other inputs about, rank %i", (rank) => {
    const random = new Random(5);
    const size = 64;
    const far = (a: Float32Array, b: Float32Array) =>
      Math.hypot(...a.map((value, k) => value - b[k]!));
    const ratios = Array.from({ length: 300 }, (_, seed) => {
      const loop = new InstantLoop({ embeddingSize: size, rank, seed });
      const [input, other] = [direction(random, size), direction(random, size)];
      loop.learn({ input, better: direction(random, size) });
      return far(loop.apply(other), other) / far(loop.apply(input), input);
    });
    // A x of another input is normal; that of the corrected one is at least half its deviation.
    expect(Math.max(...ratios)).toBeLessThan(8);
    expect(ratios.reduce((sum, value) => sum + value / ratios.length, 0)).toBeLessThan(1.2);
  });

  it("fades on demand and comes back from its bytes", () => {
    const random = new Random(6);
    const loop = new InstantLoop({ embeddingSize: 8 });
    const [input, better] = [direction(random, 8), direction(random, 8)];
    loop.learn({ input, better });
    const copy = InstantLoop.fromBytes(loop.toBytes());
    expect(copy.apply(input)).toEqual(loop.apply(input));
    for (const each of [loop, copy]) each.learn({ input: better, better: input });
    expect(copy.toBytes()).toEqual(loop.toBytes());
    loop.fade(0);
    expect(loop.apply(input)).toEqual(input);
  });

  it("refuses wrong lengths, numbers and options before anything changes", () => {
    const loop = new InstantLoop({ embeddingSize: 4 });
    const refused = (code: string) => expect.objectContaining({ code });
    const ok = new Float32Array([1, 2, 3, 4]);
    const short = new Float32Array(3).fill(1);
    expect(() => loop.apply(short)).toThrow(refused("LENGTH_MISMATCH"));
    expect(() => loop.learn({ input: short, better: ok })).toThrow(refused("LENGTH_MISMATCH"));
    expect(() => loop.learn({ input: ok, better: short })).toThrow(refused("LENGTH_MISMATCH"));
    expect(() => loop.learn({ input: ok, better: ok, worse: short })).toThrow(
      refused("LENGTH_MISMATCH"),
    );
    expect(() => loop.learn({ input: ok, better: new Float32Array(4) })).toThrow(
      refused("ARGUMENT_RANGE"),
    );
    const broken = new Float32Array([1, Number.NaN, 0, 0]);
    expect(() => loop.learn({ input: broken, better: ok })).toThrow(refused("VALUE_NOT_FINITE"));
    expect(() => new InstantLoop({ embeddingSize: 4, rank: 3 })).toThrow(refused("OPTION_INVALID"));
    expect(loop.updates).toBe(0);
  });
});
