// A series is split by time without shared labels, scaled by its training part, and checked.

import { describe, expect, it } from "vitest";
import { parseNasConfig } from "../../../src/learners/nas/nas-config.ts";
import { type SignalPart, SignalSeries } from "../../../src/learners/nas/signal-data.ts";
import { errorOf, expectOurs } from "../../misuse/refusal.ts";
import { smallConfig, smallSeries } from "./small-search.ts";

const settings = parseNasConfig({ ...smallConfig, horizonLen: 5 });
const { patchLen, horizonLen } = settings;
const data = smallSeries(600);

/** The periods whose returns label the windows of a part. */
const labelled = ({ from, to }: SignalPart) => [from + 1, to - 1 + horizonLen] as const;

describe("SignalSeries", () => {
  it("the parts follow each other in time and share no label", () => {
    const { train, validation, test } = new SignalSeries(data, settings);
    expect(train.from).toBe(patchLen - 1);
    expect(labelled(train)[1]).toBeLessThan(labelled(validation)[0]);
    expect(labelled(validation)[1]).toBeLessThan(labelled(test)[0]);
    expect(labelled(test)[1]).toBe(data.returns.length - 1);
    const sizes = [train, validation, test].map(({ from, to }) => to - from);
    expect(sizes).toEqual([291, 143, 148]);
  });

  it("a window holds the features up to its end, its label the returns behind it", () => {
    const series = new SignalSeries(data, settings);
    const { mean, deviation, returnScale } = series.scale;
    const { inputs, labels } = series.batch([100]);
    for (let step = 0; step < patchLen; step++) {
      const period = 100 - patchLen + 1 + step;
      const value = (data.features[2 * period + 1]! - mean[1]!) / deviation[1]!;
      expect(inputs[2 * step + 1]).toBeCloseTo(value, 5);
    }
    for (let h = 0; h < horizonLen; h++) {
      expect(labels[h]).toBeCloseTo(data.returns[101 + h]! / returnScale, 5);
    }
  });

  it("windows as they come are the scaled ones without the scale", () => {
    const series = new SignalSeries(data, settings);
    const { windows, labels, count } = series.raw(series.test, data);
    const whole = series.whole(series.test);
    expect(count).toBe(whole.count);
    const { mean, deviation, returnScale } = series.scale;
    const scaled = windows.map((value, at) => (value - mean[at % 2]!) / deviation[at % 2]!);
    expect(scaled).toEqual(whole.inputs);
    expect(labels.map((value) => value / returnScale)).toEqual(whole.labels);
  });

  it("the scale knows nothing behind the training part", () => {
    const later = { features: data.features.slice(), returns: data.returns.slice() };
    const { train, scale } = new SignalSeries(data, settings);
    const known = train.to + horizonLen - 1;
    later.features.fill(100, 2 * known);
    later.returns.fill(1, known);
    expect(new SignalSeries(later, settings).scale).toEqual(scale);
    later.returns[known - 1] = 1;
    expect(new SignalSeries(later, settings).scale).not.toEqual(scale);
  });

  it("a feature that never moves stays finite", () => {
    const constant = {
      features: data.features.map((_, at) => (at % 2 ? 3 : at)),
      returns: data.returns,
    };
    const { inputs } = new SignalSeries(constant, settings).batch([50]);
    expect(Math.abs(inputs[1]!)).toBeLessThan(1e-6);
  });

  it("the shortest series that is taken is the one that the message names", async () => {
    const short = smallSeries(40);
    const error = await errorOf(() => new SignalSeries(short, settings));
    expectOurs(error, "DATA_EMPTY");
    const least = Number(/at least (\d+) periods/.exec((error as Error).message)?.[1]);
    expect(new SignalSeries(smallSeries(least), settings).train.to).toBeGreaterThan(0);
  });

  it("arrays of the wrong kind, length or content are refused", async () => {
    const { features, returns } = data;
    const wrong = [
      [{ features: [...features], returns }, "ARGUMENT_TYPE"],
      [{ features, returns: new Float64Array(600) }, "ARGUMENT_TYPE"],
      [{ features: features.slice(1), returns }, "LENGTH_MISMATCH"],
      [{ features: features.map(() => Number.NaN), returns }, "VALUE_NOT_FINITE"],
      [{ features, returns: returns.map(() => Number.POSITIVE_INFINITY) }, "VALUE_NOT_FINITE"],
    ] as const;
    for (const [series, code] of wrong) {
      expectOurs(await errorOf(() => new SignalSeries(series as never, settings)), code);
    }
  });
});
