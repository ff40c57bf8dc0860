// Options that several detectors have in common.

import * as z from "zod/mini";

const PROBABILITY = "a number from 1e-100 to below 1";
/** An error rate: neither never nor always. The lower end keeps logarithms of it finite. */
export const probability = z
  .number(PROBABILITY)
  .check(z.minimum(1e-100, PROBABILITY), z.lt(1, PROBABILITY));

/** Which changes of the mean count. */
export type ChangeMode = "up" | "down" | "both";
export const changeMode = z.enum(["up", "down", "both"]);

/** The larger of the two excursions that `mode` looks at. */
export function excursion(mode: ChangeMode, up: number, down: number): number {
  if (mode === "up") return up;
  return mode === "down" ? down : Math.max(up, down);
}

/** A check for zod: the option `low` is at most the option `high`. */
export function atMost<Name extends string>(
  low: Name,
  high: Name,
): z.core.CheckFn<Record<Name, number>> {
  return ({ value, issues }) => {
    const input = value[low];
    if (input <= value[high]) return;
    issues.push({ code: "custom", path: [low], message: `at most ${high}`, input });
  };
}
