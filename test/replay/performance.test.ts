// Sharpe ratio, growth and drawdown equal their plain definitions.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maxDrawdown, measurePerformance, sharpeRatio } from "../../src/replay/performance.ts";

const dailyReturns = fc.array(fc.double({ min: -0.5, max: 0.5, noNaN: true }), {
  minLength: 2,
  maxLength: 60,
});

describe("sharpeRatio", () => {
  it("is mean / population deviation x sqrt(252)", () => {
    // mean 0.02, deviation 0.01
    expect(sharpeRatio([0.01, 0.03])).toBeCloseTo(2 * Math.sqrt(252), 10);
  });

  it("equals the plain sums in f64", () => {
    fc.assert(
      fc.property(dailyReturns, (returns) => {
        const mean = returns.reduce((a, b) => a + b) / returns.length;
        const variance = returns.reduce((a, b) => a + (b - mean) ** 2, 0) / returns.length;
        fc.pre(variance > 1e-12);
        const plain = (mean / Math.sqrt(variance)) * Math.sqrt(252);
        expect(sharpeRatio(returns)).toBeCloseTo(plain, 8);
      }),
      { seed: 1 },
    );
  });

  it("keeps its digits on a mean a billion times the deviation", () => {
    const returns = [1e9 - 1, 1e9 + 1, 1e9 - 1, 1e9 + 1];
    expect(sharpeRatio(returns) / Math.sqrt(252)).toBe(1e9);
  });

  it.each([[[]], [[0.01]], [[0, 0, 0]], [[0.1, 0.1, 0.1]]])(
    "is 0 without variation: %j",
    (returns) => {
      expect(sharpeRatio(returns)).toBe(0);
    },
  );
});

describe("maxDrawdown", () => {
  it("is the deepest fall from a former top", () => {
    // equity 1.1, 0.55, 1.1, 0.99
    expect(maxDrawdown([0.1, -0.5, 1, -0.1])).toBeCloseTo(0.5, 15);
  });

  it("counts a fall from the start, and none when every day gains", () => {
    expect(maxDrawdown([-0.2])).toBeCloseTo(0.2, 15);
    expect(maxDrawdown([0.1, 0.2])).toBe(0);
    expect(maxDrawdown([])).toBe(0);
  });

  it("equals the search over all pairs of days", () => {
    fc.assert(
      fc.property(dailyReturns, (returns) => {
        const equity = [1];
        for (const value of returns) equity.push(equity.at(-1)! * (1 + value));
        let deepest = 0;
        for (let top = 0; top < equity.length; top++) {
          for (let day = top; day < equity.length; day++) {
            deepest = Math.max(deepest, 1 - equity[day]! / equity[top]!);
          }
        }
        expect(maxDrawdown(returns)).toBeCloseTo(deepest, 12);
      }),
      { seed: 1 },
    );
  });

  it("is 1 after a total loss and stays finite on growth beyond any number", () => {
    expect(maxDrawdown([0.5, -3, 0.5])).toBe(1);
    expect(maxDrawdown(new Array(5000).fill(9))).toBe(0);
  });
});

describe("measurePerformance", () => {
  it("annualises growth to 252 days", () => {
    const returns = new Array(504).fill(1.21 ** (1 / 504) - 1);
    expect(measurePerformance(returns).annualReturn).toBeCloseTo(0.1, 10);
  });

  it("calls a day that loses everything a growth of -1", () => {
    expect(measurePerformance([0.1, -1.5, 0.1]).annualReturn).toBe(-1);
  });

  it("is all zeros without days", () => {
    expect(measurePerformance([])).toEqual({ sharpe: 0, annualReturn: 0, maxDrawdown: 0 });
  });
});
