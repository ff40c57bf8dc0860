// From probability to decision: the bands, and the bands that a cost matrix asks for.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Calibration, ConfidenceBands } from "../../../src/learners/gate/index.ts";

describe("confidence bands", () => {
  it.each([
    [1, "auto-allow"],
    [0.8, "auto-allow"],
    [0.8 - 1e-9, "ask"],
    [0.5, "ask"],
    [0.2 + 1e-9, "ask"],
    [0.2, "auto-block"],
    [0, "auto-block"],
    [Number.NaN, "ask"],
  ])("decide %s as %s", (probability, verdict) => {
    expect(new ConfidenceBands().decide(probability)).toBe(verdict);
  });

  it.each([
    { allow: 0.5, block: 0.5 },
    { allow: 0.2, block: 0.8 },
    { allow: 0.2 },
    { allow: 1.1 },
    { block: -0.1 },
    { allow: Number.NaN },
  ])("refuse %j", (options) => {
    expect(() => new ConfidenceBands(options)).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID" }),
    );
  });

  it("decide on what is calibrated, and ask at NaN all the same", () => {
    const samples = [0.1, 0.3, 0.6, 0.9].map((probability) => ({
      probability,
      shouldAllow: probability > 0.5,
    }));
    const bands = new ConfidenceBands().calibratedBy(Calibration.fit(samples));
    expect(bands.decide(0.6)).toBe("auto-allow");
    expect(new ConfidenceBands().decide(0.6)).toBe("ask");
    expect(bands.decide(Number.NaN)).toBe("ask");
  });
});

describe("bands from costs", () => {
  const cost = fc.double({ min: 0.01, max: 1000, noNaN: true });
  const costs = fc.record({ falseAllow: cost, falseBlock: cost, ask: cost });
  const probability = fc.double({ min: 0, max: 1, noNaN: true });

  it("choose what is cheapest on average, at every probability and cost", () => {
    fc.assert(
      fc.property(costs, probability, (matrix, p) => {
        const prices = {
          "auto-allow": (1 - p) * matrix.falseAllow,
          "auto-block": p * matrix.falseBlock,
          ask: matrix.ask,
        };
        const chosen = prices[ConfidenceBands.fromCosts(matrix).decide(p)];
        const least = Math.min(...Object.values(prices));
        expect(chosen).toBeLessThanOrEqual(least + 1e-9 * (1 + matrix.falseAllow));
      }),
      { numRuns: 2000 },
    );
  });

  it("ask nobody where a question costs more than a mistake", () => {
    const bands = ConfidenceBands.fromCosts({ falseAllow: 1, falseBlock: 1, ask: 10 });
    expect(bands.decide(0.5)).toBe("auto-allow");
    expect(bands.decide(0.4999)).toBe("auto-block");
  });

  it("stay bands for all costs that are allowed", () => {
    const anyCost = fc.double({ min: 1e-9, max: 1e9, noNaN: true });
    const anyCosts = fc.record({ falseAllow: anyCost, falseBlock: anyCost, ask: anyCost });
    fc.assert(
      fc.property(anyCosts, (matrix) => {
        const { allow, block } = ConfidenceBands.fromCosts(matrix);
        expect(block).toBeLessThan(allow);
      }),
      { numRuns: 2000 },
    );
  });
});
