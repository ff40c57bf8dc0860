// The kinds of claims that rows make.

import type { Claim, Figure } from "./report.ts";

/** How many times as fast ours is as theirs: both are times, or both are rates. */
export function timesAsFast(
  against: string,
  theirs: Figure,
  ours: Figure,
  least?: number,
): Claim & { value: number } {
  const value = ours.unit === "ns" ? theirs.value / ours.value : ours.value / theirs.value;
  return { against, figure: theirs, value, unit: "x", ...atLeast(least) };
}

/** Our rate as a percentage of theirs. */
export function percentOf(against: string, theirs: Figure, ours: Figure, least?: number): Claim {
  const value = (100 * ours.value) / theirs.value;
  return { against, figure: theirs, value, unit: "%", ...atLeast(least) };
}

/** A claim that could not be measured here, and why. */
export function notMeasured(against: string, absent: string, unit: string, least?: number): Claim {
  return { against, absent, unit, ...atLeast(least) };
}

/** A claim that is held against a number alone. */
export function limit(value: number, unit: string, target: NonNullable<Claim["target"]>): Claim {
  return { against: "limit", value, unit, target };
}

function atLeast(least: number | undefined): Pick<Claim, "target"> {
  return least === undefined ? {} : { target: { least } };
}
