// HDDM with the A-test against its definition over all beginnings of the stream.

import { describe, expect, it } from "vitest";
import type { DriftState } from "../../src/pipeline/drift/drift-detector.ts";
import { HddmA } from "../../src/pipeline/drift/hddm-a.ts";
import { indicesOf } from "./detector-kinds.ts";
import { errorsAt, meanOf } from "./streams.ts";

/** Confidences of drift and warning. */
const defaults: [number, number] = [0.001, 0.005];

/** Whether the values rise, by the definition; the latest of equally good beginnings counts. */
function judgeRise(values: readonly number[], [drift, warning] = defaults): DriftState {
  const bound = (k: number) => Math.sqrt(Math.log(1 / drift) / (2 * k));
  const n = values.length;
  const upper = values.map((_, i) => meanOf(values.slice(0, i + 1)) + bound(i + 1));
  const k = upper.lastIndexOf(Math.min(...upper)) + 1;
  if (k === n) return "stable";
  const rise = meanOf(values) - meanOf(values.slice(0, k));
  const exceeds = (c: number) => rise >= Math.sqrt((Math.log(2 / c) / 2) * (1 / k - 1 / n));
  if (exceeds(drift)) return "drift";
  return exceeds(warning) ? "warning" : "stable";
}

/** What the definition says at each value; a fall of x is a rise of 1 - x. */
function judgeAll(
  stream: readonly number[],
  twoSided: boolean,
  confidences = defaults,
): DriftState[] {
  let start = 0;
  return stream.map((_, i) => {
    const values = stream.slice(start, i + 1);
    const states = [judgeRise(values, confidences)];
    if (twoSided) {
      states.push(
        judgeRise(
          values.map((value) => 1 - value),
          confidences,
        ),
      );
    }
    const worst = (["drift", "warning"] as const).find((state) => states.includes(state));
    if (worst === "drift") start = i + 1;
    return worst ?? "stable";
  });
}

describe("HddmA", () => {
  it.each([false, true])("says what the definition says (twoSided %s)", (twoSided) => {
    for (const seed of [1, 2, 3]) {
      const stream = errorsAt([0.5, 0.9, 0.2], 100, seed);
      const detector = new HddmA({ twoSided });
      const expected = judgeAll(stream, twoSided);
      expect(stream.map((value) => detector.update(value))).toEqual(expected);
      expect(expected).toContain("drift");
    }
  });

  it("chooses the beginning by the confidence of drift", () => {
    const stream = errorsAt([0.5, 0.7], 100, 6);
    const detector = new HddmA({ driftConfidence: 1e-9, warningConfidence: 0.9 });
    const expected = judgeAll(stream, false, [1e-9, 0.9]);
    expect(stream.map((value) => detector.update(value))).toEqual(expected);
    expect(expected).toContain("warning");
  });

  it("takes losses between 0 and 1", () => {
    const stream = errorsAt([0.2, 0.8], 200, 4).map((error) => 0.25 + error / 2);
    expect(indicesOf("drift", new HddmA(), stream).length).toBeGreaterThan(0);
  });

  it("sees a fall only when told to", () => {
    const stream = errorsAt([0.9, 0.1], 200, 5);
    expect(indicesOf("drift", new HddmA(), stream)).toEqual([]);
    expect(indicesOf("drift", new HddmA({ twoSided: true }), stream).length).toBe(1);
  });
});
