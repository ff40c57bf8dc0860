// The tape knows the past only, and pairs each day's features with the return that follows.

import { describe, expect, it } from "vitest";
import { MarketTape } from "../../src/replay/market-tape.ts";
import { shuffledAfter, syntheticBars } from "./synthetic-bars.ts";

const bars = syntheticBars(200);

function tapeUpTo(day: number, series = bars, warmUpDays = 150): MarketTape {
  const tape = new MarketTape(series.slice(0, warmUpDays));
  for (const bar of series.slice(warmUpDays, day + 1)) tape.append(bar);
  return tape;
}

describe("MarketTape", () => {
  it("labels a day with the return of the day after", () => {
    const [sample, ...more] = tapeUpTo(160).samples(120, 121);
    expect(more).toEqual([]);
    expect(sample).toMatchObject({ id: bars[120]!.date });
    expect(sample!.timestamp!.toISOString()).toBe(`${bars[120]!.date}T00:00:00.000Z`);
    expect(sample!.label[0]).toBe(Math.fround(bars[121]!.close / bars[120]!.close - 1));
  });

  it("has no sample of today, whose outcome is tomorrow's", () => {
    const tape = tapeUpTo(160);
    expect(tape.samples(159, 160)).toHaveLength(1);
    expect(() => tape.samples(160, 161)).toThrow("Expected a day of 0 to 160 (today), got 161.");
    expect(() => tape.returnOn(161)).toThrow(expect.objectContaining({ code: "ARGUMENT_RANGE" }));
    expect(() => tape.input(161)).toThrow(expect.objectContaining({ code: "ARGUMENT_RANGE" }));
  });

  it("scales by the warm-up alone", () => {
    const other = tapeUpTo(199, shuffledAfter(bars, 155));
    expect(other.input(155)).toEqual(tapeUpTo(155).input(155));
    const longer = tapeUpTo(155, bars, 152);
    expect(longer.input(155)).not.toEqual(tapeUpTo(155).input(155));
  });

  it("starts where the features do", () => {
    const tape = tapeUpTo(160);
    expect(tape.input(tape.firstDay)).toHaveLength(10);
    expect(() => tape.input(tape.firstDay - 1)).toThrow("Expected a day of 60 to 160, got 59.");
  });
});
