// Calibration: the error measure by hand, isotonic and Platt on streams of known truth.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.ts";
import {
  Calibration,
  type CalibrationSample,
  calibrationError,
} from "../../../src/learners/gate/index.ts";

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
const logit = (p: number) => Math.log(p / (1 - p));

/** A model that is too sure of itself: it says sigmoid(3 z) where sigmoid(z) is true. */
function overconfident(seed: number, count: number): CalibrationSample[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => {
    const z = 2 * random.normal();
    return { probability: sigmoid(3 * z), shouldAllow: random.uniform() < sigmoid(z) };
  });
}

const samples = fc.array(
  fc.record({
    probability: fc.double({ min: 0, max: 1, noNaN: true }),
    shouldAllow: fc.boolean(),
  }),
  { minLength: 1, maxLength: 40 },
);

describe("the calibration error", () => {
  it("is the mean distance of confidence and accuracy over bins", () => {
    const error = calibrationError([
      { probability: 0.95, shouldAllow: true },
      { probability: 0.91, shouldAllow: false }, // bin 9: mean 0.93, half of them true
      { probability: 0.12, shouldAllow: false }, // bin 1: mean 0.12, none true
      { probability: 1, shouldAllow: true }, // 1 belongs to the last bin
    ]);
    expect(error).toBeCloseTo((Math.abs(2 - (0.95 + 0.91 + 1)) + 0.12) / 4, 12);
  });

  it("refuses what is no probability, no sample or no bin", () => {
    expect(() => calibrationError([])).toThrow(expect.objectContaining({ code: "DATA_EMPTY" }));
    const wrong = [{ probability: Number.NaN, shouldAllow: true }];
    expect(() => calibrationError(wrong)).toThrow(/samples\[0\]/);
    expect(() => calibrationError(overconfident(1, 2), 0)).toThrow(/bins/);
  });
});

describe.each(["isotonic", "platt"] as const)("%s calibration", (method) => {
  it("lowers the error of a model that is too sure, on samples it has not seen", () => {
    const calibration = Calibration.fit(overconfident(1, 2000), { method });
    const fresh = overconfident(2, 2000);
    const after = fresh.map(({ probability, shouldAllow }) => ({
      probability: calibration.apply(probability),
      shouldAllow,
    }));
    expect(calibrationError(fresh)).toBeGreaterThan(0.1);
    expect(calibrationError(after)).toBeLessThan(0.05);
  });

  it("never turns the order of two probabilities around, and gives probabilities", () => {
    const p = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(samples, p, p, (given, a, b) => {
        const calibration = Calibration.fit(given, { method });
        const [low, high] = [Math.min(a, b), Math.max(a, b)].map((x) => calibration.apply(x));
        expect(low).toBeLessThanOrEqual(high!);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
      }),
      { numRuns: 500 },
    );
  });

  it("comes back from JSON", () => {
    const calibration = Calibration.fit(overconfident(3, 300), { method });
    const again = Calibration.fromJSON(JSON.parse(JSON.stringify(calibration)));
    for (const p of [0, 0.1, 0.5, 0.99, 1]) expect(again.apply(p)).toBe(calibration.apply(p));
  });

  it("leaves NaN as it is", () => {
    expect(Calibration.fit(overconfident(1, 10), { method }).apply(Number.NaN)).toBeNaN();
  });
});

describe("the fits", () => {
  it("pool adjacent violators to the means of their blocks", () => {
    const labels = [0, 1, 0, 1, 1];
    const given = labels.map((label, index) => ({
      probability: (index + 1) / 10,
      shouldAllow: label === 1,
    }));
    const calibration = Calibration.fit(given);
    // 0.2 and 0.3 are pooled, so are the two at the top
    expect(calibration.apply(0.1)).toBe(0);
    expect(calibration.apply(0.25)).toBeCloseTo(0.5, 12);
    expect(calibration.apply(0.45)).toBeCloseTo(1, 12);
    expect(calibration.apply(0)).toBe(0);
  });

  it("find the slope and offset that Platt's model was planted with", () => {
    const random = new Random(5);
    const given = Array.from({ length: 20_000 }, () => {
      const p = sigmoid(2 * random.normal());
      return { probability: p, shouldAllow: random.uniform() < sigmoid(0.5 * logit(p) - 1) };
    });
    const saved = Calibration.fit(given, { method: "platt" }).toJSON();
    if (saved.method !== "platt") throw new Error("another method");
    // The standard errors are about 0.009 and 0.016.
    expect(Math.abs(saved.slope - 0.5)).toBeLessThan(0.04);
    expect(Math.abs(saved.offset + 1)).toBeLessThan(0.07);
  });

  it("do not turn a model around that judges upside down", () => {
    const upsideDown = overconfident(4, 500).map(({ probability, shouldAllow }) => ({
      probability: 1 - probability,
      shouldAllow,
    }));
    const calibration = Calibration.fit(upsideDown, { method: "platt" });
    expect(calibration.apply(0.01)).toBe(calibration.apply(0.99));
  });

  it.each([
    { method: "isotonic", points: [] },
    {
      method: "isotonic",
      points: [
        [0.5, 0.5],
        [0.4, 0.6],
      ],
    },
    {
      method: "isotonic",
      points: [
        [0.4, 0.6],
        [0.5, 0.5],
      ],
    },
    { method: "platt", slope: -1, offset: 0 },
    { method: "other" },
    undefined,
  ])("are not made of %j", (saved) => {
    expect(() => Calibration.fromJSON(saved)).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID" }),
    );
  });
});
