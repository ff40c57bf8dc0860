// The Sharpe drift detector against one that recomputes everything in two passes at every step.

import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.ts";
import {
  type DriftAlert,
  SharpeDriftDetector,
  type SharpeDriftDetectorOptions,
} from "../../src/index.ts";
import { TwoPassSharpeDriftDetector } from "../reference/sharpe-drift-detector.ts";

/** Kernel and reference sum the same numbers in f64, in another order. */
const TOLERANCE = 1e-9;

const made: SharpeDriftDetector[] = [];
function detectorOf(options?: SharpeDriftDetectorOptions): SharpeDriftDetector {
  const detector = new SharpeDriftDetector(options);
  made.push(detector);
  return detector;
}
afterEach(() => {
  for (const detector of made.splice(0)) detector.dispose();
});

const day = (index: number) => new Date(86_400_000 * index);

/** Returns that turn worse and calmer from time to time. */
function stream(count: number, seed: number): Float64Array {
  const random = new Random(seed);
  return Float64Array.from({ length: count }, (_, index) => {
    const regime = Math.floor(index / 5000) % 3;
    return [0.05, -0.05, 0][regime]! + [1, 2, 0.3][regime]! * random.normal();
  });
}

function near(value: number) {
  return expect.closeTo(value, Math.ceil(-Math.log10(TOLERANCE * Math.max(1, Math.abs(value)))));
}

/** An alert whose numbers may differ in the last digits. */
function like({ timestamp, windowSize, ...numbers }: DriftAlert) {
  const { currentSharpe, meanSharpe, threshold } = numbers;
  return {
    timestamp,
    windowSize,
    currentSharpe: near(currentSharpe),
    meanSharpe: near(meanSharpe),
    threshold: near(threshold),
  };
}

describe("10^5 observations", () => {
  const values = stream(100_000, 1);

  it.each([
    { windowSize: 2, input: "returns" },
    { windowSize: 3, input: "returns" },
    { windowSize: 30, input: "returns" },
    { windowSize: 252, input: "returns" },
    { windowSize: 3, input: "pnl", sigmas: 2 },
    { windowSize: 30, input: "pnl", annualization: 1 },
  ] as const)(
    "%o: alerts and values of the two-pass detector",
    (options) => {
      const detector = detectorOf(options);
      const batched = detectorOf(options);
      const reference = new TwoPassSharpeDriftDetector(options);
      const alerts: DriftAlert[] = [];
      const expected: DriftAlert[] = [];
      let worst = 0;
      for (const [index, value] of values.entries()) {
        const alert = detector.observe(day(index), value);
        if (alert) alerts.push(alert);
        const other = reference.observe(day(index), value);
        if (other) expected.push(other);
        const sharpe = reference.currentSharpe();
        const error = Math.abs(detector.currentSharpe() - sharpe) / Math.max(1, Math.abs(sharpe));
        worst = Math.max(worst, error);
      }
      expect(worst).toBeLessThan(TOLERANCE);
      expect(expected.length).toBeGreaterThan(1000);
      expect(alerts.map(({ timestamp }) => timestamp)).toEqual(
        expected.map(({ timestamp }) => timestamp),
      );
      for (let at = 0; at < expected.length; at += 97)
        expect(alerts[at]).toEqual(like(expected[at]!));

      const dates = Array.from(values, (_, index) => day(index));
      expect(batched.observeBatch(dates, values)).toEqual(alerts);
      expect(batched.state()).toEqual(detector.state());
    },
    60_000,
  );

  it("windowSize 2 of P&L has a single return, no spread, and never an alert", () => {
    const detector = detectorOf({ windowSize: 2 });
    const dates = Array.from(values, (_, index) => day(index));
    expect(detector.observeBatch(dates, values)).toEqual([]);
    expect(detector.currentSharpe()).toBe(0);
  });
});

describe("the rule", () => {
  it("has the defaults that are written down", () => {
    const left = detectorOf();
    const named = detectorOf({ windowSize: 30, sigmas: 1, annualization: 252, input: "pnl" });
    for (const value of stream(500, 2)) {
      expect(left.update(value)).toBe(named.update(value));
    }
    expect(left.state()).toEqual(named.state());
  });

  it("needs a full window and three ratios before it can alert", () => {
    const detector = detectorOf({ windowSize: 3, input: "returns", sigmas: 0 });
    const falling = [5, 4, 3, 2, 1, 0, -1];
    const alerts = falling.map((value, index) => detector.observe(day(index), value));
    // The window is full at the third value; the third ratio comes with the fifth.
    expect(alerts.map((alert) => alert !== undefined)).toEqual([
      ...[false, false, false, false],
      ...[true, true, true],
    ]);
    expect(alerts[4]).toMatchObject({ timestamp: day(4), windowSize: 3 });
  });

  it("a window without spread has a ratio of 0", () => {
    const detector = detectorOf({ windowSize: 5, input: "returns" });
    for (let index = 0; index < 50; index++) {
      expect(detector.observe(day(index), 0.1)).toBeUndefined();
      expect(detector.currentSharpe()).toBe(0);
    }
  });

  it("currentSharpe is 0 with fewer than 2 values, and counts a window not yet full", () => {
    const detector = detectorOf({ input: "returns", annualization: 1 });
    expect(detector.currentSharpe()).toBe(0);
    detector.observe(day(0), 3);
    expect(detector.currentSharpe()).toBe(0);
    detector.observe(day(1), 1);
    expect(detector.currentSharpe()).toBeCloseTo(2, 12); // mean 2, population std 1
  });

  it("window is a copy of the last values, oldest first", () => {
    const detector = detectorOf({ windowSize: 4 });
    const seen: number[] = [];
    for (let value = 1; value <= 11; value++) {
      detector.observe(day(value), value);
      seen.push(value);
      expect([...detector.window()]).toEqual(seen.slice(-4));
    }
    detector.window().fill(0);
    expect([...detector.window()]).toEqual([8, 9, 10, 11]);
  });

  it("update is observe under the contract of all detectors", () => {
    const [a, b] = [detectorOf({ windowSize: 5 }), detectorOf({ windowSize: 5 })];
    const states = new Set<string>();
    for (const [index, value] of stream(300, 4).entries()) {
      const alert = a.observe(day(index), value);
      const state = b.update(value);
      states.add(state);
      expect(state).toBe(alert ? "drift" : "stable");
      if (alert) {
        const { currentSharpe, meanSharpe, threshold } = alert;
        expect(b.measurements).toEqual({ currentSharpe, meanSharpe, threshold });
      }
    }
    expect([...states].sort()).toEqual(["drift", "stable"]);
  });

  it("a timestamp in an alert is a copy of the date given", () => {
    const detector = detectorOf({ windowSize: 2, input: "returns", sigmas: 0 });
    const date = new Date(5);
    const alerts = [9, 8, 7, 6, 5, -50].map((value) => detector.observe(date, value));
    date.setTime(0);
    expect(alerts.at(-1)?.timestamp).toEqual(new Date(5));
  });

  it("P&L around a billion keeps its digits", () => {
    const detector = detectorOf({ windowSize: 30 });
    const shifted = detectorOf({ windowSize: 30 });
    for (const value of stream(1000, 5)) {
      const rounded = Math.round(value * 2 ** 20) / 2 ** 20;
      detector.update(rounded);
      shifted.update(rounded + 2 ** 30); // differences of such P&L are exact
      expect(shifted.currentSharpe()).toBeCloseTo(detector.currentSharpe(), 9);
    }
  });
});

describe("state", () => {
  const values = stream(400, 6);

  it("saved in mid-stream, through JSON, goes on with the same alerts and values", () => {
    const cut = fc.integer({ min: 0, max: 399 });
    const size = fc.integer({ min: 2, max: 40 });
    fc.assert(
      fc.property(cut, size, fc.constantFrom("pnl", "returns"), (at, windowSize, input) => {
        using detector = new SharpeDriftDetector({ windowSize, input, sigmas: 0.5 });
        using resumed = new SharpeDriftDetector({ windowSize, input, sigmas: 0.5 });
        for (const value of values.subarray(0, at)) detector.update(value);
        for (const value of values.subarray(0, 17)) resumed.update(value); // to be forgotten
        resumed.restore(JSON.parse(JSON.stringify(detector.state())));
        expect(resumed.measurements).toEqual(detector.measurements);
        for (const [index, value] of values.subarray(at).entries()) {
          expect(resumed.observe(day(index), value)).toEqual(detector.observe(day(index), value));
        }
        expect(resumed.window()).toEqual(detector.window());
        expect(resumed.state()).toEqual(detector.state());
      }),
    );
  });

  it("after reset everything is as in the beginning", () => {
    const [detector, fresh] = [detectorOf({ windowSize: 5 }), detectorOf({ windowSize: 5 })];
    for (const value of values) detector.update(value);
    detector.reset();
    expect(detector.state()).toEqual(fresh.state());
    for (const value of values) expect(detector.update(value)).toBe(fresh.update(value));
  });

  it("of another detector, cut short, or altered where the core trusts it, is refused", () => {
    const detector = detectorOf({ windowSize: 5 });
    for (const value of values) detector.update(value);
    const state = detector.state() as Record<string, unknown>;
    const moments = Buffer.from(state.moments as string, "base64");
    const altered = (at: number, value: number) => {
      const bytes = Buffer.from(moments);
      bytes.writeInt32LE(value, at);
      return { ...state, moments: bytes.toString("base64") };
    };
    const others = [
      { ...state, windowSize: 6 },
      { ...state, input: "returns" },
      { ...state, moments: moments.subarray(8).toString("base64") },
      { ...state, values: [1, 2, 3] },
      { ...state, values: [1, 2, 3, 4, Number.NaN] },
      ...Array.from({ length: 32 }, (_, word) => altered(4 * word, 0x7ffffff0)),
      ...Array.from({ length: 32 }, (_, word) => altered(4 * word, -1)),
    ];
    // Doubles may hold anything; a position or size that is not right may not get through.
    let refused = 0;
    for (const other of others) {
      using target = new SharpeDriftDetector({ windowSize: 5 });
      const before = target.state();
      try {
        target.restore(other);
        for (const value of values) target.update(value);
      } catch (error) {
        expect(error).toMatchObject({ code: "STATE_INVALID" });
        expect(target.state()).toEqual(before);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(20);
  });
});
