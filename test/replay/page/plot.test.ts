// A curve shows every day, or of each column of days the extremes; nothing between is invented.

import { describe, expect, it } from "vitest";
import { curvePath, MAX_COLUMNS, WIDTH } from "../../../src/replay/page/plot.ts";

function pointsOf(path: string): number[][] {
  return path
    .slice(1)
    .split("L")
    .map((point) => point.split(" ").map(Number));
}

describe("curvePath", () => {
  it("shows every day of a short series from edge to edge", () => {
    expect(curvePath([1, 2, 4], (value) => 10 * value)).toBe("M0 10L500 20L1000 40");
    expect(curvePath([], (value) => value)).toBe("");
    expect(curvePath([3], (value) => value)).toBe("M500 3");
  });

  it("starts where it is told, on the same days", () => {
    expect(curvePath([9, 2, 4], (value) => value, 1)).toBe("M500 2L1000 4");
    expect(curvePath([9, 2], (value) => value, 5)).toBe("");
  });

  it("thins a long series to its extremes, first and last day at the edges", () => {
    const values = Array.from({ length: 20_001 }, (_, day) => Math.sin(day) + day / 20_000);
    values[7777] = 50;
    values[12_345] = -50;
    const points = pointsOf(curvePath(values, (value) => value));
    expect(points.length).toBeLessThanOrEqual(2 * MAX_COLUMNS + 1);
    const heights = points.map(([, y]) => y!);
    expect([Math.min(...heights), Math.max(...heights)]).toEqual([-50, 50]);
    const across = points.map(([x]) => x!);
    expect(across).toEqual([...across].sort((a, b) => a - b));
    expect(across.at(-1)).toBe(WIDTH);
    const rounded = new Set(values.map((value) => Number(value.toFixed(1))));
    for (const height of heights) expect(rounded.has(height)).toBe(true);
  });
});
