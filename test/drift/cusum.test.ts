// The CUSUM chart against its sums written out, and its frozen reference.

import { describe, expect, it } from "vitest";
import { Cusum } from "../../src/pipeline/drift/cusum.ts";
import { indicesOf } from "./detector-kinds.ts";
import { meanOf, normalsAround, repeated, squaresOf } from "./streams.ts";

/** The largest sum of deviations over the runs of values that end at `t`, in units of sigma. */
function largestRun(stream: readonly number[], t: number, sign: 1 | -1): number {
  const warmUp = stream.slice(0, 30);
  const [mu, sigma] = [meanOf(warmUp), Math.sqrt(squaresOf(warmUp) / 29)];
  let [sum, largest] = [0, 0];
  for (let i = t; i >= 29; i--) {
    sum += (sign * (stream[i]! - mu)) / sigma - 0.5;
    largest = Math.max(largest, sum);
  }
  return largest;
}

describe("Cusum", () => {
  it.each([
    ["up", 1],
    ["down", -1],
  ] as const)("is the largest sum of a run of deviations (%s)", (mode, sign) => {
    for (const seed of [1, 2, 3, 4]) {
      const stream = normalsAround([0, sign], 60, seed);
      const [first] = indicesOf("drift", new Cusum({ mode }), stream);
      expect(first).toBe(stream.findIndex((_, t) => t >= 29 && largestRun(stream, t, sign) > 5));
    }
  });

  it("looks both ways by default, and only one way when told so", () => {
    const stream = [...normalsAround([0], 100, 5), ...normalsAround([-3], 50, 6)];
    expect(indicesOf("drift", new Cusum(), stream)[0]).toBeLessThan(106);
    expect(indicesOf("drift", new Cusum({ mode: "up" }), stream)).toEqual([]);
  });

  it("keeps the reference of the warm-up", () => {
    const stream = normalsAround([0, 0.4], 200, 7);
    const detector = new Cusum({ threshold: 1e6 });
    for (const value of stream) detector.update(value);
    expect(detector.measurements.mean).toBeCloseTo(meanOf(stream.slice(0, 30)), 12);
  });

  it("is the same in any unit", () => {
    const stream = normalsAround([0, 1, 0], 100, 8);
    const scaled = stream.map((value) => 1024 * value);
    expect(indicesOf("drift", new Cusum(), scaled)).toEqual(
      indicesOf("drift", new Cusum(), stream),
    );
  });

  it("takes any change after a constant warm-up for drift", () => {
    const detector = new Cusum();
    expect(indicesOf("drift", detector, [...repeated(0.1, 50), 0.1 + 1e-15])).toEqual([50]);
  });
});
