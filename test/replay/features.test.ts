// The features of a day come from that day and the ones before it, and mean what they say.

import { describe, expect, it } from "vitest";
import type { Bar } from "../../src/replay/bars.ts";
import { FEATURE_LOOKBACK, FEATURE_NAMES, featuresOn } from "../../src/replay/features.ts";
import { shuffledAfter, syntheticBars } from "./synthetic-bars.ts";

const bars = syntheticBars(200);

function feature(
  name: (typeof FEATURE_NAMES)[number],
  series: readonly Bar[],
  day: number,
): number {
  return featuresOn(series, day)[FEATURE_NAMES.indexOf(name)]!;
}

describe("featuresOn", () => {
  it("gives the same past whatever the future is", () => {
    const other = shuffledAfter(bars, 120);
    for (let day = FEATURE_LOOKBACK; day <= 120; day++) {
      expect(featuresOn(other, day)).toEqual(featuresOn(bars, day));
    }
    expect(featuresOn(other, 121)).not.toEqual(featuresOn(bars, 121));
  });

  it("needs no bar after the day", () => {
    for (let day = FEATURE_LOOKBACK; day < bars.length; day += 7) {
      expect(featuresOn(bars.slice(0, day + 1), day)).toEqual(featuresOn(bars, day));
    }
  });

  it("needs no bar before the lookback, and does read the first one in it", () => {
    const cut = bars.slice(100 - FEATURE_LOOKBACK);
    expect(featuresOn(cut, FEATURE_LOOKBACK)).toEqual(featuresOn(bars, 100));
    const changed = bars.map((bar, day) =>
      day === 40 ? { ...bar, close: bar.close * 1.01 } : bar,
    );
    expect(featuresOn(changed, 100)).not.toEqual(featuresOn(bars, 100));
  });

  it("follows its formulas", () => {
    const close = (day: number) => bars[day]!.close;
    const r = (day: number) => Math.log(close(day) / close(day - 1));
    const rms = (day: number, days: number) => {
      let squares = 0;
      for (let k = 0; k < days; k++) squares += r(day - k) * r(day - k);
      return Math.sqrt(squares / days);
    };
    const day = 150;
    const { low, high, volume } = bars[day]!;
    const expected: Record<(typeof FEATURE_NAMES)[number], number> = {
      return_1: r(day) / rms(day, 20),
      return_2: r(day - 1) / rms(day, 20),
      momentum_5: Math.log(close(day) / close(day - 5)) / (rms(day, 60) * Math.sqrt(5)),
      momentum_20: Math.log(close(day) / close(day - 20)) / (rms(day, 60) * Math.sqrt(20)),
      momentum_60: Math.log(close(day) / close(day - 60)) / (rms(day, 60) * Math.sqrt(60)),
      drawdown_60:
        Math.log(close(day) / Math.max(...bars.slice(day - 60, day + 1).map((bar) => bar.close))) /
        (rms(day, 60) * Math.sqrt(60)),
      volatility_20: Math.log(rms(day, 20)),
      volatility_change: Math.log(rms(day, 5) / rms(day, 60)),
      close_in_range: (2 * (close(day) - low)) / (high - low) - 1,
      volume_20: Math.log(
        volume / (bars.slice(day - 19, day + 1).reduce((sum, bar) => sum + bar.volume, 0) / 20),
      ),
    };
    for (const name of FEATURE_NAMES) {
      expect(feature(name, bars, day), name).toBeCloseTo(expected[name], 12);
    }
  });

  it("stays finite on a price that never moves, without range or volume", () => {
    const still = bars.map((bar) => ({
      ...bar,
      open: 5,
      high: 5,
      low: 5,
      close: 5,
      volume: 0,
    }));
    expect([...featuresOn(still, 100)].every(Number.isFinite)).toBe(true);
    expect(feature("close_in_range", still, 100)).toBe(0);
    expect(feature("volume_20", still, 100)).toBe(0);
  });

  it.each([FEATURE_LOOKBACK - 1, 200, -1, 100.5, Number.NaN])("refuses day %s", (day) => {
    expect(() => featuresOn(bars, day)).toThrow(
      expect.objectContaining({ code: "ARGUMENT_RANGE" }),
    );
  });
});
