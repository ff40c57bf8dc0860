// The confusion matrix over its window, and when the gate counts as converged.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ConfusionMatrix,
  Convergence,
  type Judgement,
  wilsonLowerBound,
} from "../../../src/learners/gate/index.ts";

const judgements = fc.array(fc.record({ allowed: fc.boolean(), shouldAllow: fc.boolean() }), {
  maxLength: 60,
});

const countsOf = ({ trueAllow, trueBlock, falseAllow, falseBlock }: ConfusionMatrix) => ({
  trueAllow,
  trueBlock,
  falseAllow,
  falseBlock,
});

describe("a confusion matrix", () => {
  it("counts the newest judgements of its window, each kind apart", () => {
    fc.assert(
      fc.property(judgements, fc.integer({ min: 1, max: 30 }), (given, window) => {
        const matrix = new ConfusionMatrix({ window });
        for (const each of given) matrix.record(each);
        const newest = given.slice(-window);
        const count = (allowed: boolean, shouldAllow: boolean) =>
          newest.filter((each) => each.allowed === allowed && each.shouldAllow === shouldAllow)
            .length;
        expect(countsOf(matrix)).toEqual({
          trueAllow: count(true, true),
          trueBlock: count(false, false),
          falseAllow: count(true, false),
          falseBlock: count(false, true),
        });
        expect(matrix.total).toBe(newest.length);
        const again = new ConfusionMatrix({ window });
        again.restore(JSON.parse(JSON.stringify(matrix.state())));
        for (const each of given.slice(0, 5)) {
          matrix.record(each);
          again.record(each);
        }
        expect(countsOf(again)).toEqual(countsOf(matrix));
      }),
    );
  });

  it("has no balanced accuracy until both kinds came", () => {
    const matrix = new ConfusionMatrix();
    matrix.record({ allowed: true, shouldAllow: true });
    expect(matrix.balancedAccuracy).toBeNaN();
    matrix.record({ allowed: true, shouldAllow: false });
    expect(matrix.balancedAccuracy).toBe(0.5);
    expect(matrix.agreement).toBe(0.5);
  });

  it.each([0, 1.5, 1_000_001])("refuses a window of %s", (window) => {
    expect(() => new ConfusionMatrix({ window })).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID" }),
    );
  });
});

describe("the Wilson bound", () => {
  // Newcombe 1998, table I: 81/263, 15/148, 0/20, 1/29
  it.each([
    [81, 263, 0.2553],
    [15, 148, 0.0624],
    [0, 20, 0],
    [1, 29, 0.0061],
    [0, 0, 0],
  ])("of %i in %i is %s", (successes, total, bound) => {
    expect(wilsonLowerBound(successes, total)).toBeCloseTo(bound, 4);
  });
});

describe("convergence", () => {
  const right = (shouldAllow: boolean): Judgement => ({ allowed: shouldAllow, shouldAllow });
  const feed = (convergence: Convergence, count: number, each: (index: number) => Judgement) => {
    for (let index = 0; index < count; index++) convergence.record(each(index));
  };
  const alternating = (index: number) => right(index % 2 === 0);

  it("is reached by the 74th judgement when all are right: 73/73 bounds 0.95 exactly", () => {
    const convergence = new Convergence();
    feed(convergence, 72, alternating);
    expect(convergence.isReached).toBe(false);
    feed(convergence, 2, alternating);
    expect(convergence.lowerBound).toBeGreaterThan(0.95);
    expect(convergence.isReached).toBe(true);
  });

  it("is not reached by a stream that needs only one answer", () => {
    const convergence = new Convergence();
    feed(convergence, 1000, () => right(true));
    expect(convergence.lowerBound).toBeGreaterThan(0.95);
    expect(convergence.isReached).toBe(false);
  });

  it("is not reached while the rare class is judged badly", () => {
    const convergence = new Convergence();
    feed(convergence, 1000, (index) =>
      index % 50 === 0 ? { allowed: index % 100 === 0, shouldAllow: false } : right(true),
    );
    expect(convergence.lowerBound).toBeGreaterThan(0.95);
    expect(convergence.balancedAccuracy).toBe(0.75);
    expect(convergence.isReached).toBe(false);
  });

  it("ends with drift, and when mistakes fill the window", () => {
    const convergence = new Convergence({ window: 200 });
    feed(convergence, 200, alternating);
    expect(convergence.isReached).toBe(true);
    convergence.noteDrift();
    expect(convergence.isReached).toBe(false);
    feed(convergence, 200, alternating);
    expect(convergence.isReached).toBe(true);
    feed(convergence, 10, () => ({ allowed: true, shouldAllow: false }));
    expect(convergence.isReached).toBe(false);
  });

  it.each([0, 1, Number.NaN])("refuses a target of %s", (target) => {
    expect(() => new Convergence({ target })).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID" }),
    );
  });
});
