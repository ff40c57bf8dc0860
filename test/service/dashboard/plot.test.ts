// Where the dashboard's plots put what happened.

import { expect, it } from "vitest";
import { placeOf } from "../../../src/service/dashboard/plot.ts";

const at = (seconds: number) => new Date(1000 * seconds).toISOString();
const point = (seconds: number, observed: number) => ({
  at: at(seconds),
  observed,
  loss: 1,
  sharpe: null,
});

it("a moment lies among the samples, not on the clock", () => {
  // A burst of 80 samples within a second, and 20 in the hour after it.
  const points = [point(10, 100), point(11, 180), point(3611, 200)];
  expect(placeOf(at(10), points)).toBe(0);
  expect(placeOf(at(10.5), points)).toBeCloseTo(0.4);
  expect(placeOf(at(11), points)).toBeCloseTo(0.8);
  expect(placeOf(at(1811), points)).toBeCloseTo(0.9);
  expect(placeOf(at(9000), points)).toBe(1);
  expect(placeOf(at(9), points)).toBeUndefined();
  expect(placeOf(at(9), [])).toBeUndefined();
  expect(placeOf(at(10), [point(10, 1)])).toBe(0);
});
