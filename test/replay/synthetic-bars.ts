// Makes a seeded market for the tests: weekdays, moods of some months, days that follow each other.

import { Random } from "../../src/core/random.ts";
import type { Bar } from "../../src/replay/bars.ts";

/** Days that one mood lasts. */
const MOOD_DAYS = 80;
/** Daily drift and volatility of the moods, in turn. */
const MOODS = [
  { drift: 0.001, volatility: 0.008 },
  { drift: -0.003, volatility: 0.02 },
  { drift: 0, volatility: 0.005 },
];

function weekdays(count: number): string[] {
  const dates: string[] = [];
  const day = new Date("2001-01-01T00:00:00Z");
  while (dates.length < count) {
    const weekday = day.getUTCDay();
    if (weekday !== 0 && weekday !== 6) dates.push(day.toISOString().slice(0, 10));
    day.setUTCDate(day.getUTCDate() + 1);
  }
  return dates;
}

/** Bars of `count` weekdays from 2001-01-01; the same seed makes the same bars. */
export function syntheticBars(count: number, seed = 7): Bar[] {
  const random = new Random(seed);
  let close = 100;
  let lastReturn = 0;
  return weekdays(count).map((date, index) => {
    const mood = MOODS[Math.floor(index / MOOD_DAYS) % MOODS.length]!;
    const open = close;
    lastReturn = mood.drift + 0.15 * lastReturn + mood.volatility * random.normal();
    close *= 1 + lastReturn;
    const reach = 1 + mood.volatility * random.uniform();
    const high = Math.max(open, close) * reach;
    const low = Math.min(open, close) / reach;
    return { date, open, high, low, close, volume: 1e6 * (1 + random.uniform()) };
  });
}

/** The same bars with those after `day` in another order, each on the dates that were there. */
export function shuffledAfter(bars: readonly Bar[], day: number, seed = 3): Bar[] {
  const future = bars.slice(day + 1);
  const order = new Random(seed).permutation(future.length);
  const shuffled = future.map((bar, index) => ({ ...future[order[index]!]!, date: bar.date }));
  return [...bars.slice(0, day + 1), ...shuffled];
}

/** The bars as the text of a CSV file. */
export function csvOf(bars: readonly Bar[]): string {
  const lines = bars.map((bar) =>
    [bar.date, bar.open, bar.high, bar.low, bar.close, bar.volume].join(","),
  );
  return `date,open,high,low,close,volume\n${lines.join("\n")}\n`;
}
