// Regimes are named by the 20% rule, and by where a quarter on each side leads.

import { describe, expect, it } from "vitest";
import type { Bar } from "../../src/replay/bars.ts";
import { labelRegimes } from "../../src/replay/regimes.ts";

/** Bars whose close moves in straight lines through (day, close) points. */
function barsThrough(points: [day: number, close: number][]): Bar[] {
  const bars: Bar[] = [];
  for (let day = 0; day <= points.at(-1)![0]; day++) {
    const next = points.findIndex(([at]) => at >= day);
    const [toDay, to] = points[next]!;
    const [fromDay, from] = points[Math.max(0, next - 1)]!;
    const close =
      toDay === fromDay ? to : from + ((to - from) * (day - fromDay)) / (toDay - fromDay);
    bars.push({ date: String(day), open: close, high: close, low: close, close, volume: 0 });
  }
  return bars;
}

describe("labelRegimes", () => {
  it("calls the way from a top to a bottom 20% lower a bear market", () => {
    const regimes = labelRegimes(
      barsThrough([
        [0, 100],
        [200, 200],
        [300, 140],
        [500, 280],
      ]),
    );
    expect(regimes.slice(0, 201).every((regime) => regime !== "bear")).toBe(true);
    expect(regimes.slice(201, 301).every((regime) => regime === "bear")).toBe(true);
    expect(regimes.slice(301).every((regime) => regime !== "bear")).toBe(true);
  });

  it("does not call a fall of 19% a bear market", () => {
    const regimes = labelRegimes(
      barsThrough([
        [0, 100],
        [200, 200],
        [300, 162],
        [500, 280],
      ]),
    );
    expect(regimes).not.toContain("bear");
  });

  it("keeps a bear market through a rise of less than 20%", () => {
    const points: [number, number][] = [
      [0, 100],
      [100, 200],
      [200, 150],
      [250, 175],
      [350, 120],
    ];
    const regimes = labelRegimes(barsThrough([...points, [450, 180]]));
    expect(regimes.slice(101, 351).every((regime) => regime === "bear")).toBe(true);
  });

  it("calls it sideways when two quarters lead nowhere", () => {
    const regimes = labelRegimes(
      barsThrough([
        [0, 100],
        [300, 102],
        [500, 160],
      ]),
    );
    expect(regimes[150]).toBe("sideways");
    expect(regimes[400]).toBe("bull");
  });

  it("knows a fall from the very first day, and a rise that never turned", () => {
    const falling = labelRegimes(
      barsThrough([
        [0, 200],
        [100, 100],
      ]),
    );
    expect(falling.slice(1).every((regime) => regime === "bear")).toBe(true);
    const rising = labelRegimes(
      barsThrough([
        [0, 100],
        [200, 300],
      ]),
    );
    expect(rising.every((regime) => regime === "bull")).toBe(true);
  });

  it("labels every day of any series, a single day included", () => {
    expect(labelRegimes(barsThrough([[0, 100]]))).toEqual(["sideways"]);
    expect(labelRegimes([])).toEqual([]);
  });
});
