// An update stays only with finite weights and a held-out loss that is not worse.

import { describe, expect, it } from "vitest";
import { judgeUpdate } from "../../src/replay/update-judge.ts";

const weights = [Float32Array.of(1, 2), Float32Array.of(3)];

function isAccepted(lossBefore: number, lossAfter: number, maxLossDelta = 0): boolean {
  return judgeUpdate({ weights, lossBefore, lossAfter, maxLossDelta }).accepted;
}

describe("judgeUpdate", () => {
  it("accepts a loss that fell or stayed, up to the limit and not beyond", () => {
    expect(isAccepted(0.5, 0.4)).toBe(true);
    expect(isAccepted(0.5, 0.5)).toBe(true);
    expect(isAccepted(0.5, 0.625, 0.125)).toBe(true);
    expect(isAccepted(0.5, 0.626, 0.125)).toBe(false);
    expect(isAccepted(0.5, 0.51)).toBe(false);
  });

  it.each([
    [0.5, Number.NaN],
    [Number.NaN, 0.5],
    [Number.NaN, Number.NaN],
    [0.5, Number.POSITIVE_INFINITY],
    [0.5, Number.NEGATIVE_INFINITY],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  ])("rejects a loss that went from %s to %s", (before, after) => {
    expect(isAccepted(before, after, 1e9)).toBe(false);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "rejects a weight of %s however good the loss",
    (weight) => {
      const broken = [...weights, Float32Array.of(0, weight)];
      const verdict = judgeUpdate({
        weights: broken,
        lossBefore: 1,
        lossAfter: 0,
        maxLossDelta: 1,
      });
      expect(verdict).toEqual({ accepted: false, reason: "a weight is not finite" });
    },
  );

  it("says by how much the loss changed", () => {
    const verdict = judgeUpdate({ weights, lossBefore: 0.5, lossAfter: 0.75, maxLossDelta: 0 });
    expect(verdict.reason).toBe("held-out loss changed by 0.2500, more than 0");
  });
});
