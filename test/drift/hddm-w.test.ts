// HDDM with the W-test against its definition over all cuts of the stream.

import { describe, expect, it } from "vitest";
import type { DriftState } from "../../src/pipeline/drift/drift-detector.ts";
import { HddmW } from "../../src/pipeline/drift/hddm-w.ts";
import { indicesOf } from "./detector-kinds.ts";
import { errorsAt } from "./streams.ts";

/** The weighted mean of values, and the squares of its weights plus that of the start. */
function average(values: readonly number[]): { mean: number; weight: number } {
  const n = values.length;
  const decay = (steps: number) => 0.95 ** steps;
  // The first value has the weight that all others leave.
  const weights = values.map((_, i) => (i === 0 ? decay(n - 1) : 0.05 * decay(n - 1 - i)));
  const mean = values.reduce((sum, value, i) => sum + weights[i]! * value, 0);
  const squares = values.reduce((sum, _, i) => sum + (0.05 * decay(n - 1 - i)) ** 2, 0);
  return { mean, weight: squares + decay(n) ** 2 };
}

function judgeRise(values: readonly number[]): DriftState {
  const bound = (weight: number, c: number) => Math.sqrt((weight * Math.log(1 / c)) / 2);
  const upper = values.map((_, i) => {
    const { mean, weight } = average(values.slice(0, i + 1));
    return mean + bound(weight, 0.001);
  });
  const cut = upper.indexOf(Math.min(...upper)) + 1;
  if (cut === values.length) return "stable";
  const [before, after] = [average(values.slice(0, cut)), average(values.slice(cut))];
  const exceeds = (c: number) => after.mean - before.mean > bound(before.weight + after.weight, c);
  if (exceeds(0.001)) return "drift";
  return exceeds(0.005) ? "warning" : "stable";
}

function judgeAll(stream: readonly number[], twoSided: boolean): DriftState[] {
  let start = 0;
  return stream.map((_, i) => {
    const values = stream.slice(start, i + 1);
    const states = [judgeRise(values)];
    if (twoSided) states.push(judgeRise(values.map((value) => 1 - value)));
    const worst = (["drift", "warning"] as const).find((state) => states.includes(state));
    if (worst === "drift") start = i + 1;
    return worst ?? "stable";
  });
}

describe("HddmW", () => {
  it.each([false, true])("says what the definition says (twoSided %s)", (twoSided) => {
    for (const seed of [1, 2, 3]) {
      const stream = errorsAt([0.5, 0.9, 0.2], 100, seed);
      const detector = new HddmW({ twoSided });
      const expected = judgeAll(stream, twoSided);
      expect(stream.map((value) => detector.update(value))).toEqual(expected);
      expect(expected).toContain("drift");
    }
  });

  it("finds nothing before there is a value after the cut, whatever the confidence", () => {
    const confidences = { driftConfidence: 0.99, warningConfidence: 0.99 };
    expect(new HddmW({ ...confidences, twoSided: true }).update(1)).toBe("stable");
  });

  it("leaves the cut where the bound was smallest first", () => {
    const detector = new HddmW();
    for (let i = 0; i < 2000; i++) detector.update(0);
    const { memory } = detector.state() as { memory: { low: { before: { count: number } } } };
    // The weight has reached its limit to the last bit by then.
    expect(memory.low.before.count).toBeLessThan(500);
  });

  it("is slower and surer with a smaller lambda", () => {
    const stream = errorsAt([0.2, 0.9], 300, 4);
    const first = (lambda: number) => indicesOf("drift", new HddmW({ lambda }), stream)[0]!;
    expect(first(0.05)).toBeLessThan(first(0.01));
  });

  it("sees a fall only when told to", () => {
    const stream = errorsAt([0.9, 0.1], 200, 5);
    expect(indicesOf("drift", new HddmW(), stream)).toEqual([]);
    expect(indicesOf("drift", new HddmW({ twoSided: true }), stream).length).toBe(1);
  });
});
