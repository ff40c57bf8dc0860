// The summary puts every day, alert and update into the regime of its date.

import { describe, expect, it } from "vitest";
import type { Bar } from "../../src/replay/bars.ts";
import { sharpeRatio } from "../../src/replay/performance.ts";
import { summariseReplay } from "../../src/replay/replay-summary.ts";
import {
  baseTrained,
  daySettled,
  driftDetected,
  naiveUpdated,
  updateSettled,
} from "./replay-events.ts";

/** 2004: 200 days up, then 100 days down by half. Dates are made up and in order. */
const bars: Bar[] = Array.from({ length: 300 }, (_, day) => {
  const close = day < 200 ? 100 + day : 300 - (day - 199) * 1.5;
  return { date: dateOf(day), open: close, high: close, low: close, close, volume: 0 };
});

function dateOf(day: number): string {
  return `2004-${String(day).padStart(5, "0")}`;
}

const events = [
  daySettled(dateOf(100), 0.01),
  daySettled(dateOf(101), 0.03),
  updateSettled(dateOf(102), "update-promoted", 2),
  updateSettled(dateOf(103), "update-rejected", 4),
  driftDetected(dateOf(250)),
  { kind: "version-rolled-back", date: dateOf(250), from: "b", to: "a" } as const,
  updateSettled(dateOf(250), "update-failed", 0),
  naiveUpdated(dateOf(102), "naive-updated"),
  naiveUpdated(dateOf(103), "naive-updated"),
  naiveUpdated(dateOf(250), "naive-update-failed"),
  daySettled(dateOf(250), -0.02),
  daySettled(dateOf(251), -0.04),
];

describe("summariseReplay", () => {
  const [bull, bear, all, ...more] = summariseReplay(bars, baseTrained, events);

  it("has a part per regime that occurred, and one for all days", () => {
    expect([bull, bear, all].map((part) => [part?.regime, part?.days])).toEqual([
      ["bull", 2],
      ["bear", 2],
      ["all", 4],
    ]);
    expect(more).toEqual([]);
  });

  it("counts alerts and updates where they fell", () => {
    const none = { driftAlerts: 0, promotions: 0, rejections: 0, updatesFailed: 0, rollbacks: 0 };
    expect(bull).toMatchObject({ ...none, promotions: 1, rejections: 1, updateMs: 3 });
    const bad = { driftAlerts: 1, updatesFailed: 1, rollbacks: 1, updateMs: 0 };
    expect(bear).toMatchObject({ ...none, ...bad });
    expect(all).toMatchObject({
      driftAlerts: 1,
      promotions: 1,
      updatesFailed: 1,
      updateMs: 2,
    });
  });

  it("counts the naive trader's updates apart", () => {
    expect(bull).toMatchObject({ naiveUpdatesKept: 2, naiveUpdatesFailed: 0 });
    expect(bear).toMatchObject({ naiveUpdatesKept: 0, naiveUpdatesFailed: 1 });
    expect(all).toMatchObject({ naiveUpdatesKept: 2, naiveUpdatesFailed: 1 });
    expect(all!.traders.naive.sharpe).toBe(sharpeRatio([-0.01, -0.03, 0.02, 0.04]));
  });

  it("measures each trader on the days of the part", () => {
    expect(bull!.traders.driftkeel.sharpe).toBe(sharpeRatio([0.02, 0.06]));
    expect(bear!.traders.hold.maxDrawdown).toBeCloseTo(1 - 0.98 * 0.96, 12);
    expect(all!.traders.static.sharpe).toBe(sharpeRatio([0.005, 0.015, -0.01, -0.02]));
  });

  it("calls the lost part of the warm-up Sharpe ratio degradation", () => {
    const { sharpe, degradation } = bear!.traders.static;
    expect(degradation).toBeCloseTo((2 - sharpe) / 2, 12);
    expect(bull!.traders.static.degradation).toBeLessThan(0);
  });

  it("does not divide by a warm-up Sharpe ratio next to 0", () => {
    const { sharpe, degradation } = bear!.traders.hold;
    expect(degradation).toBeCloseTo((0.02 - sharpe) / 0.1, 12);
  });
});
