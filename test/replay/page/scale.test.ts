// Axes hold all their values, and their ticks are few, round and in order.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linearScale, logScale, type Scale } from "../../../src/replay/page/scale.ts";

function expectSane(scale: Scale, values: readonly number[]): void {
  for (const value of values) {
    expect(scale.at(value)).toBeGreaterThanOrEqual(-1e-9);
    expect(scale.at(value)).toBeLessThanOrEqual(1 + 1e-9);
  }
  expect(scale.ticks.length).toBeLessThanOrEqual(8);
  expect(scale.ticks).toEqual([...new Set(scale.ticks)].sort((a, b) => a - b));
  for (const tick of scale.ticks) {
    expect(scale.at(tick)).toBeGreaterThanOrEqual(-1e-6);
    expect(scale.at(tick)).toBeLessThanOrEqual(1 + 1e-6);
  }
}

describe("linearScale", () => {
  it("has round ticks and holds 0", () => {
    expect(linearScale([-0.28, 0.33]).ticks).toEqual([-0.2, -0.1, 0, 0.1, 0.2, 0.3]);
    expect(linearScale([-9, -4]).at(0)).toBe(1);
  });

  it.each([[[]], [[0]], [[Number.NaN, Number.POSITIVE_INFINITY]]])("has a size: %j", (values) => {
    const scale = linearScale(values);
    expect([scale.at(0), scale.at(1)]).toEqual([0, 1]);
  });

  it("holds any values", () => {
    const values = fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }).map(Math.fround), {
      minLength: 1,
    });
    fc.assert(
      fc.property(values, (found) => expectSane(linearScale(found), found)),
      { seed: 1 },
    );
  });
});

describe("logScale", () => {
  it("puts equal ratios at equal distances", () => {
    const scale = logScale([0.25, 4]);
    expect(scale.at(1)).toBeCloseTo(0.5, 12);
    expect(scale.at(2)).toBeCloseTo(0.75, 12);
    expect(scale.ticks).toEqual([0.5, 1, 2]);
  });

  it("has even ticks where ratios would be too coarse", () => {
    expect(logScale([0.95, 1.07]).ticks).toEqual([0.96, 0.98, 1, 1.02, 1.04, 1.06]);
  });

  it("has a size without values, and few ticks over many powers of ten", () => {
    expectSane(logScale([]), [1]);
    expectSane(logScale([1e-3, 1e12]), [1e-3, 1, 1e12]);
  });

  it("holds any capital", () => {
    const capital = fc.array(fc.double({ min: 1e-3, max: 1e12, noNaN: true }));
    fc.assert(
      fc.property(capital, (values) => expectSane(logScale(values), values)),
      { seed: 1 },
    );
  });
});
