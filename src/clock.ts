// The one place that reads the system's clock: the default of every `now` option.

import * as z from "zod/mini";
import { describeValue } from "./describe-value.ts";
import { DriftkeelRangeError, DriftkeelTypeError } from "./errors.ts";

/** A moment: a Date, or milliseconds since 1970. */
export type Moment = Date | number;

/** Says what time it is. */
export type Clock = () => Moment;

const systemClock: Clock = () => Date.now();

/** Milliseconds on a clock that only goes forward, for measuring how long something took. */
export function monotonicMs(): number {
  return performance.now();
}

/** The option `now`. */
export const clock = z._default(
  z.custom<Clock>((value) => typeof value === "function", "a function that returns the time"),
  () => systemClock,
);

/** Milliseconds since 1970. Throws ARGUMENT_TYPE, ARGUMENT_RANGE (Invalid Date, NaN). */
export function millisecondsOf(name: string, moment: Moment): number {
  if (typeof moment !== "number" && !(moment instanceof Date)) {
    throw new DriftkeelTypeError(
      "ARGUMENT_TYPE",
      `Expected ${name} to be a Date or milliseconds since 1970, got ${describeValue(moment)}.`,
    );
  }
  const ms = Number(moment);
  if (Number.isFinite(ms)) return ms;
  throw new DriftkeelRangeError(
    "ARGUMENT_RANGE",
    `Expected ${name} to be a valid moment, got ${moment instanceof Date ? "Invalid Date" : ms}.`,
  );
}
