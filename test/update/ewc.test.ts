// What an Ewc computes from a baseline and a Fisher: penalty, gradient, proximal step, and how
// Fishers add up.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Ewc, type EwcOptions } from "../../src/index.ts";
import * as reference from "../reference/ewc.ts";
import { expectClose } from "../reference/expect-close.ts";

/** f32 arithmetic of a handful of operations per element. */
const F32 = 8 * 2 ** -24;
/** What products below the smallest normal f32 lose, times 70 weights and a lambda of 1e4. */
const UNDERFLOW = 70 * 1e4 * 2 ** -126;

/** An Ewc whose Fisher is exactly `fisher`: one gradient, the roots. */
function ewcOf(baseline: Float32Array, fisher: Float32Array, options?: EwcOptions): Ewc {
  const ewc = new Ewc(baseline, options);
  ewc.updateFisher(fisher.map(Math.sqrt), 1);
  return ewc;
}

const finite = (size: number) => fc.double({ min: -size, max: size, noNaN: true }).map(Math.fround);
const vectorOf = (value: fc.Arbitrary<number>, length: number) =>
  fc.array(value, { minLength: length, maxLength: length }).map((all) => Float32Array.from(all));

/** Weights, a baseline and a Fisher of the same length, and a strength. */
const settings = fc.integer({ min: 1, max: 70 }).chain((length) =>
  fc.record({
    weights: vectorOf(finite(3), length),
    baseline: vectorOf(finite(3), length),
    fisher: vectorOf(fc.double({ min: 0, max: 9, noNaN: true }).map(Math.fround), length),
    lambda: fc.double({ min: 0, max: 1e4, noNaN: true }),
  }),
);

describe("penalty and gradient", () => {
  it("equal their definitions", () => {
    fc.assert(
      fc.property(settings, ({ weights, baseline, fisher, lambda }) => {
        using ewc = ewcOf(baseline, fisher, { lambda });
        const exact = Float64Array.from(ewc.fisher()!);
        const penalty = reference.ewcPenalty(weights, baseline, exact, lambda);
        const error = Math.abs(ewc.penalty(weights) - penalty);
        expect(error).toBeLessThanOrEqual(F32 * penalty + UNDERFLOW);

        const grad = weights.map((w, p) => Math.sin(p + w));
        const expected = Float64Array.from(grad);
        reference.addEwcGradient(expected, weights, baseline, exact, lambda);
        expect(ewc.addGradient(grad, weights)).toBe(ewc.penalty(weights));
        const scale = Math.max(...expected.map(Math.abs));
        for (const [p, value] of expected.entries()) {
          expect(Math.abs(grad[p]! - value)).toBeLessThanOrEqual(F32 * scale + UNDERFLOW);
        }
      }),
    );
  });

  it("agree: the gradient is the central difference of the penalty", () => {
    fc.assert(
      fc.property(settings, ({ weights, baseline, fisher, lambda }) => {
        using ewc = ewcOf(baseline, fisher, { lambda });
        const grad = new Float32Array(weights.length);
        ewc.addGradient(grad, weights);
        // The penalty is quadratic: a step of any size is exact, a large one drowns the rounding.
        const differences = weights.map((w, p) => {
          const at = (step: number) => ewc.penalty(weights.with(p, w + step));
          return (at(1) - at(-1)) / 2;
        });
        const largestPenalty = (lambda / 2) * 70 * 9 * 7 ** 2;
        for (const [p, difference] of differences.entries()) {
          const noise = F32 * largestPenalty;
          expect(Math.abs(grad[p]! - difference)).toBeLessThanOrEqual(noise + UNDERFLOW);
        }
      }),
    );
  });

  it("are 0 at the baseline and above 0 after any move of a weight that matters", () => {
    const baseline = Float32Array.of(1, -2, 3);
    using ewc = ewcOf(baseline, Float32Array.of(1, 0, 1e-6));
    expect(ewc.penalty(baseline)).toBe(0);
    expect(ewc.penalty(Float32Array.of(1.001, -2, 3))).toBeGreaterThan(0);
    expect(ewc.penalty(Float32Array.of(1, -2, 3.01))).toBeGreaterThan(0);
    expect(ewc.penalty(Float32Array.of(1, 50, 3))).toBe(0);
  });

  it("are 0 and change nothing before there is a Fisher", () => {
    using ewc = new Ewc(Float32Array.of(1, 2), { lambda: 1e6 });
    const [moved, grad] = [Float32Array.of(5, 5), Float32Array.of(0.5, -0.5)];
    expect(ewc.fisher()).toBeUndefined();
    expect(ewc.penalty(moved)).toBe(0);
    expect(ewc.addGradient(grad, moved)).toBe(0);
    expect(grad).toEqual(Float32Array.of(0.5, -0.5));
    ewc.proximalStep(moved, 1);
    expect(moved).toEqual(Float32Array.of(5, 5));
  });

  it("follow lambda when it is set", () => {
    using ewc = ewcOf(Float32Array.of(0), Float32Array.of(2), { lambda: 1 });
    const at3 = Float32Array.of(3);
    expect(ewc.penalty(at3)).toBeCloseTo(9, 5);
    ewc.lambda = 10;
    expect(ewc.penalty(at3)).toBeCloseTo(90, 4);
    ewc.lambda = 0;
    expect(ewc.penalty(at3)).toBe(0);
  });

  it("stay exact over a hundred thousand weights", () => {
    const count = 100_003;
    const weights = Float32Array.from({ length: count }, (_, p) => Math.sin(p));
    const baseline = weights.map((w, p) => w + 0.01 * Math.cos(3 * p));
    using ewc = ewcOf(
      baseline,
      Float32Array.from({ length: count }, (_, p) => 1 + (p % 7)),
    );
    const expected = reference.ewcPenalty(weights, baseline, ewc.fisher()!, 1);
    expect(Math.abs(ewc.penalty(weights) / expected - 1)).toBeLessThan(F32);
  });
});

describe("proximalStep", () => {
  it("equals its definition, in place", () => {
    fc.assert(
      fc.property(settings, fc.double({ min: 0, max: 1, noNaN: true }), (given, lr) => {
        const { weights, baseline, fisher, lambda } = given;
        using ewc = ewcOf(baseline, fisher, { lambda });
        const expected = Float64Array.from(weights);
        reference.ewcProximalStep(expected, baseline, ewc.fisher()!, lr, lambda);
        ewc.proximalStep(weights, lr);
        // A result near 0 carries the rounding of the two it lies between.
        for (const [p, value] of weights.entries()) {
          const size = Math.abs(baseline[p]!) + Math.abs(expected[p]!) + 3;
          expect(Math.abs(value - expected[p]!)).toBeLessThanOrEqual(F32 * size);
        }
      }),
    );
  });

  it.each([0.1, 1, 1e6, 1e30])("is stable at lambda %s: no step overshoots", (lambda) => {
    const baseline = Float32Array.of(1, -1, 0.5, 2);
    using ewc = ewcOf(baseline, Float32Array.of(0, 1e-6, 1, 1e6), { lambda });
    const weights = Float32Array.of(9, 9, -9, -9);
    const gaps = () => weights.map((w, p) => Math.abs(w - baseline[p]!));
    for (let step = 0; step < 100; step++) {
      const before = gaps();
      ewc.proximalStep(weights, 0.1);
      for (const [p, gap] of gaps().entries()) expect(gap).toBeLessThanOrEqual(before[p]!);
    }
    expect(weights[0]).toBe(9); // no Fisher, no pull
    if (lambda >= 1e6) expect(weights.slice(2)).toEqual(baseline.slice(2));
  });

  it("leaves unimportant weights alone however large lr and lambda are", () => {
    using ewc = ewcOf(Float32Array.of(1, 1), Float32Array.of(0, 1), { lambda: 1e300 });
    const weights = Float32Array.of(7, 7);
    ewc.proximalStep(weights, 1e300);
    expect(weights).toEqual(Float32Array.of(7, 1));
    const grad = new Float32Array(2);
    ewc.addGradient(grad, Float32Array.of(7, 1));
    expect(grad).toEqual(Float32Array.of(0, 0));
  });
});

describe("loss", () => {
  const moved = Float32Array.of(3);

  it("adds the penalty to the task loss", () => {
    using ewc = ewcOf(Float32Array.of(0), Float32Array.of(4));
    expect(ewc.loss(0.25, moved)).toBe(0.25 + ewc.penalty(moved));
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "gives a task loss of %s back as it is",
    (taskLoss) => {
      using ewc = ewcOf(Float32Array.of(0), Float32Array.of(4));
      expect(ewc.loss(taskLoss, moved)).toBe(taskLoss);
    },
  );
});

describe("updateBaseline", () => {
  it("moves the baseline and keeps the Fisher", () => {
    using ewc = ewcOf(Float32Array.of(1, 2), Float32Array.of(4, 9));
    const next = Float32Array.of(5, 6);
    ewc.updateBaseline(next);
    expect(ewc.penalty(next)).toBe(0);
    expect(ewc.baseline()).toEqual(next);
    expect(ewc.fisher()).toEqual(Float32Array.of(4, 9));
  });

  it("drops a Fisher of another length", () => {
    using ewc = ewcOf(Float32Array.of(1, 2), Float32Array.of(4, 9));
    ewc.updateBaseline(Float32Array.of(1, 2, 3));
    expect(ewc.fisher()).toBeUndefined();
    expect(ewc.penalty(Float32Array.of(9, 9, 9))).toBe(0);
    ewc.updateFisher(Float32Array.of(1, 1, 1), 1);
    expect(ewc.penalty(Float32Array.of(2, 2, 3))).toBe(0.5);
  });
});

describe("copies", () => {
  it("nothing handed in or out is shared", () => {
    const weights = Float32Array.of(1, 2);
    using ewc = ewcOf(weights, Float32Array.of(4, 9));
    weights.fill(100);
    ewc.baseline().fill(100);
    ewc.fisher()!.fill(100);
    expect(ewc.baseline()).toEqual(Float32Array.of(1, 2));
    expect(ewc.fisher()).toEqual(Float32Array.of(4, 9));
  });

  it("memoryBytes counts the vectors held", () => {
    using ewc = new Ewc(new Float32Array(1000).fill(1));
    expect(ewc.memoryBytes).toBe(4000);
    ewc.updateFisher(new Float32Array(1000).fill(1), 1);
    expect(ewc.memoryBytes).toBe(8000);
    using scaled = new Ewc(new Float32Array(1000).fill(1), { normalize: true });
    scaled.updateFisher(new Float32Array(1000).fill(3), 1);
    expect(scaled.memoryBytes).toBe(12000); // as accumulated, and as used
  });
});

describe("consolidation", () => {
  const rounds = [Float32Array.of(1, 2, 3), Float32Array.of(0, 5, 1), Float32Array.of(2, 2, 0.5)];
  const squares = rounds.map((round) => round.map((g) => g * g));

  it.each([1, 0.5, 0])("sum: F <- %s F + F_new", (gamma) => {
    using ewc = new Ewc(new Float32Array(3), { gamma });
    const expected = new Float64Array(3);
    for (const [index, round] of rounds.entries()) {
      ewc.updateFisher(round, 1);
      reference.consolidateSum(expected, squares[index]!, gamma);
      expectClose(ewc.fisher(), expected, F32);
    }
  });

  it.each([0, 0.5, 0.9, 0.999])("ema with gamma %s is free of its zero start", (gamma) => {
    using ewc = new Ewc(new Float32Array(3), { gamma, consolidation: "ema" });
    const stored = new Float64Array(3);
    for (const [index, round] of rounds.entries()) {
      ewc.updateFisher(round, 1);
      reference.consolidateEma(stored, squares[index]!, gamma);
      const expected = reference.correctedEma(stored, gamma, index + 1);
      // Both the sum and its correction carry an error of eps32, divided by 1 - gamma.
      expectClose(ewc.fisher(), expected, F32 / (1 - gamma));
      if (index === 0) expectClose(ewc.fisher(), squares[0]!, F32 / (1 - gamma));
    }
  });

  it("ema starts with gamma 0.9 where none is given", () => {
    using given = new Ewc(new Float32Array(3), { gamma: 0.9, consolidation: "ema" });
    using left = new Ewc(new Float32Array(3), { consolidation: "ema" });
    for (const ewc of [given, left]) for (const round of rounds) ewc.updateFisher(round, 1);
    expect(left.toBytes()).toEqual(given.toBytes());
  });

  it.each(["sum", "ema"] as const)("normalize scales a %s to mean 1", (consolidation) => {
    using ewc = new Ewc(new Float32Array(3), { consolidation, normalize: true, gamma: 0.9 });
    using plain = new Ewc(new Float32Array(3), { consolidation, gamma: 0.9 });
    for (const round of rounds) {
      for (const each of [ewc, plain])
        each.updateFisher(
          round.map((g) => 1000 * g),
          1,
        );
      const expected = Float64Array.from(plain.fisher()!);
      reference.normalizeToMeanOne(expected);
      expectClose(ewc.fisher(), expected, F32);
    }
  });

  it("normalize leaves a Fisher of zeros as it is", () => {
    using ewc = new Ewc(new Float32Array(2), { normalize: true });
    ewc.updateFisher(new Float32Array(2), 1);
    expect(ewc.fisher()).toEqual(new Float32Array(2));
  });

  it("updateFisher takes the mean over the samples' squared gradients", () => {
    using ewc = new Ewc(new Float32Array(3));
    ewc.updateFisher(Float32Array.from(rounds.flatMap((round) => [...round])), 3);
    const means = squares[0]!.map((_, p) => squares.reduce((sum, s) => sum + s[p]! / 3, 0));
    expectClose(ewc.fisher(), means, F32);
  });

  it("refuses a sum that would overflow and keeps the Fisher it had", () => {
    using ewc = new Ewc(new Float32Array(1));
    const large = Float32Array.of(1.5e19); // squared: 2.25e38, twice that is too much for f32
    ewc.updateFisher(large, 1);
    const before = ewc.toBytes();
    expect(() => ewc.updateFisher(large, 1)).toThrowError(
      expect.objectContaining({ code: "VALUE_NOT_FINITE" }),
    );
    expect(ewc.toBytes()).toEqual(before);
  });
});
