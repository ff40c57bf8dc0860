// One way for the tests of the references to compare tensors.

import { expect } from "vitest";

/**
 * Expects |actual_k - expected_k| <= tolerance * max_j |expected_j| for every k, and equal lengths.
 * The scale is that of the whole tensor: an element that cancels to nearly 0 is only as exact as
 * the terms it was added up from. An expected tensor of zeros must be hit exactly.
 */
export function expectClose(
  actual: ArrayLike<number> | undefined,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  expect(actual).toBeDefined();
  if (actual === undefined) return;
  expect(actual.length).toBe(expected.length);
  let scale = 0;
  for (let k = 0; k < expected.length; k++) scale = Math.max(scale, Math.abs(expected[k]!));
  for (let k = 0; k < expected.length; k++) {
    const error = Math.abs(actual[k]! - expected[k]!);
    const message = `element ${k}: ${actual[k]} instead of ${expected[k]}`;
    expect(error <= tolerance * scale, message).toBe(true);
  }
}
