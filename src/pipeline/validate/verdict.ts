// What the verdicts of all validators are made of: limits on a change, missing input, numbers in
// words.

import { risesAtMost } from "../../statistics/rises-at-most.ts";
import type { ModelSnapshot, ValidationResult } from "./validator.ts";

/** Four digits, without the zeros at the end. */
export function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** A failure without measurements: there was nothing to measure, or it cannot be compared. */
export function notComparable(reason: string): ValidationResult {
  return { pass: false, reason, measurements: {} };
}

/** A number that may rise by at most `max` from one model to the other. */
export interface Rise {
  /** In words, for the reason. */
  what: string;
  /** The names of the measurements are `<key>Before<unit>`, `<key>After...` and `<key>Delta...`. */
  key: string;
  unit?: string;
  before: number;
  after: number;
  max: number;
}

/** Passes when after - before <= max, `max` included; any NaN and an infinite `after` fail. */
export function judgeRise({ what, key, unit = "", before, after, max }: Rise): ValidationResult {
  const pass = risesAtMost(before, after, max);
  const side = pass ? "within" : "not within";
  const reason =
    `${what} went from ${short(before)} to ${short(after)}, ` +
    `${side} the allowed rise of ${short(max)}`;
  const measurements = {
    [`${key}Before${unit}`]: before,
    [`${key}After${unit}`]: after,
    [`${key}Delta${unit}`]: after - before,
  };
  return { pass, reason, measurements };
}

/** The same for a member of both snapshots; a missing one fails. */
export function judgeMemberRise(
  member: "loss" | "latencyMs" | "errorRate",
  before: ModelSnapshot,
  after: ModelSnapshot,
  rise: Omit<Rise, "before" | "after">,
): ValidationResult {
  for (const [side, snapshot] of Object.entries({ before, after })) {
    if (typeof snapshot[member] !== "number") {
      return notComparable(
        `${side}.${member} is missing; ${rise.what} cannot be judged without it`,
      );
    }
  }
  return judgeRise({ ...rise, before: before[member] as number, after: after[member] as number });
}
