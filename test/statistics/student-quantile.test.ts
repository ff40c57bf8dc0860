// Quantiles of Student's t beside published tables and the closed forms for 1 and 2 degrees.

import { describe, expect, it } from "vitest";
import { studentQuantile } from "../../src/statistics/student-quantile.ts";

describe("studentQuantile", () => {
  it.each([
    [0.95, 1, 6.313752],
    [0.975, 1, 12.706205],
    [0.95, 2, 2.919986],
    [0.9, 3, 1.637744],
    [0.95, 4, 2.131847],
    [0.975, 5, 2.570582],
    [0.95, 10, 1.812461],
    [0.99, 30, 2.457262],
    [0.995, 120, 2.617421],
  ])("gives the tabled value at %d with %i degrees", (p, degrees, expected) => {
    expect(studentQuantile(p, degrees)).toBeCloseTo(expected, 5);
  });

  it("equals the closed forms for 1 and 2 degrees", () => {
    for (const p of [0.5, 0.6, 0.9, 0.99, 0.9999, 1 - 1e-6]) {
      const cauchy = Math.tan(Math.PI * (p - 0.5));
      const two = (2 * p - 1) / Math.sqrt(2 * p * (1 - p));
      expect(Math.abs(studentQuantile(p, 1) - cauchy)).toBeLessThanOrEqual(1e-9 * cauchy);
      expect(Math.abs(studentQuantile(p, 2) - two)).toBeLessThanOrEqual(1e-9 * two);
    }
  });

  it("is symmetric, and 0 in the middle", () => {
    expect(studentQuantile(0.05, 7)).toBe(-studentQuantile(0.95, 7));
    expect(studentQuantile(0.5, 7)).toBeCloseTo(0, 12);
  });

  it("falls towards the normal quantile as the degrees grow, and stays above it", () => {
    const normal = 1.6448536269514722;
    const quantiles = [5, 50, 500, 5000, 10_000].map((degrees) => studentQuantile(0.95, degrees));
    expect(quantiles).toEqual([...quantiles].sort((a, b) => b - a));
    expect(studentQuantile(0.95, 1e9)).toBe(studentQuantile(0.95, 10_000));
    expect(quantiles.at(-1)! - normal).toBeGreaterThan(0);
    expect(quantiles.at(-1)! - normal).toBeLessThan(2e-4);
  });
});
