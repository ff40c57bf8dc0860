// The betting martingale: its definition step by step, its bound, its scale.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Evidence } from "../../src/pipeline/promote/evidence.ts";

/** The definition, over the whole history at every step. */
function reference(differences: readonly number[]): number {
  const cut: number[] = [];
  const capitals = [1, 1, 1];
  differences.forEach((d, t) => {
    const scale = t === 0 ? 0 : (6 * cut.reduce((sum, value) => sum + value, 0)) / t;
    const isBet = t >= 10 && scale > 0;
    const x = isBet ? Math.max(-1, Math.min(1, d / scale)) : 0;
    [0.95, 0.5, 0.25].forEach((stake, j) => {
      capitals[j]! *= 1 + stake * x;
    });
    cut.push(isBet ? Math.min(Math.abs(d), scale) : Math.abs(d));
  });
  return capitals.reduce((sum, value) => sum + value, 0) / 3;
}

function evidenceOf(differences: readonly number[], bound?: number): number {
  const evidence = new Evidence(bound);
  for (const difference of differences) evidence.add(difference);
  return evidence.value;
}

/** Mostly small, now and then far beyond any scale learned from the small ones. */
const differences = fc.array(
  fc.oneof(
    { weight: 9, arbitrary: fc.double({ min: -1, max: 1, noNaN: true }) },
    { weight: 1, arbitrary: fc.double({ min: -1000, max: 1000, noNaN: true }) },
  ),
  { maxLength: 60 },
);

describe("Evidence", () => {
  it("equals its definition", () => {
    fc.assert(
      fc.property(differences, (values) => {
        const expected = reference(values);
        expect(Math.abs(evidenceOf(values) - expected)).toBeLessThanOrEqual(1e-9 * expected);
      }),
    );
  });

  it("cuts an outlier in the scale, too, so that the bets after it stay large", () => {
    const noise = Array.from({ length: 30 }, (_, t) => (t % 2 === 0 ? 1 : -1));
    const values = [...noise, 1e6, ...new Array<number>(30).fill(1)];
    expect(evidenceOf(values)).toBeCloseTo(reference(values), 9);
    expect(evidenceOf(values)).toBeGreaterThan(10);
  });

  it("is 1 before the scale is known, and while nothing differs", () => {
    expect(evidenceOf([])).toBe(1);
    expect(evidenceOf(new Array<number>(10).fill(5))).toBe(1);
    expect(evidenceOf(new Array<number>(1000).fill(0))).toBe(1);
    expect(evidenceOf([...new Array<number>(1000).fill(0), 7])).toBe(1);
  });

  it("does not depend on the unit of the differences", () => {
    fc.assert(
      fc.property(differences, fc.integer({ min: -20, max: 20 }), (values, power) => {
        // Small numbers would lose bits when scaled down.
        const clear = values.map((value) => (Math.abs(value) < 1e-6 ? 0 : value));
        expect(evidenceOf(clear.map((value) => value * 2 ** power))).toBe(evidenceOf(clear));
      }),
    );
  });

  it("grows by no more than the stake of a clipped difference: one outlier decides nothing", () => {
    const noise = Array.from({ length: 50 }, (_, t) => (t % 2 === 0 ? 1 : -1));
    const before = evidenceOf(noise);
    const after = evidenceOf([...noise, 1e12]);
    expect(after).toBeGreaterThan(before);
    expect(after).toBeLessThanOrEqual(1.95 * before);
  });

  it("is never negative, and never NaN, whatever comes", () => {
    const extremes = [Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE, -1, 0, 1];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...extremes), { maxLength: 80 }), (values) => {
        expect(evidenceOf(values)).toBeGreaterThanOrEqual(0);
        expect(evidenceOf(values, Number.MAX_VALUE)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it("is not negative when a bound far above all differences is reached after all", () => {
    const values = [...new Array<number>(30).fill(1), -1000, -1000];
    const evidence = evidenceOf(values, 1000);
    expect(evidence).toBeGreaterThan(0);
    expect(evidence).toBeLessThan(evidenceOf(values.slice(0, 30), 1000));
  });

  it("stays a number where the scale overflows", () => {
    expect(evidenceOf(new Array<number>(30).fill(Number.MAX_VALUE))).toBeGreaterThan(1);
    expect(evidenceOf(new Array<number>(30).fill(-Number.MAX_VALUE))).toBeLessThan(1);
  });

  it("has a mean of at most 1 for fair bounded bets, exactly over all sequences", () => {
    // +-1 with equal chances, 14 steps: all 2^14 sequences are equally likely.
    const steps = 14;
    for (const bound of [undefined, 1, 3]) {
      let sum = 0;
      for (let bits = 0; bits < 2 ** steps; bits++) {
        sum += evidenceOf(
          Array.from({ length: steps }, (_, t) => ((bits >> t) & 1 ? 1 : -1)),
          bound,
        );
      }
      expect(sum / 2 ** steps).toBeCloseTo(1, 9);
    }
  });

  it("with a bound, has a mean of at most 1 for skewed fair differences", () => {
    // -0.75 with chance 1/4, +0.25 with chance 3/4, over all sequences of 14 steps.
    const steps = 14;
    let mean = 0;
    for (let bits = 0; bits < 2 ** steps; bits++) {
      const values = Array.from({ length: steps }, (_, t) => ((bits >> t) & 1 ? -0.75 : 0.25));
      const rare = values.filter((value) => value < 0).length;
      mean += 0.25 ** rare * 0.75 ** (steps - rare) * evidenceOf(values, 0.75);
    }
    expect(mean).toBeCloseTo(1, 9);
  });

  it("goes on after a restore exactly as it would have without", () => {
    fc.assert(
      fc.property(differences, differences, (first, second) => {
        const original = new Evidence();
        for (const value of first) original.add(value);
        const resumed = new Evidence();
        resumed.restore(JSON.parse(JSON.stringify(original.state())));
        for (const value of second) resumed.add(value);
        expect(resumed.value).toBe(evidenceOf([...first, ...second]));
      }),
    );
  });
});
