// Splits a series of bars into the warm-up years and the live days.

import { DriftkeelRangeError } from "../errors.ts";
import type { Bar } from "./bars.ts";

/**
 * Returns the bars before the date `years` calendar years after the first one, and the others.
 * Throws `DATA_EMPTY` when no live day is left.
 */
export function splitWarmUp(bars: readonly Bar[], years: number): { warmUp: Bar[]; live: Bar[] } {
  const first = bars[0]?.date ?? "";
  // Dates of the form YYYY-MM-DD sort as text, 29 February before 1 March included.
  const end = `${String(Number(first.slice(0, 4)) + years).padStart(4, "0")}${first.slice(4)}`;
  const live = bars.filter((bar) => bar.date >= end);
  if (live.length === 0) {
    const got = `${bars.length} bars from ${first} to ${bars.at(-1)?.date}`;
    const message = `Expected bars after ${years} warm-up years, got ${got}.`;
    throw new DriftkeelRangeError("DATA_EMPTY", `${message} Take fewer years or a longer file.`);
  }
  return { warmUp: bars.slice(0, bars.length - live.length), live };
}
