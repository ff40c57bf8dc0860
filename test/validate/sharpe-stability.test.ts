// The Sharpe gate: its tolerance, what it does when it cannot tell, the anchor, the point rule.

import { describe, expect, it } from "vitest";
import { simulatePnl } from "../../bench/quality/simulated-pnl.ts";
import {
  SharpeStability,
  type SharpeStabilityOptions,
} from "../../src/pipeline/validate/sharpe-stability.ts";
import { snapshotOf } from "./snapshots.ts";

/** A series whose annual Sharpe ratio is exactly the given one: alternating returns around it. */
function pnlWith(sharpe: number, days = 250): Float64Array {
  const mean = sharpe / Math.sqrt(252);
  return Float64Array.from({ length: days }, (_, day) => 0.01 * (mean + (day % 2 === 0 ? 1 : -1)));
}

function judge(
  before: Float64Array | undefined,
  after: Float64Array | undefined,
  options?: SharpeStabilityOptions,
  losses: [number, number] = [1, 0.9],
) {
  return new SharpeStability(options).validate(
    snapshotOf({ pnl: before, loss: losses[0] }),
    snapshotOf({ pnl: after, loss: losses[1] }),
  );
}

/** Two models that cannot be told apart. */
const [noisy, equal] = simulatePnl(3, { days: 250, correlation: 0.9, sharpe: [1.5, 1.5] });

describe("the tolerance", () => {
  const point = { mode: "point" } as const;
  const passes = (before: number, after: number, options?: SharpeStabilityOptions) =>
    judge(pnlWith(before), pnlWith(after), { ...point, ...options }).pass;

  /** More than the rounding of a ratio of 250 returns. */
  const hair = 1e-9;

  it("keeps 95% of a positive ratio", () => {
    expect(passes(2, 1.9 + hair)).toBe(true);
    expect(passes(2, 1.9 - hair)).toBe(false);
    expect(passes(1, 0.75 + hair, { minRatio: 0.75 })).toBe(true);
    expect(passes(1, 0.75 - hair, { minRatio: 0.75 })).toBe(false);
  });

  it("allows a loss when the ratio is negative, where the plain ratio would ask for a gain", () => {
    expect(passes(-2, -2)).toBe(true);
    expect(passes(-2, -2.1 + hair)).toBe(true);
    expect(passes(-2, -2.1 - hair)).toBe(false);
  });

  it("allows a share of the floor when the ratio is near 0", () => {
    expect(passes(0, -0.025 + hair)).toBe(true);
    expect(passes(0, -0.025 - hair)).toBe(false);
    expect(passes(0, -0.05 + hair, { floor: 1 })).toBe(true);
  });

  it("is named among the measurements", () => {
    const { measurements } = judge(pnlWith(-2), pnlWith(-1), point);
    expect(measurements.sharpeAllowedLoss).toBeCloseTo(0.1, 9);
    expect(measurements.sharpeBefore).toBeCloseTo(-2, 9);
    expect(measurements.sharpeDifference).toBeCloseTo(1, 9);
  });
});

describe("the paired rule", () => {
  const lowered = (by: number) => equal!.map((value) => value - by);

  it("fails a candidate that is worse, whatever its loss and the other options", () => {
    const worse = judge(noisy, lowered(0.01), { onInconclusive: "accept" });
    expect(worse).toMatchObject({ pass: false, reason: expect.stringMatching(/: worse$/) });
    expect(worse.measurements.sharpeUpper).toBeLessThan(0);
  });

  it("passes a candidate that is better, whatever its loss and the other options", () => {
    const better = judge(noisy, lowered(-0.01), { onInconclusive: "reject" }, [1, 2]);
    expect(better).toMatchObject({ pass: true, reason: expect.stringMatching(/: better$/) });
  });

  it("follows onInconclusive when it cannot tell", () => {
    expect(judge(noisy, equal, { onInconclusive: "accept" }, [1, 2]).pass).toBe(true);
    expect(judge(noisy, equal, { onInconclusive: "reject" }, [1, 0.5]).pass).toBe(false);
  });

  it.each([
    [1, 0.99, true],
    [1, 1, false],
    [1, 1.01, false],
    [1, Number.NaN, false],
    [Number.NaN, 1, false],
    [1, Number.NEGATIVE_INFINITY, false],
    [Number.POSITIVE_INFINITY, 1, true],
  ])("by default asks for a lower loss: %d to %d gives %s", (before, after, pass) => {
    expect(judge(noisy, equal, {}, [before, after]).pass).toBe(pass);
  });

  it("does not call a loss within the tolerance worse", () => {
    // Deterministic series: any difference at all is significant.
    const options = { onInconclusive: "accept" } as const;
    expect(judge(pnlWith(2), pnlWith(1.91), options).pass).toBe(true);
    expect(judge(pnlWith(2), pnlWith(1.89), options).pass).toBe(false);
    expect(judge(pnlWith(-2), pnlWith(-2.09), options).pass).toBe(true);
    expect(judge(pnlWith(-2), pnlWith(-2.11), options).pass).toBe(false);
  });

  it("fails a candidate that stopped acting, and not one that began to", () => {
    const flat = new Float64Array(250);
    const options = { onInconclusive: "accept" } as const;
    expect(judge(noisy, flat, options)).toMatchObject({
      pass: false,
      reason: expect.stringContaining("never varies"),
    });
    expect(judge(flat, noisy, options).pass).toBe(true);
    expect(judge(flat, flat, options).pass).toBe(true);
  });

  it("gives the same verdict for the same snapshots", () => {
    expect(judge(noisy, equal)).toEqual(judge(noisy, equal));
  });
});

describe("the anchor", () => {
  /** Three versions on the same days: the anchor, the active one, and a candidate. */
  const versions = (...sharpe: [number, number, number]) =>
    simulatePnl(8, { days: 500, correlation: 0.99, sharpe });
  const accept = { onInconclusive: "accept" } as const;

  it("fails small losses that have added up", () => {
    const [anchor, active, candidate] = versions(2, 1.1, 1.05);
    expect(judge(active, candidate, accept).pass).toBe(true);
    const result = judge(active, candidate, { ...accept, anchor: () => ({ pnl: anchor }) });
    expect(result).toMatchObject({ pass: false, reason: expect.stringContaining("anchor") });
    expect(result.measurements.anchorSharpeUpper).toBeLessThan(0);
    expect(result.measurements).toHaveProperty("sharpeUpper");
  });

  it("fails them in point mode, too", () => {
    const anchor = () => ({ pnl: pnlWith(2) });
    const options = { mode: "point", anchor } as const;
    expect(judge(pnlWith(1.95), pnlWith(1.91), options).pass).toBe(true);
    expect(judge(pnlWith(1.92), pnlWith(1.89), options).pass).toBe(false);
  });

  it("does not keep a worse model: better than the active one passes", () => {
    const [anchor, active, candidate] = versions(3, -1, 1);
    expect(judge(active, candidate, { anchor: () => ({ pnl: anchor }) }).pass).toBe(true);
  });

  it("shares the level with the comparison with the active model", () => {
    const one = judge(noisy, equal, { ...accept, level: 0.05, anchor: () => ({ pnl: noisy }) });
    const half = judge(noisy, equal, { ...accept, level: 0.025 });
    expect(one.measurements).toMatchObject(half.measurements);
  });

  it.each([
    ["is missing", undefined],
    ["is of other periods", new Float64Array(3)],
    ["holds NaN", new Float64Array(250).fill(Number.NaN)],
  ])("fails when its P&L %s", (_, pnl) => {
    const result = judge(noisy, equal, { ...accept, anchor: () => ({ pnl }) });
    expect(result).toMatchObject({ pass: false, reason: expect.stringContaining("anchor") });
  });
});

describe("missing and unusable P&L", () => {
  const bad = noisy!.with(3, Number.NaN);
  it.each([
    ["no P&L before", undefined, noisy, "before.pnl is missing"],
    ["no P&L after", noisy, undefined, "after.pnl is missing"],
    ["NaN", noisy, bad, "after.pnl holds NaN at index 3"],
    ["other lengths", noisy, noisy!.slice(1), "same observations"],
    ["9 periods", noisy!.slice(0, 9), noisy!.slice(0, 9), "at least 10"],
  ])("fails with %s", (_, before, after, reason) => {
    for (const mode of ["paired", "point"] as const) {
      expect(judge(before, after, { mode, onInconclusive: "accept" })).toMatchObject({
        pass: false,
        reason: expect.stringContaining(reason),
      });
    }
  });

  it("fails with less than two blocks", () => {
    expect(judge(noisy, equal, { blockLength: 126 })).toMatchObject({
      pass: false,
      reason: expect.stringContaining("at least 252"),
    });
  });
});

describe("options", () => {
  it.each([
    ["a ratio above 1", { minRatio: 1.1 }, "OPTION_INVALID"],
    ["a floor of 0", { floor: 0 }, "OPTION_INVALID"],
    ["an unknown mode", { mode: "bayes" }, "OPTION_INVALID"],
    ["an anchor that is no function", { anchor: {} }, "OPTION_INVALID"],
    ["an unknown name", { minratio: 0.9 }, "OPTION_UNKNOWN"],
    ["too few resamples", { level: 0.001, resamples: 498 }, "OPTION_INVALID"],
    [
      "too few resamples for half of the level",
      { level: 0.001, resamples: 998, anchor: () => ({}) },
      "OPTION_INVALID",
    ],
  ])("%s is refused", (_, options, code) => {
    expect(() => new SharpeStability(options as SharpeStabilityOptions)).toThrowError(
      expect.objectContaining({ code }),
    );
  });
});
