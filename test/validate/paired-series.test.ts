// The validators on paired series: drawdown beside the active model, and forgetting.

import { describe, expect, it } from "vitest";
import { Drawdown } from "../../src/pipeline/validate/drawdown.ts";
import { Retention } from "../../src/pipeline/validate/retention.ts";
import { series, snapshotOf } from "./snapshots.ts";

function drawdowns(before: number[], after: number[], max?: number) {
  const of = (pnl: number[]) => snapshotOf({ pnl: series(...pnl) });
  return new Drawdown(max).validate(of(before), of(after));
}

describe("Drawdown", () => {
  it("is the largest fall from a former top", () => {
    const { measurements } = drawdowns([0.1, -0.1, 0.05, -0.2, 0.5], [0.1, 0.1, -0.5, 0.1, -0.5]);
    expect(measurements.drawdownBefore).toBeCloseTo(1 - 0.9 * 1.05 * 0.8, 12);
    expect(measurements.drawdownAfter).toBeCloseTo(1 - 0.5 * 1.1 * 0.5, 12);
  });

  it("counts from the start: a first loss is a fall", () => {
    expect(drawdowns([0, 0], [-0.3, 0.1]).measurements.drawdownAfter).toBeCloseTo(0.3, 12);
  });

  it("allows 2% more than the active model by default, the limit included", () => {
    expect(drawdowns([-0.1, 0], [-0.12, 0]).pass).toBe(true);
    expect(drawdowns([-0.1, 0], [-0.1201, 0]).pass).toBe(false);
    expect(drawdowns([-0.5, 0], [-0.51, 0]).pass).toBe(true);
  });

  it("is 1 once everything is lost", () => {
    expect(drawdowns([0, 0], [-1.5, 10], 1).measurements.drawdownAfter).toBe(1);
  });
});

function forgetting(before: number[], after: number[], max = 0.1) {
  const of = (losses: number[]) => snapshotOf({ replayLosses: series(...losses) });
  return new Retention(max).validate(of(before), of(after));
}

describe("Retention", () => {
  it("limits the rise of the mean loss on replayed samples, the limit included", () => {
    expect(forgetting([1, 2], [1.2, 2]).pass).toBe(true);
    expect(forgetting([1, 2], [1.2, 2.001]).pass).toBe(false);
    expect(forgetting([1, 2], [0.5, 2.1]).pass).toBe(true);
  });
});

describe.each([
  ["Drawdown", drawdowns],
  ["Retention", forgetting],
])("%s", (_, judge) => {
  it.each([
    ["NaN before", [0.1, Number.NaN], [0.1, 0.1], "before"],
    ["NaN after", [0.1, 0.1], [Number.NaN, 0.1], "after"],
    ["infinity after", [0.1, 0.1], [0.1, Number.POSITIVE_INFINITY], "after"],
    ["another number of observations", [0.1, 0.1], [0.1], "same observations"],
    ["no observation", [], [], "at least 1"],
  ])("fails with %s", (__, before, after, words) => {
    expect(judge(before, after, 1)).toMatchObject({
      pass: false,
      reason: expect.stringContaining(words),
    });
  });
});
