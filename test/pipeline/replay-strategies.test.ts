// What each strategy of the replay buffer keeps, and how often.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ReplayBuffer } from "../../src/pipeline/feedback/replay-buffer.ts";
import {
  ALL,
  anyStrategy,
  filled,
  heldBy,
  sampleOf,
  strategies,
  valuesOf,
} from "./replay-samples.ts";

/** Sum of (observed - expected)^2 / expected. */
function chiSquare(counts: number[], expected: number): number {
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

describe("every strategy", () => {
  it("holds everything until it is full, then exactly `capacity`", () => {
    const sizes = fc.integer({ min: 1, max: 12 });
    fc.assert(
      fc.property(anyStrategy, sizes, fc.integer({ min: 0, max: 40 }), (strategy, capacity, n) => {
        const buffer = filled({ capacity, strategy }, n);
        expect(buffer.size).toBe(Math.min(n, capacity));
        expect(buffer.seen).toBe(n);
        const held = heldBy(buffer);
        expect(new Set(held).size).toBe(held.length);
        expect(held.every((value) => value < n)).toBe(true);
      }),
    );
  });

  it("add says whether the sample is held", () => {
    fc.assert(
      fc.property(anyStrategy, fc.integer({ min: 0, max: 99 }), (strategy, seed) => {
        const buffer = new ReplayBuffer({ capacity: 5, strategy, seed });
        for (let i = 0; i < 40; i++) {
          const kept = buffer.add(sampleOf(i, i % 3));
          expect(heldBy(buffer).includes(i)).toBe(kept);
        }
      }),
    );
  });

  it.each(strategies)("%s: the same seed keeps and draws the same", (strategy) => {
    const run = (seed: number) => {
      const buffer = filled({ capacity: 20, strategy, seed }, 200);
      return [valuesOf(buffer.sample(8)), valuesOf(buffer.sample(8)), heldBy(buffer)];
    };
    expect(run(7)).toEqual(run(7));
    expect(run(7)).not.toEqual(run(8));
  });

  it.each(strategies)("%s: holds no more arrays than its capacities allow", (strategy) => {
    const buffer = new ReplayBuffer({ capacity: 50, lockedCapacity: 7, strategy });
    expect(buffer.memoryBytes).toBe(0);
    for (let i = 0; i < 1000; i++) buffer.add(sampleOf(i, i % 3), { locked: i % 4 === 0 });
    expect(buffer.memoryBytes).toBe((50 + 7) * (2 + 3) * 4);
  });
});

describe("reservoir", () => {
  it("holds each of everything seen with the same probability", () => {
    const counts = new Array<number>(60).fill(0);
    const runs = 6000;
    for (let seed = 0; seed < runs; seed++) {
      for (const value of heldBy(filled({ capacity: 10, seed }, 60))) counts[value]!++;
    }
    // Each count has mean runs / 6; the counts of a fixed-size sample have (1 - 1/6) of the
    // Poisson variance. 59 degrees of freedom: 110 is exceeded once in 20,000 seeds.
    expect(chiSquare(counts, runs / 6) / (1 - 1 / 6)).toBeLessThan(110);
  });

  it("keeps a new sample with probability capacity / seen", () => {
    let kept = 0;
    for (let seed = 0; seed < 10_000; seed++) {
      const buffer = filled({ capacity: 4, seed }, 19);
      if (buffer.add(sampleOf(99))) kept++;
    }
    // 4 / 20 of 10,000: standard deviation 40.
    expect(Math.abs(kept - 2000)).toBeLessThan(5 * 40);
  });
});

describe("ring", () => {
  it("holds the latest samples", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 0, max: 40 }),
        (capacity, n) => {
          const held = heldBy(filled({ capacity, strategy: "ring" }, n));
          const first = Math.max(0, n - capacity);
          expect(held).toEqual(Array.from({ length: n - first }, (_, i) => first + i));
        },
      ),
    );
  });
});

describe("class-balanced", () => {
  const classes = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 120 });

  function countByClass(buffer: ReplayBuffer): number[] {
    const counts = [0, 0, 0];
    for (const { label } of buffer.sample(ALL)) counts[label.indexOf(1)]!++;
    return counts;
  }

  it("gives 90%, 9% and 1% of a stream a third of the buffer each", () => {
    const buffer = new ReplayBuffer({ capacity: 300, strategy: "class-balanced" });
    for (let i = 0; i < 30_000; i++) {
      buffer.add(sampleOf(i, i % 100 === 0 ? 2 : i % 11 === 0 ? 1 : 0));
    }
    expect(countByClass(buffer)).toEqual([100, 100, 100]);
  });

  it("holds a class whole that was never the largest since the buffer filled", () => {
    const capacity = 12;
    fc.assert(
      fc.property(classes, fc.integer({ min: 0, max: 99 }), (stream, seed) => {
        const buffer = new ReplayBuffer({ capacity, strategy: "class-balanced", seed });
        const seen = [0, 0, 0];
        const wasLargest = [false, false, false];
        for (const [i, classIndex] of stream.entries()) {
          buffer.add(sampleOf(i, classIndex));
          seen[classIndex]!++;
          const held = countByClass(buffer);
          const largest = Math.max(...held);
          for (let c = 0; c < 3; c++) {
            if (buffer.size === capacity && held[c] === largest) wasLargest[c] = true;
            if (!wasLargest[c]) expect(held[c]).toBe(seen[c]);
          }
        }
      }),
    );
  });

  it("holds each sample of a frequent class with the same probability", () => {
    const counts = new Array<number>(60).fill(0);
    for (let seed = 0; seed < 3000; seed++) {
      const buffer = new ReplayBuffer({ capacity: 10, strategy: "class-balanced", seed });
      for (let i = 0; i < 60; i++) buffer.add(sampleOf(i));
      for (const value of heldBy(buffer)) counts[value]!++;
    }
    // As for the reservoir, which this is within one class.
    expect(chiSquare(counts, 500) / (1 - 1 / 6)).toBeLessThan(110);
  });

  it("takes the sign of a single output as the class", () => {
    const buffer = new ReplayBuffer({ capacity: 30, strategy: "class-balanced" });
    const outputs = [0.01, 0.02, 5, 0, -0, -3, -0.5];
    for (let i = 0; i < 3000; i++) {
      const output = i % 50 === 0 ? outputs[3 + ((i / 50) % 4)]! : outputs[i % 3]!;
      buffer.add({ input: Float32Array.of(i), label: Float32Array.of(output) });
    }
    const signs = buffer.sample(ALL).map(({ label }) => Math.sign(label[0]!) + 0);
    const count = (sign: number) => signs.filter((each) => each === sign).length;
    expect([count(-1), count(0), count(1)]).toEqual([10, 10, 10]);
  });

  it("takes the first of equally large outputs as the class", () => {
    const buffer = new ReplayBuffer({ capacity: 4, strategy: "class-balanced" });
    for (const label of [
      [0, 1, 1],
      [1, 1, 0],
      [1, 1, 1],
    ]) {
      buffer.add({ input: Float32Array.of(0), label: Float32Array.from(label) });
    }
    expect(buffer.state().placement).toEqual({
      classes: [
        { class: 0, seen: 2, full: false },
        { class: 1, seen: 1, full: false },
      ],
    });
  });
});
