// Ten million values around 1e9 leave the rolling Sharpe ratio as exact as the first window.

import { describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { moments } from "../reference/moments.ts";
import { Random } from "../reference/random.ts";
import { type SharpeInput, sharpeOf } from "../reference/sharpe.ts";
import { openCore } from "./harness.ts";

const VALUES = 10_000_000;
const WINDOW = 252;
const CHUNK = 1 << 17;
/** The bound of the specification, on values of that size. */
const LARGEST_ERROR = 1e-9;
const SAMPLED = 1000;

// Only the release build: the debug build takes a minute for the same instructions.
describe.each<SharpeInput>(["returns", "pnl"])("release, %s", (input) => {
  const core = openCore("release");
  const isPnl = input === "pnl" ? 1 : 0;

  /** Values with a spread of 1 around 1e9, written where they are needed. */
  function fill(x: Float64Array): void {
    const random = core.scratch(layout.RANDOM_BYTES);
    core.exports.randomSeed(random, 1);
    const normals = core.f32(CHUNK);
    for (let from = 0; from < x.length; from += CHUNK) {
      core.exports.fillNormal(normals.byteOffset, CHUNK, 1, random);
      const end = Math.min(from + CHUNK, x.length);
      for (let t = from; t < end; t++) x[t] = 1e9 + normals[t - from]!;
    }
  }

  function exactAt(x: Float64Array, t: number): number {
    return sharpeOf(x.subarray(t + 1 - WINDOW, t + 1), 1, input);
  }

  function relative(actual: number, exact: number): number {
    return Math.abs(actual - exact) / Math.abs(exact);
  }

  it("rolling and detector, at sampled positions and at the end", () => {
    const [x, out] = [core.f64(VALUES), core.f64(VALUES)];
    fill(x);
    const { exports } = core;
    const window = core.scratch(exports.windowBytes(WINDOW - isPnl));
    exports.rollingSharpe(out.byteOffset, x.byteOffset, VALUES, WINDOW, isPnl, 1, window);
    const random = new Random(2);
    const positions = Array.from({ length: SAMPLED }, (_, k) =>
      k < SAMPLED / 2 ? WINDOW + random.below(VALUES - WINDOW) : VALUES - 1 - k,
    );
    const worst = Math.max(...positions.map((t) => relative(out[t]!, exactAt(x, t))));
    expect(worst).toBeLessThan(LARGEST_ERROR);

    const detector = core.scratch(exports.sharpeBytes(WINDOW, isPnl));
    const fields = new DataView(core.memory.buffer, detector, layout.SHARPE_HEADER_BYTES);
    exports.sharpeReset(detector, WINDOW, isPnl, 1, 1);
    const alerts = core.f64(layout.ALERT_FIELDS * CHUNK);
    for (let from = 0; from < VALUES; from += CHUNK) {
      const count = Math.min(CHUNK, VALUES - from);
      exports.sharpeObserveBatch(alerts.byteOffset, detector, x.byteOffset + 8 * from, count);
    }
    expect(fields.getInt32(layout.SHARPE_COUNT, true)).toBe(VALUES);
    expect(fields.getFloat64(layout.SHARPE_CURRENT, true)).toBe(out[VALUES - 1]);
    // Its history: the ratios of ten windows, the current one left out.
    const { mean, std } = moments(out.subarray(VALUES - 10 * WINDOW, VALUES - 1));
    const spread = std / Math.abs(mean);
    const meanSharpe = fields.getFloat64(layout.SHARPE_MEAN, true);
    const threshold = fields.getFloat64(layout.SHARPE_THRESHOLD, true);
    expect(relative(meanSharpe, mean)).toBeLessThan(LARGEST_ERROR * Math.max(1, spread));
    expect(relative(threshold, mean - std)).toBeLessThan(LARGEST_ERROR * Math.max(1, spread));
  });
});
