// Several validators as one: order, reasons, measurements, and the usual composite.

import { describe, expect, it } from "vitest";
import { Composite } from "../../src/pipeline/validate/composite.ts";
import type { ModelSnapshot, Validator } from "../../src/pipeline/validate/validator.ts";
import { validatorsFrom } from "../../src/pipeline/validate/validators-from.ts";
import { snapshotOf, weighing } from "./snapshots.ts";

/** Always says the same. */
function verdict(
  pass: boolean,
  reason: string,
  measurements: Record<string, number> = {},
): Validator {
  return { validate: () => ({ pass, reason, measurements }) };
}

const judge = (...validators: Validator[]) =>
  new Composite(validators).validate(snapshotOf(), snapshotOf());

describe("Composite", () => {
  it("passes when all pass, with all their reasons", () => {
    expect(judge(verdict(true, "a"), verdict(true, "b"))).toEqual({
      pass: true,
      reason: "a; b",
      measurements: {},
    });
  });

  it("fails for the first reason and keeps every measurement", () => {
    const result = judge(
      verdict(true, "a", { a: 1 }),
      verdict(false, "b", { b: 2 }),
      verdict(false, "c", { c: Number.NaN }),
    );
    expect(result).toEqual({
      pass: false,
      reason: "b",
      measurements: { a: 1, b: 2, c: Number.NaN },
    });
  });

  it("keeps both of two different measurements with one name, and equal ones once", () => {
    const { measurements } = judge(
      verdict(true, "a", { x: 1, y: Number.NaN }),
      verdict(true, "b", { x: 1, y: Number.NaN }),
      verdict(true, "c", { x: 2 }),
      verdict(true, "d", { x: 3 }),
    );
    expect(measurements).toEqual({ x: 1, y: Number.NaN, "x#2": 2, "x#3": 3 });
  });

  it("is a validator like any other", () => {
    const inner = new Composite([verdict(false, "inner")]);
    expect(judge(verdict(true, "a"), inner).reason).toBe("inner");
  });

  it.each([
    ["no validators", [], "DATA_EMPTY"],
    ["no list", undefined, "ARGUMENT_TYPE"],
    ["something else in the list", [verdict(true, "a"), {}], "ARGUMENT_TYPE"],
  ])("refuses %s", (_, validators, code) => {
    expect(() => new Composite(validators as Validator[])).toThrowError(
      expect.objectContaining({ code }),
    );
  });
});

describe("validatorsFrom", () => {
  const limits = { maxLossDelta: 0.1, maxWeightNorm: 3, maxGradNorm: 1 };
  const good: Partial<ModelSnapshot> = { gradientNorm: 1 };
  const judgeBy = (options: object | undefined, after: ModelSnapshot) =>
    validatorsFrom(options).validate(snapshotOf(), after);

  it("asks for finite weights first, whatever else is wrong", () => {
    const after = { ...weighing(Number.NaN), loss: Number.NaN };
    expect(judgeBy(limits, after).reason).toBe("a weight is NaN in layer.weight at index 0");
    expect(judgeBy(undefined, after).pass).toBe(false);
    expect(judgeBy({}, after).pass).toBe(false);
  });

  it.each([
    ["the loss", { loss: 1.2 }, "the loss went"],
    ["the norm of a tensor", { weights: new Map([["w", Float32Array.of(4)]]) }, "norm of a tensor"],
    ["the norm of the gradient", { gradientNorm: 1.5 }, "norm of the gradient"],
    ["a gradient that was not measured", { gradientNorm: undefined }, "after.gradientNorm"],
  ])("limits %s", (_, members, words) => {
    expect(judgeBy(limits, snapshotOf(good)).pass).toBe(true);
    const { pass, reason } = judgeBy(limits, snapshotOf({ ...good, ...members }));
    expect(pass).toBe(false);
    expect(reason).toContain(words);
  });

  it("leaves out what is not limited", () => {
    expect(judgeBy({ maxLossDelta: 0.1 }, snapshotOf({ gradientNorm: 9 })).pass).toBe(true);
  });

  it("refuses unknown and impossible limits", () => {
    expect(() => validatorsFrom({ maxLoss: 1 } as object)).toThrowError(
      expect.objectContaining({ code: "OPTION_UNKNOWN" }),
    );
    expect(() => validatorsFrom({ maxWeightNorm: -1 })).toThrowError(
      expect.objectContaining({ code: "OPTION_INVALID" }),
    );
  });
});
