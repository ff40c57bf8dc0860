// The holdout split: the right share, and the same side for the same content, always.

import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.ts";
import { HoldoutSplit } from "../../src/pipeline/feedback/holdout-split.ts";

const COUNT = 5_000;

function samples(seed: number) {
  const random = new Random(seed);
  return Array.from({ length: COUNT }, () => ({
    input: Float32Array.of(random.normal(), random.normal()),
    label: Float32Array.of(random.below(2)),
  }));
}

describe("HoldoutSplit", () => {
  it.each([0, 0.05, 0.2, 0.5, 1])("holds out %d of all contents", (fraction) => {
    const split = new HoldoutSplit({ fraction, seed: 3 });
    const held = samples(1).filter((sample) => split.isHoldout(sample)).length;
    // Six standard deviations of a binomial share; none at 0 and 1.
    const margin = 6 * Math.sqrt((fraction * (1 - fraction)) / COUNT);
    expect(Math.abs(held / COUNT - fraction)).toBeLessThanOrEqual(margin);
  });

  it("decides by content alone, whatever else a sample has and however often it is asked", () => {
    const all = samples(2);
    const sides = all.map((sample) => new HoldoutSplit({ fraction: 0.3 }).isHoldout(sample));
    const split = new HoldoutSplit({ fraction: 0.3 });
    const again = all.toReversed().map((sample) => {
      const copy = { input: sample.input.slice(), label: sample.label.slice() };
      return split.isHoldout({ ...copy, ...{ weight: 2, id: "x", timestamp: new Date(0) } });
    });
    expect(again.toReversed()).toEqual(sides);
  });

  it("is nested: a larger fraction keeps what a smaller one holds out", () => {
    const [small, large] = [
      new HoldoutSplit({ fraction: 0.1 }),
      new HoldoutSplit({ fraction: 0.2 }),
    ];
    for (const sample of samples(4)) {
      if (small.isHoldout(sample)) expect(large.isHoldout(sample)).toBe(true);
    }
  });

  it("is another one for another seed", () => {
    const [one, other] = [0, 1].map((seed) => new HoldoutSplit({ fraction: 0.5, seed }));
    const all = samples(5);
    const same = all.filter((sample) => one?.isHoldout(sample) === other?.isHoldout(sample)).length;
    expect(Math.abs(same / COUNT - 0.5)).toBeLessThan(6 * Math.sqrt(0.25 / COUNT));
  });

  it("refuses options and samples that are none", () => {
    for (const options of [
      {},
      { fraction: -0.1 },
      { fraction: 1.1 },
      { fraction: 0.5, seed: -1 },
    ]) {
      expect(() => new HoldoutSplit(options as { fraction: number })).toThrowError(
        expect.objectContaining({ code: "OPTION_INVALID" }),
      );
    }
    const split = new HoldoutSplit({ fraction: 0.5 });
    expect(() => split.isHoldout({ input: [1], label: [1] } as never)).toThrowError(
      expect.objectContaining({ code: "ARGUMENT_TYPE" }),
    );
  });
});
