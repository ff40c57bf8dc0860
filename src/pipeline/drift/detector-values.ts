// Which values detectors take, and what is said about the others.

import * as z from "zod/mini";
import { checkNumber } from "../../checks.ts";
import { describeValue } from "../../describe-value.ts";
import { DriftkeelRangeError, DriftkeelTypeError } from "../../errors.ts";

/** Sums of squares of values up to here stay finite in f64 for 10^100 of them. */
const LARGEST_VALUE = 1e100;

/** A value, or the mean of values, in a saved state. */
export const valueSchema = z.number().check(z.minimum(-LARGEST_VALUE), z.maximum(LARGEST_VALUE));

/** Throws ARGUMENT_TYPE or ARGUMENT_RANGE unless `value` is a number from -1e100 to 1e100. */
export function checkReal(value: unknown): void {
  checkNumber("value", value);
  if (Math.abs(value as number) <= LARGEST_VALUE) return;
  refuse(value, "a number from -1e100 to 1e100", "Scale the stream.");
}

/** Throws ARGUMENT_TYPE or ARGUMENT_RANGE unless `value` is a number from 0 to 1. */
export function checkUnit(value: unknown): void {
  if (typeof value === "number" && value >= 0 && value <= 1) return;
  refuse(value, "a number from 0 to 1", "Divide losses by their largest possible value.");
}

/** Throws ARGUMENT_TYPE or ARGUMENT_RANGE unless `value` is 0 or 1. */
export function checkBit(value: unknown): void {
  if (value === 0 || value === 1) return;
  refuse(value, "0 (correct) or 1 (error)", "Losses that are not errors belong to Adwin or Kswin.");
}

function refuse(value: unknown, expected: string, advice: string): never {
  const message = `Expected value to be ${expected}, got ${describeValue(value)}. ${advice}`;
  if (typeof value === "number") throw new DriftkeelRangeError("ARGUMENT_RANGE", message);
  throw new DriftkeelTypeError("ARGUMENT_TYPE", message);
}
