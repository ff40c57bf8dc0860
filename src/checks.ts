// Checks of what callers pass: expected, got, what to do, before anything changes.

import { describeValue } from "./describe-value.ts";
import { DriftkeelRangeError, DriftkeelTypeError } from "./errors.ts";

/**
 * Throws ARGUMENT_TYPE unless `value` is a Float32Array, LENGTH_MISMATCH unless it has `length`
 * elements.
 */
export function checkFloat32(name: string, value: unknown, length: number, why: string): void {
  checkInstance(name, value, Float32Array);
  checkLength(name, (value as Float32Array).length, length, why);
}

/** Throws ARGUMENT_TYPE unless `value` is an instance of `kind`. */
export function checkInstance(
  name: string,
  value: unknown,
  kind: abstract new (...values: never[]) => object,
): void {
  if (value instanceof kind) return;
  const article = /^[AEIOU]/.test(kind.name) ? "an" : "a";
  throw new DriftkeelTypeError(
    "ARGUMENT_TYPE",
    `Expected ${name} to be ${article} ${kind.name}, got ${describeValue(value)}.`,
  );
}

/** Throws LENGTH_MISMATCH unless `got` equals `length`. */
export function checkLength(name: string, got: number, length: number, why: string): void {
  if (got === length) return;
  throw new DriftkeelRangeError(
    "LENGTH_MISMATCH",
    `Expected ${name} of length ${length} (${why}), got ${got}.`,
  );
}

/** Throws VALUE_NOT_FINITE at the first NaN or infinity. */
export function checkFinite(name: string, values: Float32Array | Float64Array): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      throw new DriftkeelRangeError(
        "VALUE_NOT_FINITE",
        `Expected ${name} to hold finite numbers, got ${values[i]} at index ${i}. Remove or ` +
          `repair it.`,
      );
    }
  }
}

/** Throws ARGUMENT_TYPE or ARGUMENT_RANGE unless `value` is a finite number >= `least`. */
export function checkNumber(name: string, value: unknown, least = Number.NEGATIVE_INFINITY): void {
  const expected = `a finite number${least > Number.NEGATIVE_INFINITY ? ` >= ${least}` : ""}`;
  const message = `Expected ${name} to be ${expected}, got ${describeValue(value)}.`;
  if (typeof value !== "number") throw new DriftkeelTypeError("ARGUMENT_TYPE", message);
  if (!Number.isFinite(value) || value < least)
    throw new DriftkeelRangeError("ARGUMENT_RANGE", message);
}

/** Throws ARGUMENT_TYPE or ARGUMENT_RANGE unless `value` is an integer >= `least`. */
export function checkCount(name: string, value: unknown, least: number): void {
  const message = `Expected ${name} to be an integer >= ${least}, got ${describeValue(value)}.`;
  if (typeof value !== "number") throw new DriftkeelTypeError("ARGUMENT_TYPE", message);
  if (!Number.isInteger(value) || value < least)
    throw new DriftkeelRangeError("ARGUMENT_RANGE", message);
}

/** Throws ARGUMENT_TYPE unless `value` is an array, DATA_EMPTY when it has no elements. */
export function checkFilled(name: string, value: unknown): void {
  checkInstance(name, value, Array);
  if ((value as unknown[]).length === 0) {
    throw new DriftkeelRangeError(
      "DATA_EMPTY",
      `Expected ${name} to hold at least one element, got none.`,
    );
  }
}
