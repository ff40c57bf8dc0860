// The population stability index: the sum over bins, where the bins lie, and empty ones.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  driftByStability,
  populationStabilityIndex,
} from "../../src/pipeline/drift/population-stability-index.ts";
import { normalsAround } from "./streams.ts";

const batch = (...values: number[]) => Float64Array.from(values);
const upTo = (n: number) => Float64Array.from({ length: n }, (_, i) => i);

/** The sum over bins of known shares. */
function psi(reference: number[], current: number[]): number {
  return reference.reduce((sum, r, i) => sum + (current[i]! - r) * Math.log(current[i]! / r), 0);
}

describe("populationStabilityIndex", () => {
  it("is the sum over the bins between the quantiles of the reference", () => {
    const current = batch(-5, 1, 2, 3, 4, 5, 6, 7, 8, 99);
    // Quarters of 0..19 begin at 5, 10, 15.
    const expected = psi([0.25, 0.25, 0.25, 0.25], [0.5, 0.4, 0.05, 0.1]);
    expect(populationStabilityIndex(upTo(20), current, { bins: 4 })).toBeCloseTo(expected, 12);
  });

  it("cuts ten bins by default", () => {
    const current = upTo(100).map((value) => value / 2);
    const halves = psi(
      new Array(10).fill(0.1),
      [0.2, 0.2, 0.2, 0.2, 0.2, 0.005, 0.005, 0.005, 0.005, 0.005],
    );
    expect(populationStabilityIndex(upTo(100), current)).toBeCloseTo(halves, 12);
  });

  it("is 0 for the same shares and otherwise above 0, in any order", () => {
    const values = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 });
    fc.assert(
      fc.property(values, values, (a, b) => {
        const [one, other] = [Float64Array.from(a), Float64Array.from(b)];
        expect(populationStabilityIndex(one, one)).toBe(0);
        const index = populationStabilityIndex(one, other);
        expect(index).toBeGreaterThanOrEqual(0);
        expect(populationStabilityIndex(one.slice().reverse(), other.slice().reverse())).toBe(
          index,
        );
      }),
    );
  });

  it("counts an empty bin as half a value, and leaves out what is empty in both", () => {
    const reference = batch(0, 1, 2, 3);
    expect(populationStabilityIndex(reference, batch(0, 0), { bins: 2 })).toBeCloseTo(
      psi([0.5, 0.5], [1, 0.25]),
      12,
    );
    // Below 0 there is nothing in either.
    expect(populationStabilityIndex(batch(0, 0, 0, 0), batch(0), { bins: 2 })).toBe(0);
  });

  it("gives a value that fills a bin a bin of its own", () => {
    const [calm, wild] = [new Float64Array(100), new Float64Array(100)];
    calm[0] = 1;
    wild.fill(1, 0, 50);
    expect(populationStabilityIndex(calm, wild)).toBeCloseTo(psi([0.99, 0.01], [0.5, 0.5]), 12);
    expect(populationStabilityIndex(wild, calm)).toBeCloseTo(psi([0.5, 0.5], [0.99, 0.01]), 12);
    const other = populationStabilityIndex(new Float64Array(100), new Float64Array(100).fill(1));
    expect(other).toBeCloseTo(psi([1, 0.005], [0.005, 1]), 12);
  });

  it("tells a shifted population from the same one", () => {
    const [a, b, c] = [normalsAround([0], 2000, 1), normalsAround([0], 2000, 2), [] as number[]];
    for (const value of b) c.push(value + 0.7);
    const [reference, same, shifted] = [a, b, c].map((values) => Float64Array.from(values));
    expect(driftByStability(populationStabilityIndex(reference!, same!))).toBe("stable");
    expect(driftByStability(populationStabilityIndex(reference!, shifted!))).toBe("drift");
  });

  it("leaves its batches as they are", () => {
    const [reference, current] = [batch(3, 1, 2), batch(2, 1)];
    populationStabilityIndex(reference, current);
    expect([...reference, ...current]).toEqual([3, 1, 2, 2, 1]);
  });

  it.each<[string, unknown, unknown, unknown, string]>([
    ["an array", [1], batch(1), undefined, "ARGUMENT_TYPE"],
    ["floats", batch(1), Float32Array.of(1), undefined, "ARGUMENT_TYPE"],
    ["no reference", batch(), batch(1), undefined, "DATA_EMPTY"],
    ["no current", batch(1), batch(), undefined, "DATA_EMPTY"],
    ["NaN", batch(Number.NaN), batch(1), undefined, "VALUE_NOT_FINITE"],
    ["infinity", batch(1), batch(1 / 0), undefined, "VALUE_NOT_FINITE"],
    ["one bin", batch(1), batch(1), { bins: 1 }, "OPTION_INVALID"],
    ["too many bins", batch(1), batch(1), { bins: 10_001 }, "OPTION_INVALID"],
    ["an unknown option", batch(1), batch(1), { bin: 5 }, "OPTION_UNKNOWN"],
  ])("refuses %s", (_, reference, current, options, code) => {
    const call = () =>
      populationStabilityIndex(
        reference as Float64Array,
        current as Float64Array,
        options as { bins?: number },
      );
    expect(call).toThrowError(expect.objectContaining({ code }));
  });
});

describe("driftByStability", () => {
  it.each([
    [0, "stable"],
    [0.0999, "stable"],
    [0.1, "warning"],
    [0.2499, "warning"],
    [0.25, "drift"],
    [9, "drift"],
  ])("reads %f as %s", (index, state) => {
    expect(driftByStability(index)).toBe(state);
  });

  it("refuses NaN", () => {
    expect(() => driftByStability(Number.NaN)).toThrowError(
      expect.objectContaining({ code: "ARGUMENT_RANGE" }),
    );
  });
});
