// The federated merge: against the formula by hand, and against liars.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Contribution, mergeContributions } from "../../../src/learners/gate/index.ts";

const of = (parameters: number[], fisher: number[]): Contribution => ({
  parameters: Float32Array.from(parameters),
  fisher: Float32Array.from(fisher),
});

const value = fc.float({ min: -100, max: 100, noNaN: true });
const importance = fc.float({ min: 0, max: 1000, noNaN: true });
const wild = fc.float({ noNaN: true, noDefaultInfinity: true });
const wildImportance = fc.float({ min: 0, noNaN: true, noDefaultInfinity: true });
const P = 3;
const contributionOf = (v: fc.Arbitrary<number>, f: fc.Arbitrary<number>) =>
  fc
    .tuple(fc.array(v, { minLength: P, maxLength: P }), fc.array(f, { minLength: P, maxLength: P }))
    .map(([parameters, fisher]) => of(parameters, fisher));

describe("a merge", () => {
  it("weighs each parameter by how much it matters to its owner", () => {
    // Fishers have mean 1 already; 0.001 is added to each.
    const merged = mergeContributions([of([1, 10], [1.5, 0.5]), of([3, 20], [0.5, 1.5])]);
    expect(merged[0]).toBeCloseTo((1.501 * 1 + 0.501 * 3) / 2.002, 5);
    expect(merged[1]).toBeCloseTo((0.501 * 10 + 1.501 * 20) / 2.002, 5);
  });

  it("does not count a Fisher for more because it is larger throughout", () => {
    const small = mergeContributions([of([1, 10], [1, 3]), of([3, 20], [2, 2])]);
    const large = mergeContributions([of([1, 10], [100, 300]), of([3, 20], [2, 2])]);
    for (const p of [0, 1]) expect(large[p]).toBeCloseTo(small[p]!, 4);
  });

  it("of one is that one, and of equals their value", () => {
    fc.assert(
      fc.property(contributionOf(value, importance), fc.integer({ min: 1, max: 5 }), (one, n) => {
        expect(mergeContributions(Array(n).fill(one))).toEqual(one.parameters);
      }),
    );
  });

  it("stays between honest values with a third of liars less one, whatever they send", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }).chain((liars) =>
          fc.tuple(
            fc.array(contributionOf(wild, wildImportance), { minLength: liars, maxLength: liars }),
            fc.array(contributionOf(value, importance), {
              minLength: 2 * liars,
              maxLength: 2 * liars + 2,
            }),
          ),
        ),
        ([liars, honest]) => {
          const merged = mergeContributions([...liars, ...honest]);
          for (let p = 0; p < P; p++) {
            const values = honest.map(({ parameters }) => parameters[p]!);
            expect(merged[p]).toBeGreaterThanOrEqual(Math.min(...values));
            expect(merged[p]).toBeLessThanOrEqual(Math.max(...values));
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each<[string, Contribution[], object | undefined, string]>([
    ["nobody", [], undefined, "DATA_EMPTY"],
    ["other lengths", [of([1], [1]), of([1, 2], [1, 1])], undefined, "LENGTH_MISMATCH"],
    ["a shorter Fisher", [of([1, 2], [1])], undefined, "LENGTH_MISMATCH"],
    ["a parameter that is NaN", [of([Number.NaN], [1])], undefined, "VALUE_NOT_FINITE"],
    ["a Fisher below 0", [of([1], [-1])], undefined, "VALUE_NOT_FINITE"],
    ["an infinite Fisher", [of([1], [Number.POSITIVE_INFINITY])], undefined, "VALUE_NOT_FINITE"],
    ["a trim of a half", [of([1], [1])], { trim: 0.5 }, "OPTION_INVALID"],
  ])("refuses %s", (_, contributions, options, code) => {
    expect(() => mergeContributions(contributions, options)).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
