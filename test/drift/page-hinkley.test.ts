// Page-Hinkley against its sums written out, and what its options mean.

import { describe, expect, it } from "vitest";
import type { ChangeMode } from "../../src/pipeline/drift/detector-options.ts";
import { PageHinkley } from "../../src/pipeline/drift/page-hinkley.ts";
import { indicesOf } from "./detector-kinds.ts";
import { meanOf, normalsAround, repeated } from "./streams.ts";

/** The first drift, each sum from all values: sum of alpha^(t - i) (x_i - mean_i -+ delta). */
function firstDrift(stream: readonly number[], mode: ChangeMode): number {
  const [alpha, delta, threshold] = [0.99, 0.1, 10];
  const deviations = stream.map((value, i) => value - meanOf(stream.slice(0, i + 1)));
  const sums = (slack: number): number[] =>
    stream.map((_, t) =>
      deviations
        .slice(0, t + 1)
        .reduce((sum, deviation, i) => sum + alpha ** (t - i) * (deviation + slack), 0),
    );
  const [up, down] = [sums(-delta), sums(delta)];
  return stream.findIndex((_, t) => {
    const rise = up[t]! - Math.min(...up.slice(0, t + 1));
    const fall = Math.max(...down.slice(0, t + 1)) - down[t]!;
    const isRise = mode !== "down" && rise > threshold;
    return t + 1 >= 30 && (isRise || (mode !== "up" && fall > threshold));
  });
}

describe("PageHinkley", () => {
  it.each<ChangeMode>(["up", "down", "both"])("finds what the sums say (%s)", (mode) => {
    for (const seed of [1, 2, 3]) {
      const stream = normalsAround([0, seed === 2 ? -1 : 1, 0], 80, seed);
      const options = { alpha: 0.99, delta: 0.1, threshold: 10, mode };
      const [first = -1] = indicesOf("drift", new PageHinkley(options), stream);
      expect(first).toBe(firstDrift(stream, mode));
    }
  });

  it("does not detect before minInstances values", () => {
    const stream = [...repeated(0, 5), ...repeated(100, 50)];
    expect(indicesOf("drift", new PageHinkley(), stream)[0]).toBe(29);
    expect(indicesOf("drift", new PageHinkley({ minInstances: 7 }), stream)[0]).toBe(6);
  });

  it("needs more than the threshold", () => {
    // The mean after 1, 1, 4 is 2: a deviation of exactly 2.
    const options = { minInstances: 1, delta: 0, alpha: 1 };
    const at = new PageHinkley({ ...options, threshold: 2 });
    expect([1, 1, 4].map((value) => at.update(value))).toEqual(["stable", "stable", "stable"]);
    const below = new PageHinkley({ ...options, threshold: 1.999 });
    expect([1, 1, 4].map((value) => below.update(value)).at(-1)).toBe("drift");
  });
});
