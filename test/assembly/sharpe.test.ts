// Rolling Sharpe and the drift detector agree with two-pass references, however long the stream.

import { describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { Random } from "../reference/random.ts";
import { rollingSharpe, type SharpeInput } from "../reference/sharpe.ts";
import { TwoPassSharpeDriftDetector } from "../reference/sharpe-drift-detector.ts";
import { windowIn64 } from "../tolerance.ts";
import { expectNear, expectSame, expectWithin } from "./expect-within.ts";
import { builds, type Core, lengths, openCore } from "./harness.ts";

const ANNUALIZATION = 252;
const SCALE = Math.sqrt(ANNUALIZATION);
const inputs: SharpeInput[] = ["pnl", "returns"];

/** Returns with a drift, or the P&L they add up to. */
function streamOf(input: SharpeInput, n: number, seed = n): Float64Array {
  const random = new Random(seed);
  let sum = 0;
  return Float64Array.from({ length: n }, () => {
    const step = 0.1 + random.normal();
    sum += step;
    return input === "pnl" ? sum : step;
  });
}

/** rollingSharpe of the core; window: values. */
function rolling(core: Core, x: Float64Array, window: number, input: SharpeInput): Float64Array {
  const [out, values] = [core.f64(x.length), core.f64(x)];
  const returns = input === "pnl" ? window - 1 : window;
  core.exports.rollingSharpe(
    out.byteOffset,
    values.byteOffset,
    x.length,
    window,
    input === "pnl" ? 1 : 0,
    SCALE,
    core.scratch(core.exports.windowBytes(returns)),
  );
  return out;
}

function check(core: Core, x: Float64Array, window: number, input: SharpeInput): void {
  const exact = rollingSharpe(x, { windowSize: window, annualization: ANNUALIZATION, input });
  const allowed = exact.map((value) => windowIn64(window) * (SCALE + Math.abs(value)));
  const what = `${x.length} values, window ${window}, ${input}`;
  expectWithin(rolling(core, x, window, input), exact, allowed, what);
}

/** A detector in the core. */
function detectorOf(core: Core, window: number, input: SharpeInput, sigmas = 1): DataView {
  const flag = input === "pnl" ? 1 : 0;
  const sizeBytes = core.exports.sharpeBytes(window, flag);
  const address = core.scratch(sizeBytes);
  core.exports.sharpeReset(address, window, flag, sigmas, SCALE);
  return new DataView(core.memory.buffer, address, sizeBytes);
}

function bytesOf({ buffer, byteOffset, byteLength }: DataView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength).slice();
}

/** Observes a stream one by one; rows of index, ratio, mean and threshold of each alert. */
function alertsOf(core: Core, detector: DataView, x: Float64Array): number[] {
  const fields = [layout.SHARPE_CURRENT, layout.SHARPE_MEAN, layout.SHARPE_THRESHOLD];
  return Array.from(x).flatMap((value, t) => {
    if (!core.exports.sharpeObserve(detector.byteOffset, value)) return [];
    return [t, ...fields.map((field) => detector.getFloat64(field, true))];
  });
}

for (const build of builds) {
  describe.each(inputs)(`${build} rolling over %s`, (input) => {
    const core = openCore(build);

    it.each(lengths)("%i values", (n) => {
      for (const window of n > 4099 ? [20] : [2, 3, 4, 5, 16, 63]) {
        check(core, streamOf(input, n), window, input);
      }
    });

    it("a window as long as the stream, one shorter and one longer", () => {
      const x = streamOf(input, 100);
      for (const window of [99, 100, 101, 252]) check(core, x, window, input);
    });

    it("flat stretches have a ratio of exactly 0, at any height", () => {
      for (const height of [0, 0.1, 1e9 / 3, -1e-9]) {
        const x = streamOf(input, 60).fill(height, 10, 40);
        const ratios = rolling(core, x, 7, input);
        // From the first window inside the stretch on.
        expectSame(ratios.subarray(10 + 6, 40), new Array(24).fill(0), `height ${height}`);
        check(core, x, 7, input);
      }
    });

    it("values around 1e9", () => {
      check(
        core,
        streamOf(input, 2000).map((value) => 1e9 + value),
        30,
        input,
      );
    });
  });

  describe(`${build} a window of one return`, () => {
    const core = openCore(build);

    it("has no spread: the ratio is 0", () => {
      const x = streamOf("returns", 10);
      expectSame(rolling(core, x, 1, "returns"), new Array(10).fill(0));
      const ratios = rolling(core, x, 2, "pnl");
      expectSame(ratios, [Number.NaN, ...new Array(9).fill(0)]);
    });
  });

  describe.each(inputs)(`${build} detector over %s`, (input) => {
    const core = openCore(build);

    it.each([
      [2, 1],
      [5, 1],
      [5, 2],
      [30, 1],
    ])("window %i, %i sigmas: the alerts of the two-pass detector", (window, sigmas) => {
      const x = streamOf(input, 40 * window, window);
      x.forEach((value, t) => {
        if (t % 90 > 70) x[t] = input === "pnl" ? value - (t % 90) : value - 2;
      });
      const detector = detectorOf(core, window, input, sigmas);
      const options = { windowSize: window, sigmas, annualization: ANNUALIZATION, input };
      const reference = new TwoPassSharpeDriftDetector(options);
      let alerts = 0;
      x.forEach((value, t) => {
        const alert = reference.observe(new Date(t), value);
        const isAlert = core.exports.sharpeObserve(detector.byteOffset, value);
        const read = (field: number) => detector.getFloat64(field, true);
        const near = (field: number, exact: number, n: number) =>
          expectNear(read(field), exact, windowIn64(n) * (SCALE + Math.abs(exact)), `value ${t}`);
        near(layout.SHARPE_CURRENT, reference.currentSharpe(), window);
        expect(Boolean(isAlert), `alert at ${t}`).toBe(alert !== undefined);
        if (!alert) return;
        alerts++;
        near(layout.SHARPE_MEAN, alert.meanSharpe, 10 * window);
        near(layout.SHARPE_THRESHOLD, alert.threshold, 10 * window);
      });
      if (window > 2 || input === "returns") expect(alerts).toBeGreaterThan(5);
    });

    it("a batch is the same as one by one, to the bit, however it is cut", () => {
      const x = streamOf(input, 2000, 5).map((value, t) => value - (t % 50 > 40 ? 3 : 0));
      const one = detectorOf(core, 12, input);
      const expected = alertsOf(core, one, x);
      const state = bytesOf(one);
      expect(expected.length).toBeGreaterThan(40);
      for (const cut of [2000, 1, 7, 999]) {
        one.setInt32(0, 0x7f7f7f7f, true); // a reset leaves nothing of what was there
        core.exports.sharpeReset(one.byteOffset, 12, input === "pnl" ? 1 : 0, 1, SCALE);
        const actual: number[] = [];
        for (let from = 0; from < x.length; from += cut) {
          const part = core.f64(x.subarray(from, from + cut));
          const rows = core.f64(layout.ALERT_FIELDS * part.length);
          const [into, at] = [rows.byteOffset, one.byteOffset];
          const count = core.exports.sharpeObserveBatch(into, at, part.byteOffset, part.length);
          const filled = Array.from(rows.subarray(0, layout.ALERT_FIELDS * count));
          actual.push(...filled.map((value, k) => (k % 4 === 0 ? value + from : value)));
        }
        expectSame(actual, expected, `batches of ${cut}`);
        expect(bytesOf(one)).toEqual(state);
      }
    });

    it("its current ratio is the rolling one, to the bit", () => {
      const x = streamOf(input, 300);
      const ratios = rolling(core, x, 9, input);
      const detector = detectorOf(core, 9, input);
      x.forEach((value, t) => {
        core.exports.sharpeObserve(detector.byteOffset, value);
        if (t < 8) return;
        expect(detector.getFloat64(layout.SHARPE_CURRENT, true)).toBe(ratios[t]);
      });
    });

    it("there is no mean and no threshold before the third ratio", () => {
      const detector = detectorOf(core, 5, input);
      const known = Array.from(streamOf(input, 8), (value) => {
        core.exports.sharpeObserve(detector.byteOffset, value);
        return !Number.isNaN(detector.getFloat64(layout.SHARPE_THRESHOLD, true));
      });
      expect(known.indexOf(true)).toBe(6);
    });

    it("counts up to 2^31 - 2 and no further", () => {
      const detector = detectorOf(core, 5, input);
      alertsOf(core, detector, streamOf(input, 20));
      detector.setInt32(layout.SHARPE_COUNT, 2 ** 31 - 3, true);
      alertsOf(core, detector, streamOf(input, 5));
      expect(detector.getInt32(layout.SHARPE_COUNT, true)).toBe(2 ** 31 - 2);
    });
  });
}
