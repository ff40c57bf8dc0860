// The validators that hold one number against a limit: inclusive, and never passed by NaN.

import { describe, expect, it } from "vitest";
import { ErrorRate } from "../../src/pipeline/validate/error-rate.ts";
import { FiniteWeights } from "../../src/pipeline/validate/finite-weights.ts";
import { GradientNorm } from "../../src/pipeline/validate/gradient-norm.ts";
import { Latency } from "../../src/pipeline/validate/latency.ts";
import { LossDelta } from "../../src/pipeline/validate/loss-delta.ts";
import { Perplexity } from "../../src/pipeline/validate/perplexity.ts";
import type { Validator } from "../../src/pipeline/validate/validator.ts";
import { WeightNorm } from "../../src/pipeline/validate/weight-norm.ts";
import { snapshotOf, weighing } from "./snapshots.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

describe("FiniteWeights", () => {
  it.each([nan, inf, -inf])("fails on %d and says where", (bad) => {
    const { pass, reason, measurements } = new FiniteWeights().validate(
      weighing(1),
      weighing(1, bad, bad),
    );
    expect(pass).toBe(false);
    expect(reason).toBe(`a weight is ${bad} in layer.weight at index 1`);
    expect(measurements).toEqual({ nonFiniteWeights: 2 });
  });

  it("looks at the candidate only", () => {
    expect(new FiniteWeights().validate(weighing(nan), weighing(1)).pass).toBe(true);
  });

  it.each([
    ["no weights", undefined],
    ["no tensor", new Map()],
    ["a plain object", { a: Float32Array.of(1) }],
    ["a tensor of another kind", new Map([["a", Float64Array.of(1)]])],
  ])("fails with %s", (_, weights) => {
    const after = snapshotOf({ weights: weights as never });
    expect(new FiniteWeights().validate(snapshotOf(), after)).toMatchObject({
      pass: false,
      reason: expect.stringContaining("after.weights"),
    });
  });
});

/** [limit, before, after] of the number, as each validator takes them from its snapshots. */
const rises: [string, (limit: number) => Validator, (value: number) => object][] = [
  ["LossDelta", (limit) => new LossDelta(limit), (loss) => ({ loss })],
  ["Latency", (limit) => new Latency(limit), (latencyMs) => ({ latencyMs })],
  ["ErrorRate", (limit) => new ErrorRate(limit), (errorRate) => ({ errorRate })],
];

describe.each(rises)("%s", (_, create, members) => {
  const judge = (limit: number, before: number, after: number) =>
    create(limit).validate(snapshotOf(members(before)), snapshotOf(members(after)));

  it("allows a rise by the limit, and no more", () => {
    expect(judge(0.1, 0.2, 0.3).pass).toBe(true);
    expect(judge(0.1, 0.2, 0.30001).pass).toBe(false);
    expect(judge(0, 0.5, 0.5).pass).toBe(true);
    expect(judge(0, 0.5, 0.4).pass).toBe(true);
  });

  it("asks for a fall when the limit is below 0", () => {
    expect(judge(-0.1, 0.5, 0.4).pass).toBe(true);
    expect(judge(-0.1, 0.5, 0.41).pass).toBe(false);
  });

  it.each([
    ["NaN before", nan, 0.5],
    ["NaN after", 0.5, nan],
    ["NaN on both sides", nan, nan],
    ["infinity after", 0.5, inf],
    ["infinity on both sides", inf, inf],
  ])("fails with %s", (__, before, after) => {
    expect(judge(1e9, before, after).pass).toBe(false);
  });

  it("measures both sides and the difference", () => {
    expect(Object.values(judge(1, 0.25, 0.75).measurements)).toEqual([0.25, 0.75, 0.5]);
  });

  it("refuses a limit that is no number", () => {
    expect(() => create(nan)).toThrowError(expect.objectContaining({ code: "ARGUMENT_RANGE" }));
    expect(() => create("1" as never)).toThrowError(
      expect.objectContaining({ code: "ARGUMENT_TYPE" }),
    );
  });
});

describe("WeightNorm", () => {
  it("allows each tensor a norm of the limit", () => {
    expect(new WeightNorm(5).validate(snapshotOf(), weighing(3, 4)).pass).toBe(true);
    expect(new WeightNorm(4.999).validate(snapshotOf(), weighing(3, 4)).pass).toBe(false);
  });

  it("judges tensors one by one and names the largest", () => {
    const weights = new Map([
      ["small", Float32Array.of(3, 4)],
      ["large", Float32Array.of(0, 12)],
    ]);
    const { pass, reason, measurements } = new WeightNorm(12).validate(
      snapshotOf(),
      snapshotOf({ weights }),
    );
    expect(pass).toBe(true);
    expect(reason).toContain("large");
    expect(measurements).toEqual({ weightNorm: 12 });
  });

  it("does not overflow where the squares of f32 would", () => {
    const after = weighing(3e30, 4e30);
    expect(new WeightNorm(1e31).validate(snapshotOf(), after).pass).toBe(true);
    expect(new WeightNorm(1e30).validate(snapshotOf(), after).pass).toBe(false);
  });

  it.each([[[nan, 1]], [[1, nan]], [[inf]]])("fails on weights %j", (values) => {
    const weights = new Map([
      ["a", Float32Array.of(1)],
      ["b", Float32Array.from(values)],
      ["c", Float32Array.of(2)],
    ]);
    const result = new WeightNorm(1e9).validate(snapshotOf(), snapshotOf({ weights }));
    expect(result.pass).toBe(false);
    expect(result.reason).toContain("(b)");
    expect(result.measurements.weightNorm).not.toBe(2);
  });

  it("refuses a negative limit", () => {
    expect(() => new WeightNorm(-1)).toThrowError(
      expect.objectContaining({ code: "ARGUMENT_RANGE" }),
    );
  });
});

describe("GradientNorm", () => {
  const judge = (gradientNorm: number | undefined) =>
    new GradientNorm(2).validate(snapshotOf(), snapshotOf({ gradientNorm })).pass;

  it("allows the limit, and fails beyond, on NaN and when it is missing", () => {
    expect(judge(2)).toBe(true);
    expect([2.001, nan, inf, undefined].map(judge)).toEqual([false, false, false, false]);
  });
});

describe("Perplexity", () => {
  const judge = (before: number, after: number, max?: number) =>
    new Perplexity(max).validate(snapshotOf({ loss: before }), snapshotOf({ loss: after }));

  it("allows a rise of 5% by default, the limit included", () => {
    expect(judge(2, 2 + Math.log(1.05)).pass).toBe(true);
    expect(judge(2, 2 + Math.log(1.0501)).pass).toBe(false);
  });

  it("measures the perplexities and the relative rise", () => {
    const { measurements } = judge(Math.log(10), Math.log(12));
    expect(measurements.perplexityBefore).toBeCloseTo(10, 9);
    expect(measurements.perplexityAfter).toBeCloseTo(12, 9);
    expect(measurements.perplexityIncrease).toBeCloseTo(0.2, 9);
  });

  it("compares losses whose perplexity overflows", () => {
    expect(judge(1000, 1000.01).pass).toBe(true);
    expect(judge(1000, 1001).pass).toBe(false);
  });

  it.each([
    [nan, 1],
    [1, nan],
    [1, inf],
  ])("fails from %d to %d", (before, after) => {
    expect(judge(before, after, 1e6).pass).toBe(false);
  });
});
