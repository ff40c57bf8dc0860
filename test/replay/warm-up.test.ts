// The warm-up ends on the calendar, before the first live day.

import { describe, expect, it } from "vitest";
import type { Bar } from "../../src/replay/bars.ts";
import { splitWarmUp } from "../../src/replay/warm-up.ts";

function barsOn(...dates: string[]): Bar[] {
  return dates.map((date) => ({ date, open: 1, high: 1, low: 1, close: 1, volume: 0 }));
}

describe("splitWarmUp", () => {
  it("gives the anniversary of the first day to the live days", () => {
    const bars = barsOn("2000-01-03", "2002-12-31", "2003-01-02", "2003-01-03", "2003-01-06");
    const { warmUp, live } = splitWarmUp(bars, 3);
    expect(warmUp.map((bar) => bar.date)).toEqual(["2000-01-03", "2002-12-31", "2003-01-02"]);
    expect(live.map((bar) => bar.date)).toEqual(["2003-01-03", "2003-01-06"]);
  });

  it("ends a warm-up from 29 February before 1 March", () => {
    const { live } = splitWarmUp(barsOn("2000-02-29", "2001-02-28", "2001-03-01"), 1);
    expect(live.map((bar) => bar.date)).toEqual(["2001-03-01"]);
  });

  it("says which dates there are when none is left to live through", () => {
    const splitting = () => splitWarmUp(barsOn("2000-01-03", "2002-12-31"), 3);
    expect(splitting).toThrow("Expected bars after 3 warm-up years, got 2 bars from 2000-01-03 to");
    expect(splitting).toThrow(expect.objectContaining({ code: "DATA_EMPTY" }));
  });
});
