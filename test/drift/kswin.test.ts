// KSWIN: the exact test against counting, its draw, and what it sees that means do not show.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  chanceOfGap,
  criticalGap,
  largestGap,
} from "../../src/pipeline/drift/kolmogorov-smirnov.ts";
import { Kswin } from "../../src/pipeline/drift/kswin.ts";
import { indicesOf } from "./detector-kinds.ts";
import { normalsAround } from "./streams.ts";

/** Among all orders of n values of each of two samples, the share whose gap is at least `gap`. */
function countedChance(n: number, gap: number): number {
  let [all, far] = [0, 0];
  for (let order = 0; order < 2 ** (2 * n); order++) {
    let [height, highest, lowest] = [0, 0, 0];
    for (let i = 0; i < 2 * n; i++) {
      height += (order >> i) & 1 ? 1 : -1;
      highest = Math.max(highest, height);
      lowest = Math.min(lowest, height);
    }
    if (height !== 0) continue;
    all++;
    if (Math.max(highest, -lowest) >= gap) far++;
  }
  return far / all;
}

describe("chanceOfGap", () => {
  it.each([1, 2, 5, 7])("is the share of all orders of two samples of %i", (n) => {
    for (let gap = 0; gap <= n; gap++) {
      expect(chanceOfGap(n, gap)).toBeCloseTo(countedChance(n, gap), 14);
    }
  });

  it("nears Kolmogorov's limit in large samples", () => {
    // P(D >= d) -> 2 sum (-1)^(j-1) exp(-j^2 d^2 n), n values in each sample.
    const [n, gap] = [10_000, 200];
    const limit =
      2 * [1, 2, 3].reduce((s, j) => s - (-1) ** j * Math.exp(-((j * gap) ** 2) / n), 0);
    expect(chanceOfGap(n, gap)).toBeCloseTo(limit, 5);
  });

  it("gives the critical gap", () => {
    for (const [n, alpha] of [
      [30, 0.005],
      [100, 0.0001],
      [7, 0.05],
    ] as const) {
      const gap = criticalGap(n, alpha);
      expect(chanceOfGap(n, gap)).toBeLessThanOrEqual(alpha);
      expect(chanceOfGap(n, gap - 1)).toBeGreaterThan(alpha);
    }
    expect(criticalGap(3, 0.05)).toBe(4);
  });
});

describe("largestGap", () => {
  it("is the largest difference of the two counts, ties included", () => {
    const values = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 9, maxLength: 9 });
    fc.assert(
      fc.property(values, values, (a, b) => {
        const count = (list: number[], x: number) => list.filter((value) => value <= x).length;
        const gaps = [...a, ...b].map((x) => Math.abs(count(a, x) - count(b, x)));
        expect(largestGap(Float64Array.from(a), Float64Array.from(b))).toBe(Math.max(...gaps));
      }),
    );
  });
});

describe("Kswin", () => {
  it("compares the latest values with all others when it draws all of them", () => {
    const stream = normalsAround([0, 2], 60, 1);
    const detector = new Kswin({ windowSize: 40, statSize: 20, alpha: 1e-9 });
    stream.forEach((value, i) => {
      expect(detector.update(value)).toBe("stable");
      if (i < 39) return;
      const latest = Float64Array.from(stream.slice(i - 19, i + 1));
      const others = Float64Array.from(stream.slice(i - 39, i - 19));
      expect(detector.measurements.distance).toBe(largestGap(latest, others) / 20);
    });
  });

  it("draws each of the others, none twice", () => {
    const others = Array.from({ length: 12 }, (_, i) => 100 + i);
    const distances = new Map<number, number>();
    for (let seed = 0; seed < 400; seed++) {
      const detector = new Kswin({ windowSize: 16, statSize: 4, alpha: 1e-1, seed });
      for (const value of [...others, 102.5, 105.5, 108.5, 111.5]) detector.update(value);
      const { distance } = detector.measurements;
      distances.set(distance!, (distances.get(distance!) ?? 0) + 1);
    }
    // Of the 495 draws of 4 from 12, by the largest difference of the counts.
    const expected = new Map<number, number>();
    const latest = [102.5, 105.5, 108.5, 111.5];
    for (let set = 0; set < 2 ** 12; set++) {
      const drawn = others.filter((_, i) => (set >> i) & 1);
      if (drawn.length !== 4) continue;
      const gap = largestGap(Float64Array.from(drawn), Float64Array.from(latest)) / 4;
      expected.set(gap, (expected.get(gap) ?? 0) + 1);
    }
    expect([...distances.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [gap, count] of expected) {
      // 5 standard deviations of a share of 400 draws are at most 5 sqrt(0.25 / 400) = 0.125.
      expect(Math.abs(distances.get(gap)! / 400 - count / 495)).toBeLessThan(0.125);
    }
  });

  it("sees a change of spread that leaves the mean alone", () => {
    const [calm, wild] = [normalsAround([0], 300, 2), normalsAround([0], 300, 3)];
    const stream = [...calm, ...wild.map((value) => 8 * value)];
    const [first] = indicesOf("drift", new Kswin({ alpha: 1e-4, statSize: 50 }), stream);
    expect(first).toBeGreaterThan(300);
    expect(first).toBeLessThan(360);
  });

  it("draws anew at each value", () => {
    // Period 10: at every tenth value the window is the same, so only the draw can differ.
    const detector = new Kswin({ alpha: 1e-9 });
    const distances = new Set<number>();
    for (let i = 0; i < 400; i++) {
      detector.update((i * 3) % 10);
      if (i > 100 && i % 10 === 0) distances.add(detector.measurements.distance!);
    }
    expect(distances.size).toBeGreaterThan(1);
  });

  it("draws differently with another seed", () => {
    const stream = normalsAround([0, 0.8], 150, 4);
    const distances = [0, 1].map((seed) => {
      const detector = new Kswin({ seed, alpha: 1e-9 });
      return stream.map((value) => {
        detector.update(value);
        return detector.measurements.distance;
      });
    });
    expect(distances[0]).not.toEqual(distances[1]);
  });
});
