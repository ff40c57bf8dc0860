// Small versions of the probation bench: false rollbacks at any stopping time, and detection.

import { describe, expect, it } from "vitest";
import { run } from "../../bench/quality/probation.ts";

describe("the probation bench", () => {
  const tables = run({ seeds: 1000, quick: true });
  const [falseRollbacks, outcomes] = tables;

  it("keeps its level at any stopping time wherever its assumptions hold", () => {
    for (const { what, value, bound } of falseRollbacks!.requirements) {
      expect(bound, what).toHaveProperty("most");
      expect(value, what).toBeLessThanOrEqual((bound as { most: number }).most);
    }
  });

  it("shows a t-test that is looked at after every sample breaking the same level", () => {
    const shares = falseRollbacks!.rows.map((row) => row[3] as number);
    expect(Math.min(...shares)).toBeGreaterThan(10);
  });

  it("rolls back what is worse, passes what is better", () => {
    const share = (effect: number, column: number) =>
      outcomes!.rows.find((row) => row[0] === effect)![column] as number;
    expect(share(0.3, 1)).toBeGreaterThan(90);
    expect(share(0.5, 1)).toBeGreaterThan(99);
    expect(share(0, 1)).toBeLessThan(8);
    expect(share(-0.2, 2)).toBeGreaterThan(99);
  });

  it("gives the same tables for the same seeds", () => {
    expect(run({ seeds: 20, quick: true })).toEqual(run({ seeds: 20, quick: true }));
  });
});
