// The inclusive limit on a change: what it lets through, and what never passes.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { risesAtMost } from "../../src/statistics/rises-at-most.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

describe("risesAtMost", () => {
  it.each([
    [0.2, 0.3, 0.1],
    [1, 1.1, 0.1],
    [0.7, 0.8, 0.1],
    [0.3, 0.2, -0.1],
    [100.1, 100.2, 0.1],
    [0, 5, 5],
  ])("allows the limit itself: from %d to %d by %d", (before, after, limit) => {
    expect(risesAtMost(before, after, limit)).toBe(true);
  });

  it.each([
    [0.2, 0.3001, 0.1],
    [0, 1e-9, 0],
    [1, 1 + 1e-12, 0],
  ])("refuses what lies beyond: from %d to %d by %d", (before, after, limit) => {
    expect(risesAtMost(before, after, limit)).toBe(false);
  });

  it("refuses NaN anywhere, and what ends infinite", () => {
    expect(risesAtMost(nan, 1, 1)).toBe(false);
    expect(risesAtMost(1, nan, 1)).toBe(false);
    expect(risesAtMost(1, 1, nan)).toBe(false);
    expect(risesAtMost(inf, inf, 1)).toBe(false);
    expect(risesAtMost(0, -inf, 1)).toBe(false);
    expect(risesAtMost(-inf, 0, 1)).toBe(false);
  });

  it("allows a fall from infinity to a number", () => {
    expect(risesAtMost(inf, 1e300, 0)).toBe(true);
  });

  it("agrees with the plain difference unless that is within rounding of the limit", () => {
    const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(number, number, number, (before, after, limit) => {
        const excess = after - before - limit;
        fc.pre(Math.abs(excess) > 1e-8);
        expect(risesAtMost(before, after, limit)).toBe(excess < 0);
      }),
    );
  });
});
