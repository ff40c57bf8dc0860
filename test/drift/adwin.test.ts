// ADWIN against its definition on a plain window, and what bounds its window.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Adwin } from "../../src/pipeline/drift/adwin.ts";
import { indicesOf } from "./detector-kinds.ts";
import { errorsAt, meanOf, normalsAround, squaresOf } from "./streams.ts";

/** What a check leaves of a window of single values, by the definition. */
function cutWindow(values: readonly number[], delta: number, least: number) {
  let window = [...values];
  for (;;) {
    const n = window.length;
    const d = Math.log((2 * Math.log(n)) / delta);
    const variance = squaresOf(window) / n;
    const isCut = window.some((_, n0) => {
      if (n0 < least || n - n0 < least) return false;
      const reciprocal = 1 / (n0 - least + 1) + 1 / (n - n0 - least + 1);
      const bound = Math.sqrt(2 * reciprocal * variance * d) + (2 / 3) * reciprocal * d;
      return Math.abs(meanOf(window.slice(0, n0)) - meanOf(window.slice(n0))) > bound;
    });
    if (!isCut) return window;
    window = window.slice(1);
  }
}

describe("Adwin", () => {
  it("with buckets of one value cuts where the definition does", () => {
    const anyRates = fc.array(fc.constantFrom(0.1, 0.5, 0.9), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(anyRates, fc.nat(1000), fc.constantFrom(0.002, 0.3), (rates, seed, delta) => {
        const stream = errorsAt(rates, 60, seed);
        const options = { delta, clock: 10, minWindowLength: 3, gracePeriod: 20 };
        const detector = new Adwin({ ...options, maxBuckets: 1000 });
        let window: number[] = [];
        for (const value of stream) {
          window.push(value);
          const isCheck = window.length % 10 === 0 && window.length > 20;
          const rest = isCheck ? cutWindow(window, delta, 3) : window;
          const isDrift = rest.length < window.length;
          expect(detector.update(value)).toBe(isDrift ? "drift" : "stable");
          expect(detector.measurements.width).toBe(rest.length);
          window = isDrift ? [] : window;
        }
      }),
      { numRuns: 20 },
    );
  });

  it("knows mean and variance of its window, however the buckets were merged", () => {
    const stream = normalsAround([1e6], 777, 3);
    const detector = new Adwin({ maxBuckets: 2, delta: 1e-100 });
    for (const value of stream) detector.update(value);
    const { width, mean, variance } = detector.measurements;
    expect(width).toBe(777);
    expect(mean).toBeCloseTo(meanOf(stream), 8);
    expect(variance).toBeCloseTo(squaresOf(stream) / 777, 8);
  });

  it("drops the oldest values at a detection, and starts afresh after it", () => {
    const detector = new Adwin();
    const stream = errorsAt([0, 1], 320, 1);
    expect(indicesOf("drift", detector, stream.slice(0, 352))).toEqual([351]);
    expect(detector.measurements.width).toBeGreaterThanOrEqual(32);
    expect(detector.measurements.width).toBeLessThan(64);
    expect(detector.measurements.mean).toBeGreaterThan(0.5);
    detector.update(1);
    expect(detector.measurements).toEqual({ width: 1, mean: 1, variance: 0 });
  });

  it("checks at multiples of the clock beyond the grace period only", () => {
    const stream = errorsAt([0, 1], 50, 1);
    const first = (options: object) => indicesOf("drift", new Adwin(options), stream)[0];
    expect(first({ clock: 1 })).toBeLessThan(79);
    expect(first({ clock: 40 })).toBe(79);
    expect(first({ clock: 20 })).toBe(79);
    expect(first({ clock: 20, gracePeriod: 79 })).toBe(79);
    expect(first({ clock: 20, gracePeriod: 80 })).toBe(99);
  });

  it("holds logarithmically many buckets", () => {
    const detector = new Adwin();
    for (let i = 0; i < 100_000; i++) detector.update(i % 2);
    const { memory } = detector.state() as { memory: { rows: unknown[][] } };
    expect(detector.measurements.width).toBe(100_000);
    expect(memory.rows.length).toBeLessThanOrEqual(17);
    expect(Math.max(...memory.rows.map((row) => row.length))).toBeLessThanOrEqual(5);
  });

  it("hardly ever alarms without a change", () => {
    const alarms = Array.from({ length: 50 }, (_, seed) => errorsAt([0.3], 2000, seed)).filter(
      (stream) => indicesOf("drift", new Adwin(), stream).length > 0,
    );
    expect(alarms.length).toBeLessThanOrEqual(1);
  });
});
