// Names the regime of each day with hindsight, for tables only: nothing that learns reads it.

import type { Bar } from "./bars.ts";

/** The three kinds of market a table tells apart. */
export const REGIMES = ["bull", "bear", "sideways"] as const;

/** What kind of market a day belonged to. */
export type Regime = (typeof REGIMES)[number];

/** The usual definition: a fall of 20% makes a bear market, a rise of 20% ends it. */
const TURN = 0.2;
/** Trading days on each side of a day that are looked at for a direction: a quarter. */
const SIDEWAYS_REACH = 63;
/** A net move over the two quarters around a day below this is no direction. */
const SIDEWAYS_MOVE = 0.03;

/** A top or a bottom, and whether the market fell or rose to it. */
interface Turn {
  day: number;
  leg: "bull" | "bear";
}

/**
 * The alternating tops and bottoms between which the close moved 20% or more; the last turn is the
 * furthest point of the leg that is still open. The first leg starts at day 0.
 */
function findTurns(close: readonly number[]): Turn[] {
  const turns: Turn[] = [];
  let top = 0;
  let bottom = 0;
  let leg: "bull" | "bear" | undefined;
  for (let day = 1; day < close.length; day++) {
    if (close[day]! > close[top]!) top = day;
    if (close[day]! < close[bottom]!) bottom = day;
    if (leg !== "bear" && close[day]! <= close[top]! * (1 - TURN)) {
      if (top > 0) turns.push({ day: top, leg: "bull" });
      leg = "bear";
      bottom = day;
    } else if (leg !== "bull" && close[day]! >= close[bottom]! * (1 + TURN)) {
      if (bottom > 0) turns.push({ day: bottom, leg: "bear" });
      leg = "bull";
      top = day;
    }
  }
  const isBear = leg === "bear";
  turns.push({ day: isBear ? bottom : top, leg: isBear ? "bear" : "bull" });
  return turns;
}

/** Whether the close ended where it began over the two quarters around `day`. */
function isSideways(close: readonly number[], day: number): boolean {
  const from = close[Math.max(0, day - SIDEWAYS_REACH)]!;
  const to = close[Math.min(close.length - 1, day + SIDEWAYS_REACH)]!;
  return Math.abs(to / from - 1) < SIDEWAYS_MOVE;
}

/**
 * Returns the regime of every day, which is the regime of the return that ends on it.
 *
 *     bear      after a top, down to a bottom at least 20% lower
 *     sideways  not bear, and the close 63 days later is within 3% of the close 63 days earlier
 *     bull      everything else
 *
 * Every label is made with knowledge of later days (a top is known only after the fall), so it
 * may describe results and must not enter a decision.
 */
export function labelRegimes(bars: readonly Bar[]): Regime[] {
  const close = bars.map((bar) => bar.close);
  const turns = findTurns(close);
  const regimes: Regime[] = [];
  let next = 0;
  for (let day = 0; day < close.length; day++) {
    while (next < turns.length - 1 && day > turns[next]!.day) next++;
    const isBear = turns[next]!.leg === "bear" && day <= turns[next]!.day;
    if (isBear) regimes.push("bear");
    else regimes.push(isSideways(close, day) ? "sideways" : "bull");
  }
  return regimes;
}
