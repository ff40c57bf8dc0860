// The divergence of the outputs: definition, direction, forms, and what is no distribution.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OutputKl, type OutputKlOptions } from "../../src/pipeline/validate/output-kl.ts";
import { snapshotOf } from "./snapshots.ts";

function judge(p: number[], q: number[], options?: OutputKlOptions, max = 0.1) {
  const of = (values: number[]) => snapshotOf({ outputs: Float32Array.from(values) });
  return new OutputKl(max, options).validate(of(p), of(q));
}

const klOf = (p: number[], q: number[], options?: OutputKlOptions) =>
  judge(p, q, options).measurements.outputKl;

/** The definition, for positive probabilities. */
const definition = (p: number[], q: number[]) =>
  p.reduce((sum, value, i) => sum + value * Math.log(value / q[i]!), 0);

describe("OutputKl", () => {
  it("is the sum of p ln(p / q), active model first", () => {
    const [p, q] = [
      [0.5, 0.3, 0.2],
      [0.2, 0.2, 0.6],
    ];
    expect(klOf(p!, q!)).toBeCloseTo(definition(p!, q!), 6);
    expect(klOf(q!, p!)).toBeCloseTo(definition(q!, p!), 6);
    expect(klOf(p!, q!)).not.toBeCloseTo(klOf(q!, p!)!, 2);
  });

  it("is the mean over rows", () => {
    const value = klOf([0.5, 0.5, 0.9, 0.1], [0.5, 0.5, 0.1, 0.9], { outputSize: 2 });
    expect(value).toBeCloseTo(definition([0.9, 0.1], [0.1, 0.9]) / 2, 6);
  });

  it("is 0 for equal outputs, which pass a limit of 0", () => {
    expect(judge([0.1, 0.9], [0.1, 0.9], {}, 0)).toMatchObject({ pass: true });
    const logits = [3, -2, 0.5];
    expect(judge(logits, logits, { form: "logits" }, 0)).toMatchObject({ pass: true });
  });

  it("takes logits, whatever their level", () => {
    const logs = (values: number[], level: number) => values.map((x) => Math.log(x) + level);
    const [p, q] = [
      [0.5, 0.3, 0.2],
      [0.4, 0.4, 0.2],
    ];
    const value = klOf(logs(p!, 0), logs(q!, 200), { form: "logits" });
    expect(value).toBeCloseTo(definition(p!, q!), 4);
  });

  it("takes a single output as the probability of yes", () => {
    const expected = (definition([0.8, 0.2], [0.6, 0.4]) + definition([0.3, 0.7], [0.3, 0.7])) / 2;
    expect(klOf([0.8, 0.3], [0.6, 0.3], { outputSize: 1 })).toBeCloseTo(expected, 6);
    const logits = (values: number[]) => values.map((p) => Math.log(p / (1 - p)));
    const options = { outputSize: 1, form: "logits" } as const;
    expect(klOf(logits([0.8, 0.3]), logits([0.6, 0.3]), options)).toBeCloseTo(expected, 5);
  });

  it("is never below 0, also where rounding would have it there", () => {
    const row = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), {
      minLength: 2,
      maxLength: 6,
    });
    fc.assert(
      fc.property(row, fc.integer({ min: 1, max: 20 }), (logits, shift) => {
        const shifted = logits.map((logit) => logit + shift);
        expect(klOf(logits, shifted, { form: "logits" })).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it("divides rows by their sum", () => {
    expect(klOf([0.5, 0.5], [0.4998, 0.4998])).toBeCloseTo(0, 9);
  });

  it("is infinite, and fails any limit, when the candidate rules out what may happen", () => {
    expect(judge([0.5, 0.5], [1, 0], {}, 1e9)).toMatchObject({
      pass: false,
      measurements: { outputKl: Number.POSITIVE_INFINITY },
    });
  });

  it("ignores classes that the active model rules out", () => {
    expect(klOf([1, 0], [0.5, 0.5])).toBeCloseTo(Math.LN2, 6);
    expect(klOf([1, 0], [1, 0])).toBe(0);
  });

  it.each<[string, number[], number[], OutputKlOptions]>([
    ["a negative probability", [0.5, 0.5], [1.5, -0.5], {}],
    ["rows that do not sum to 1", [0.5, 0.5], [0.5, 0.6], {}],
    ["logits without saying so", [2, -1], [2, -1], {}],
    ["NaN", [0.5, 0.5], [0.5, Number.NaN], {}],
    ["an infinite logit", [1, 2], [1, Number.POSITIVE_INFINITY], { form: "logits" }],
    ["rows of another size", [0.5, 0.5, 1], [0.5, 0.5, 1], { outputSize: 2 }],
    ["another number of rows", [0.5, 0.5, 0.5, 0.5], [0.5, 0.5], { outputSize: 2 }],
    ["no outputs at all", [], [], {}],
    ["a probability above 1", [0.5], [1.5], { outputSize: 1 }],
  ])("fails with %s", (_, p, q, options) => {
    const { pass, reason } = judge(p, q, options, 1e9);
    expect(pass).toBe(false);
    expect(reason).toMatch(/outputs/);
  });
});
