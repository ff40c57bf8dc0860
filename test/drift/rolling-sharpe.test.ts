// The rolling Sharpe ratio of a series against the plain two-pass definition.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.ts";
import { rollingSharpe, SharpeDriftDetector } from "../../src/index.ts";
import * as reference from "../reference/sharpe.ts";

function expectSame(actual: Float64Array, expected: Float64Array, tolerance: number): void {
  expect(actual).toHaveLength(expected.length);
  for (let t = 0; t < expected.length; t++) {
    expect(Number.isNaN(actual[t])).toBe(Number.isNaN(expected[t]));
    const scale = Math.max(1, Math.abs(expected[t]!));
    if (!Number.isNaN(expected[t])) {
      expect(Math.abs(actual[t]! - expected[t]!)).toBeLessThanOrEqual(tolerance * scale);
    }
  }
}

const settings = fc.record({
  windowSize: fc.integer({ min: 2, max: 60 }),
  annualization: fc.constantFrom(1, 12, 252, 365.25),
  input: fc.constantFrom("pnl" as const, "returns" as const),
});

describe("rollingSharpe", () => {
  it("equals the two-pass definition: NaN until the window is full, then O(1) a value", () => {
    const seeds = fc.integer({ min: 0, max: 1e6 });
    const length = fc.integer({ min: 0, max: 400 });
    fc.assert(
      fc.property(settings, seeds, length, (options, seed, count) => {
        const random = new Random(seed);
        const values = Float64Array.from({ length: count }, () => 0.1 + random.normal());
        const expected = reference.rollingSharpe(values, options);
        expectSame(rollingSharpe(values, options), expected, 1e-9);
      }),
    );
  });

  it("has the defaults that are written down", () => {
    const random = new Random(3);
    const values = Float64Array.from({ length: 100 }, () => random.normal());
    expect(rollingSharpe(values, { windowSize: 10 })).toEqual(
      rollingSharpe(values, { windowSize: 10, annualization: 252, input: "pnl" }),
    );
  });

  it("gives the values that a detector gives one at a time, to the bit", () => {
    const random = new Random(4);
    const values = Float64Array.from({ length: 2000 }, () => random.normal());
    for (const input of ["pnl", "returns"] as const) {
      const all = rollingSharpe(values, { windowSize: 30, input });
      using detector = new SharpeDriftDetector({ windowSize: 30, input });
      for (const [t, value] of values.entries()) {
        detector.update(value);
        if (t >= 29) expect(detector.currentSharpe()).toBe(all[t]);
      }
    }
  });

  it("is 0 where nothing moves, at any level", () => {
    for (const level of [0, 0.1, -1e9, 1 / 3]) {
      const values = new Float64Array(200).fill(level);
      const ratios = rollingSharpe(values, { windowSize: 20, input: "returns" });
      expect(ratios.subarray(19).every((value) => value === 0)).toBe(true);
    }
  });

  it("returns nothing for nothing, and only NaN for a series shorter than the window", () => {
    expect(rollingSharpe(new Float64Array(0), { windowSize: 5 })).toEqual(new Float64Array(0));
    const ratios = rollingSharpe(Float64Array.of(1, 2, 3), { windowSize: 5 });
    expect(ratios).toEqual(new Float64Array(3).fill(Number.NaN));
  });

  it("leaves the values alone", () => {
    const values = Float64Array.of(1, 5, 2, 4, 3);
    rollingSharpe(values, { windowSize: 3 });
    expect(values).toEqual(Float64Array.of(1, 5, 2, 4, 3));
  });
});
