// EDDM against its definition over all distances so far, and its zones between errors.

import { describe, expect, it } from "vitest";
import type { DriftState } from "../../src/pipeline/drift/drift-detector.ts";
import { Eddm } from "../../src/pipeline/drift/eddm.ts";
import { indicesOf } from "./detector-kinds.ts";
import { errorsAt, meanOf, repeated, squaresOf } from "./streams.ts";

/** What the definition says at the last of `values`, the first ones after the start. */
function judge(values: readonly number[]): DriftState {
  const errors = values.flatMap((value, i) => (value === 1 ? [i + 1] : []));
  const distances = errors.map((position, i) => position - (errors[i - 1] ?? 0));
  const spreads = errors.map((_, i) => {
    const part = distances.slice(0, i + 1);
    return meanOf(part) + 2 * Math.sqrt(part.length > 1 ? squaresOf(part) / i : 0);
  });
  const watched = spreads.filter((_, i) => errors[i]! > 30);
  if (errors.length <= 30 || watched.length === 0) return "stable";
  const ratio = spreads.at(-1)! / Math.max(...watched);
  if (ratio < 0.9) return "drift";
  return ratio < 0.95 ? "warning" : "stable";
}

describe("Eddm", () => {
  it("says what the definition says, at errors and between them", () => {
    for (const seed of [1, 2, 3]) {
      const stream = errorsAt([0.2, 0.5, 0.9], 150, seed);
      const detector = new Eddm();
      let start = 0;
      stream.forEach((value, i) => {
        const expected = judge(stream.slice(start, i + 1));
        expect(detector.update(value)).toBe(expected);
        if (expected === "drift") start = i + 1;
      });
      expect(start).toBeGreaterThan(0);
    }
  });

  it("does not judge before more than warmStart errors", () => {
    const far = Array.from({ length: 300 }, (_, i) => (i % 10 === 9 ? 1 : 0));
    const near = repeated(1, 100);
    const [first] = indicesOf("drift", new Eddm({ warmStart: 40 }), [...far, ...near]);
    // 30 errors are in the far part, the 41st is the 11th of the near one.
    expect(first).toBeGreaterThanOrEqual(310);
  });

  it("takes a spread as large as the largest for no change, even at alpha and beta 1", () => {
    const detector = new Eddm({ alpha: 1, beta: 1 });
    expect(indicesOf("stable", detector, repeated(1, 100))).toHaveLength(100);
  });

  it("stays stable while errors become rarer", () => {
    const stream = Array.from({ length: 60 }, (_, i) => [...repeated(0, i), 1]).flat();
    const detector = new Eddm();
    expect([...new Set(stream.map((value) => detector.update(value)))]).toEqual(["stable"]);
  });
});
