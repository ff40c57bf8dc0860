// The capital of a trader is what its daily P&L makes of one unit.

import { describe, expect, it } from "vitest";
import { equityOf } from "../../../src/replay/page/equity-plot.ts";
import { daySettled } from "../replay-events.ts";

describe("equityOf", () => {
  it("reinvests every day", () => {
    const days = [0.1, -0.2].map((pnl) => daySettled("2004-01-02", pnl));
    const [first, second] = equityOf(days, "hold");
    expect(first).toBeCloseTo(1.1, 12);
    expect(second).toBeCloseTo(0.88, 12);
    expect(equityOf(days, "driftkeel")[1]).toBeCloseTo(1.2 * 0.6, 12);
  });

  it("stays on the plot after a total loss and after any gain", () => {
    const days = [-2, 0.5].map((pnl) => daySettled("2004-01-02", pnl));
    expect(equityOf(days, "hold")).toEqual([1e-3, 1e-3]);
    const gains = Array.from({ length: 400 }, () => daySettled("2004-01-02", 9));
    expect(equityOf(gains, "hold").at(-1)).toBe(1e12);
  });
});
