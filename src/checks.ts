// Checks of what callers pass: expected, got, what to do, before anything changes.

import { checkNotReleased } from "./core/arrays.ts";
import { describeValue } from "./describe-value.ts";
import { DriftkeelRangeError, DriftkeelTypeError } from "./errors.ts";

/**
 * Throws ARGUMENT_TYPE unless `value` is a Float32Array, LENGTH_MISMATCH unless it has `length`
 * elements, DISPOSED when it has been released.
 */
export function checkFloat32(name: string, value: unknown, length: number, why: string): void {
  checkInstance(name, value, Float32Array);
  checkLength(name, (value as Float32Array).length, length, why);
  checkNotReleased(value as Float32Array);
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
  if (Number.isFinite(value) && (value as number) >= least) return;
  const bound = least > Number.NEGATIVE_INFINITY ? ` >= ${least}` : "";
  throw refusal(name, `a finite number${bound}`, value);
}

/** A value that is not the number it should be: of another type, or outside what is allowed. */
function refusal(name: string, expected: string, value: unknown): Error {
  const message = `Expected ${name} to be ${expected}, got ${describeValue(value)}.`;
  return typeof value === "number"
    ? new DriftkeelRangeError("ARGUMENT_RANGE", message)
    : new DriftkeelTypeError("ARGUMENT_TYPE", message);
}

/** Throws ARGUMENT_TYPE or ARGUMENT_RANGE unless `value` is an integer >= `least`. */
export function checkCount(name: string, value: unknown, least: number): void {
  if (Number.isInteger(value) && (value as number) >= least) return;
  throw refusal(name, `an integer >= ${least}`, value);
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
