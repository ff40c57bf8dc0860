// DDM against its definition over all values so far, and where its zones begin.

import { describe, expect, it } from "vitest";
import { Ddm } from "../../src/pipeline/drift/ddm.ts";
import type { DriftState } from "../../src/pipeline/drift/drift-detector.ts";
import { indicesOf } from "./detector-kinds.ts";
import { errorsAt, meanOf, repeated } from "./streams.ts";

/** What the definition says at the last of `values`, the first ones after the start. */
function judge(values: readonly number[]): DriftState {
  const all = values.map((_, i) => {
    const rate = meanOf(values.slice(0, i + 1));
    return { rate, deviation: Math.sqrt((rate * (1 - rate)) / (i + 1)) };
  });
  const now = all.at(-1)!;
  const best = all
    .slice(30)
    .reduce((a, b) => (b.rate + b.deviation <= a.rate + a.deviation ? b : a), now);
  const exceeds = (k: number) => now.rate + now.deviation > best.rate + k * best.deviation;
  if (values.length <= 30 || !exceeds(2)) return "stable";
  return exceeds(3) ? "drift" : "warning";
}

describe("Ddm", () => {
  it("says what the definition says", () => {
    for (const seed of [1, 2, 3]) {
      const stream = errorsAt([0.2, 0.2, 0.8, 0.1, 0.7], 60, seed);
      const detector = new Ddm();
      let start = 0;
      stream.forEach((value, i) => {
        const expected = judge(stream.slice(start, i + 1));
        expect(detector.update(value)).toBe(expected);
        if (expected === "drift") start = i + 1;
      });
      expect(start).toBeGreaterThan(0);
    }
  });

  it("watches from the value after the warm start", () => {
    expect(indicesOf("drift", new Ddm(), [...repeated(0, 29), 1, ...repeated(0, 9)])).toEqual([]);
    const drifts = (zeros: number) =>
      indicesOf("drift", new Ddm({ warmStart: 5 }), [...repeated(0, zeros), 1]);
    // The first value watched is the minimum itself.
    expect(drifts(5)).toEqual([]);
    expect(drifts(6)).toEqual([6]);
  });

  it("stays stable while the error rate falls", () => {
    const stream = errorsAt([0.8, 0.4, 0.1], 200, 4);
    expect(indicesOf("drift", new Ddm(), stream)).toEqual([]);
  });

  it("with equal thresholds never warns", () => {
    const options = { warningThreshold: 3, driftThreshold: 3 };
    const stream = errorsAt([0.2, 0.6], 200, 5);
    expect(indicesOf("warning", new Ddm(options), stream)).toEqual([]);
    expect(indicesOf("drift", new Ddm(options), stream).length).toBeGreaterThan(0);
  });
});
