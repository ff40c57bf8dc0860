// Compares what a kernel wrote with its reference, element by element.

import { expect } from "vitest";

function isWithin(actual: number, expected: number, allowed: number): boolean {
  if (Number.isNaN(expected)) return Number.isNaN(actual);
  return actual === expected || Math.abs(actual - expected) <= allowed;
}

/**
 * Expects |actual_k - expected_k| <= allowed_k for every k, and equal lengths; `allowed` is one
 * number for all or one for each. NaN must be met by NaN.
 */
export function expectWithin(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  allowed: number | ArrayLike<number>,
  what = "",
): void {
  expect(actual.length, what).toBe(expected.length);
  for (let k = 0; k < expected.length; k++) {
    const limit = typeof allowed === "number" ? allowed : allowed[k]!;
    if (isWithin(actual[k]!, expected[k]!, limit)) continue;
    const off = Math.abs(actual[k]! - expected[k]!);
    expect.fail(
      `${what} element ${k} of ${expected.length}: ${actual[k]} instead of ${expected[k]}, ` +
        `off by ${off}, allowed ${limit}`,
    );
  }
}

/** The same for two single numbers. */
export function expectNear(actual: number, expected: number, allowed: number, what = ""): void {
  expectWithin([actual], [expected], allowed, what);
}

/** Expects the same numbers to the last bit; 0 and -0 differ. */
export function expectSame(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  what = "",
): void {
  expect(actual.length, what).toBe(expected.length);
  for (let k = 0; k < expected.length; k++) {
    if (Object.is(actual[k], expected[k])) continue;
    expect.fail(
      `${what} element ${k} of ${expected.length}: ${actual[k]} instead of ${expected[k]}`,
    );
  }
}
