// The Sharpe comparison: against its slow reference, at its edges, and what it refuses.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { simulatePnl } from "../../bench/quality/simulated-pnl.ts";
import {
  type CompareSharpeOptions,
  compareSharpe,
} from "../../src/pipeline/validate/compare-sharpe.ts";
import { longRunVariance } from "../../src/pipeline/validate/long-run-variance.ts";
import { studentQuantile } from "../../src/statistics/student-quantile.ts";
import { bootstrapStatistics, standardError } from "./sharpe-reference.ts";

const year = Math.sqrt(252);

function pair(seed: number, days = 60, sharpe = [1.5, 0.5]): [Float64Array, Float64Array] {
  const plan = { days, correlation: 0.9, sharpe, dependence: "autocorrelated" as const };
  const [before, after] = simulatePnl(seed, plan);
  return [before!, after!];
}

const plain = (values: Float64Array): number[] => [...values];

/** mean / population standard deviation, per year. */
function sharpeOf(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return (mean / Math.sqrt(square)) * year;
}

function expectClose(got: number, expected: number): void {
  expect(Math.abs(got - expected)).toBeLessThanOrEqual(1e-9 * (1 + Math.abs(expected)));
}

describe("compareSharpe", () => {
  it("gives both annual ratios and their difference, after minus before", () => {
    const [before, after] = pair(1);
    const comparison = compareSharpe(before, after);
    expectClose(comparison.before, sharpeOf(before));
    expectClose(comparison.after, sharpeOf(after));
    expectClose(comparison.difference, sharpeOf(after) - sharpeOf(before));
  });

  it.each([1, 2, 3, 7])("equals the raw-moment bootstrap with blocks of %i", (blockLength) => {
    const [before, after] = pair(blockLength, 61);
    const options = { blockLength, resamples: 199, seed: 5, level: 0.05 };
    const { difference, interval } = compareSharpe(before, after, options);
    const statistics = bootstrapStatistics(plain(before), plain(after), options);
    // Of 199 sorted statistics, 180 lie at or below the 90% quantile.
    const margin = statistics[179]! * standardError(plain(before), plain(after)) * year;
    expectClose(interval[0], difference - margin);
    expectClose(interval[1], difference + margin);
  });

  it.each([
    // ceil(0.9 * 104) of 103, and 0.3 * 200 of 199, which binary fractions make 60.00000000000001.
    [0.05, 103, 94],
    [0.35, 199, 60],
  ])("takes at level %d of %i statistics the %ith", (level, resamples, rank) => {
    const [before, after] = pair(1);
    const options = { blockLength: 4, resamples, seed: 2, level };
    const { interval, standardError: error, difference } = compareSharpe(before, after, options);
    const statistics = bootstrapStatistics(plain(before), plain(after), options);
    expectClose(interval[1] - difference, statistics[rank - 1]! * error);
  });

  it("takes blocks of the cube root of the number of periods", () => {
    const [before, after] = pair(3, 64);
    expect(compareSharpe(before, after)).toEqual(compareSharpe(before, after, { blockLength: 4 }));
  });

  it.each([
    ["parzen", true],
    ["parzen", false],
    ["quadratic-spectral", true],
    ["quadratic-spectral", false],
  ] as const)("equals the HAC reference with %s, prewhitened: %s", (kernel, prewhiten) => {
    const [before, after] = pair(4, 80);
    const options = { method: "hac", kernel, prewhiten, level: 0.025 } as const;
    const { difference, interval, standardError: error } = compareSharpe(before, after, options);
    const expected = standardError(plain(before), plain(after), kernel, prewhiten) * year;
    expectClose(error, expected);
    expectClose(interval[1] - difference, studentQuantile(0.975, 76) * expected);
  });

  it("has a variance of the mean near the truth for a long autoregression", () => {
    const dependence = "autocorrelated";
    const [values] = simulatePnl(1, { days: 20_000, correlation: 0, sharpe: [0], dependence });
    const mean = values!.reduce((sum, value) => sum + value, 0) / values!.length;
    const centered = values!.map((value) => (value - mean) * 100);
    // Variance 1, coefficient 0.3: (1 + 0.3) / (1 - 0.3).
    for (const kernel of ["parzen", "quadratic-spectral"] as const) {
      for (const prewhiten of [true, false]) {
        const variance = longRunVariance(centered, { kernel, prewhiten });
        expect(Math.abs(variance / (13 / 7) - 1)).toBeLessThan(0.1);
      }
    }
  });

  it("is worse below -tolerance, better above 0, inconclusive between", () => {
    const [before, after] = pair(2, 250, [3, 3]);
    const shifted = (by: number) => after.map((value) => value + by);
    const outcome = (by: number, options?: CompareSharpeOptions) =>
      compareSharpe(before, shifted(by), options).outcome;
    expect(outcome(-0.01)).toBe("worse");
    expect(outcome(0.01)).toBe("better");
    expect(outcome(-0.01, { tolerance: 100 })).toBe("inconclusive");
    const { difference, interval } = compareSharpe(before, after);
    expect(interval[0]).toBeLessThan(difference);
    expect(interval[1]).toBeGreaterThan(difference);
    expect(outcome(0)).toBe("inconclusive");
  });

  it("mirrors when the models change places", () => {
    const [before, after] = pair(6);
    const one = compareSharpe(before, after);
    const other = compareSharpe(after, before);
    expectClose(other.difference, -one.difference);
    expectClose(other.interval[0], -one.interval[1]);
    expectClose(other.interval[1], -one.interval[0]);
  });

  it("does not depend on the unit of either model's P&L", () => {
    const scale = fc.double({ min: 1e-290, max: 1e290, noNaN: true });
    const [before, after] = pair(7, 40);
    const options = { resamples: 99 };
    const { interval } = compareSharpe(before, after, options);
    fc.assert(
      fc.property(scale, scale, (a, b) => {
        const scaled = compareSharpe(
          before.map((value) => a * value),
          after.map((value) => b * value),
          options,
        );
        expectClose(scaled.interval[0], interval[0]);
        expectClose(scaled.interval[1], interval[1]);
      }),
      { numRuns: 20 },
    );
  });

  it("scales with the root of the periods per year", () => {
    const [before, after] = pair(8);
    const daily = compareSharpe(before, after, { annualization: 1 });
    const yearly = compareSharpe(before, after, { annualization: 252 });
    expectClose(yearly.interval[0], year * daily.interval[0]);
    expectClose(yearly.standardError, year * daily.standardError);
  });

  it("draws from its seed alone: the same seed gives the same bits", () => {
    const [before, after] = pair(9);
    const first = compareSharpe(before, after, { seed: 1 });
    expect(compareSharpe(before, after, { seed: 1 })).toEqual(first);
    expect(compareSharpe(before, after, { seed: 2 }).interval).not.toEqual(first.interval);
    expect(compareSharpe(before, after, { seed: 2 }).difference).toBe(first.difference);
  });

  it("leaves its arguments alone", () => {
    const [before, after] = pair(10);
    const copies = [before.slice(), after.slice()];
    compareSharpe(before, after);
    expect([before, after]).toEqual(copies);
  });
});

describe("compareSharpe at its edges", () => {
  it.each(["bootstrap", "hac"] as const)("finds equal series equal (%s)", (method) => {
    const [before] = pair(11);
    // Three tenths are no power of two: the scores differ in their last bits.
    const less = before.map((value) => 0.3 * value);
    // Every block of four adds up to nothing: no resample differs from another.
    const exact = before.map((_, t) => (t % 2 === 0 ? 1 : -1));
    for (const [one, other] of [
      [before, before.slice()],
      [before, less],
      [exact, exact],
    ]) {
      expect(compareSharpe(one!, other!, { method, blockLength: 4 })).toMatchObject({
        difference: 0,
        interval: [0, 0],
        outcome: "inconclusive",
      });
    }
  });

  it.each([
    ["zeros", () => 0],
    ["a constant", () => 0.1],
    ["a large constant", () => 1e300],
  ])("says nothing of %s", (_, constant) => {
    const [before] = pair(12);
    const flat = before.map(constant);
    for (const [one, other] of [
      [before, flat],
      [flat, before],
      [flat, flat],
    ]) {
      const { interval, outcome } = compareSharpe(one!, other!);
      expect(interval).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
      expect(outcome).toBe("inconclusive");
    }
    expect(compareSharpe(before, flat).after).toBe(0);
  });

  it("stays inconclusive when resamples lose their variation", () => {
    const before = new Float64Array(40);
    before[3] = 1;
    const after = new Float64Array(40);
    after[30] = 1;
    const { interval, outcome } = compareSharpe(before, after);
    expect(outcome).toBe("inconclusive");
    expect(interval).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
  });

  it("keeps its digits when the mean is far above the deviation", () => {
    const [before, after] = pair(13);
    const far = (values: Float64Array) => values.map((value) => 1000 + value);
    const { difference } = compareSharpe(far(before), far(after));
    const exact = sharpeOf(far(after)) - sharpeOf(far(before));
    expect(Math.abs(difference / exact - 1)).toBeLessThan(1e-6);
  });

  it("takes as few as 10 periods, and 2 blocks", () => {
    const [before, after] = pair(14, 10);
    expect(compareSharpe(before, after, { blockLength: 5 }).outcome).toBeTypeOf("string");
  });
});

describe("compareSharpe refuses", () => {
  const [before, after] = pair(15, 20);
  const bad = (value: number) => after.with(3, value);

  it.each<[string, unknown, unknown, object | undefined, string]>([
    ["a plain array", [...before], after, undefined, "ARGUMENT_TYPE"],
    ["f32", before, Float32Array.from(after), undefined, "ARGUMENT_TYPE"],
    ["other lengths", before, after.slice(1), undefined, "LENGTH_MISMATCH"],
    ["too few periods", before.slice(0, 9), after.slice(0, 9), undefined, "ARGUMENT_RANGE"],
    ["less than two blocks", before, after, { blockLength: 11 }, "ARGUMENT_RANGE"],
    ["NaN", before, bad(Number.NaN), undefined, "VALUE_NOT_FINITE"],
    ["infinity", bad(Number.POSITIVE_INFINITY), after, undefined, "VALUE_NOT_FINITE"],
    ["level 0", before, after, { level: 0 }, "OPTION_INVALID"],
    ["a level of one half", before, after, { level: 0.5 }, "OPTION_INVALID"],
    ["a negative tolerance", before, after, { tolerance: -1 }, "OPTION_INVALID"],
    ["98 resamples", before, after, { resamples: 98 }, "OPTION_INVALID"],
    ["too few for the level", before, after, { level: 0.001, resamples: 498 }, "OPTION_INVALID"],
    ["an unknown method", before, after, { method: "jackknife" }, "OPTION_INVALID"],
    ["an unknown option", before, after, { blocks: 3 }, "OPTION_UNKNOWN"],
  ])("%s", (_, one, other, options, code) => {
    expect(() => compareSharpe(one as Float64Array, other as Float64Array, options)).toThrowError(
      expect.objectContaining({ code }),
    );
  });

  it("nothing with just enough resamples for the level", () => {
    const options = { level: 0.001, resamples: 499 };
    expect(() => compareSharpe(before, after, options)).not.toThrow();
  });
});
