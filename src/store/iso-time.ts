// Moments as ISO 8601 text in UTC with milliseconds, which sorts as it means.

import { type Moment, millisecondsOf } from "../clock.ts";
import { DriftkeelRangeError } from "../errors.ts";

const FORM = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/**
 * `2026-11-20T06:21:36.000Z`. Throws ARGUMENT_TYPE, and ARGUMENT_RANGE outside the years 0 to 9999.
 */
export function isoTime(name: string, moment: Moment): string {
  const date = new Date(millisecondsOf(name, moment));
  const text = Number.isNaN(date.getTime()) ? "" : date.toISOString();
  if (FORM.test(text)) return text;
  throw new DriftkeelRangeError(
    "ARGUMENT_RANGE",
    `Expected ${name} to be in the years 0 to 9999, got ${Number(moment)} ms since 1970.`,
  );
}

/** Whether `isoTime` could have written `text`. */
export function isIsoTime(text: string): boolean {
  const date = new Date(text);
  return FORM.test(text) && !Number.isNaN(date.getTime()) && date.toISOString() === text;
}
