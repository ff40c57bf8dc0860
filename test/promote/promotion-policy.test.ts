// The promotion gates: each inclusive, each with its reason, and the paired bound.

import { describe, expect, it } from "vitest";
import type { BenchmarkResult } from "../../src/pipeline/promote/benchmark-result.ts";
import { pairedMean } from "../../src/pipeline/promote/paired-mean.ts";
import {
  PromotionPolicy,
  type PromotionPolicyOptions,
} from "../../src/pipeline/promote/promotion-policy.ts";

const limits: PromotionPolicyOptions = {
  minRewardDelta: 0.1,
  maxErrorRateIncrease: 0.02,
  maxLatencyIncreaseMs: 50,
  requiredTaskCount: 10,
};

const baseline: BenchmarkResult = {
  averageReward: 0.2,
  errorRate: 0.1,
  latencyMs: 100,
  taskCount: 10,
};
/** Every figure exactly at its limit. */
const atTheLimits: BenchmarkResult = {
  averageReward: 0.3,
  errorRate: 0.12,
  latencyMs: 150,
  taskCount: 10,
};

const decide = (
  challenger: Partial<BenchmarkResult>,
  options?: Partial<PromotionPolicyOptions>,
  base: Partial<BenchmarkResult> = {},
) =>
  new PromotionPolicy({ ...limits, ...options }).evaluate(
    { ...baseline, ...base },
    { ...atTheLimits, ...challenger },
  );

describe("PromotionPolicy", () => {
  it("accepts with every gate at its limit, without reasons", () => {
    expect(decide({})).toMatchObject({ accepted: true, reasons: [] });
  });

  it.each<[string, Partial<BenchmarkResult>, Partial<BenchmarkResult>, RegExp]>([
    ["too small a gain", { averageReward: 0.299 }, {}, /average reward/],
    ["too many errors", { errorRate: 0.1201 }, {}, /error rate/],
    ["too slow an answer", { latencyMs: 150.1 }, {}, /latency/],
    ["too few tasks", { taskCount: 9 }, {}, /tasks/],
    ["too few tasks of the baseline", {}, { taskCount: 9 }, /tasks/],
    ["a reward of NaN", { averageReward: Number.NaN }, {}, /average reward/],
    ["an infinite reward", { averageReward: Number.POSITIVE_INFINITY }, {}, /average reward/],
    ["a baseline reward of NaN", {}, { averageReward: Number.NaN }, /average reward/],
    ["an error rate of NaN", { errorRate: Number.NaN }, {}, /error rate/],
    ["a latency of NaN", { latencyMs: Number.NaN }, {}, /latency/],
    ["an unknown number of tasks", { taskCount: Number.NaN }, {}, /tasks/],
  ])("rejects %s, and for that reason alone", (_, challenger, base, reason) => {
    const { accepted, reasons } = decide(challenger, {}, base);
    expect(accepted).toBe(false);
    expect(reasons).toEqual([expect.stringMatching(reason)]);
  });

  it("gives the reasons of all gates that failed", () => {
    const challenger = { averageReward: 0, errorRate: 1, latencyMs: 1000, taskCount: 1 };
    expect(decide(challenger).reasons).toHaveLength(4);
  });

  it("measures every difference", () => {
    const { metrics } = decide({});
    expect(metrics.rewardDelta).toBeCloseTo(0.1, 12);
    expect(metrics.errorRateDelta).toBeCloseTo(0.02, 12);
    expect(metrics.latencyDeltaMs).toBe(50);
    expect(metrics.taskCount).toBe(10);
  });

  it("allows a loss where minRewardDelta is below 0", () => {
    expect(decide({ averageReward: 0.1 }, { minRewardDelta: -0.1 }).accepted).toBe(true);
    expect(decide({ averageReward: 0.09 }, { minRewardDelta: -0.1 }).accepted).toBe(false);
  });

  it.each([
    ["a missing limit", { minRewardDelta: undefined }, "OPTION_INVALID"],
    ["NaN", { minRewardDelta: Number.NaN }, "OPTION_INVALID"],
    ["no tasks", { requiredTaskCount: 0 }, "OPTION_INVALID"],
    ["certainty", { confidence: 1 }, "OPTION_INVALID"],
    ["an unknown gate", { minReward: 1 }, "OPTION_UNKNOWN"],
  ])("refuses %s", (_, options, code) => {
    expect(() => new PromotionPolicy({ ...limits, ...(options as object) })).toThrowError(
      expect.objectContaining({ code }),
    );
  });
});

/** Rewards of ten tasks, t0 to t9. */
function rewards(values: number[]): ReadonlyMap<string, number> {
  return new Map(values.map((value, index) => [`t${index}`, value]));
}

const zeros = new Array<number>(10).fill(0);
const steady = [0.2, 0.22, 0.18, 0.2, 0.21, 0.19, 0.2, 0.2, 0.22, 0.18];
const lucky = [2, 0, 0, 0, 0, 0, 0, 0, 0, 0];

function decidePaired(
  challenger: ReadonlyMap<string, number> | undefined,
  base: ReadonlyMap<string, number> | undefined = rewards(zeros),
  options: Partial<PromotionPolicyOptions> = {},
) {
  return decide(
    { taskRewards: challenger },
    { confidence: 0.95, ...options },
    { taskRewards: base },
  );
}

describe("the reward gate with confidence", () => {
  it("accepts a steady gain and rejects a lucky average of the same size", () => {
    expect(decidePaired(rewards(steady)).accepted).toBe(true);
    const { accepted, reasons } = decidePaired(rewards(lucky));
    expect(accepted).toBe(false);
    expect(reasons).toEqual([expect.stringMatching(/paired reward changed by 0\.2/)]);
  });

  it("needs the lower bound of the paired difference, the limit included", () => {
    const { lower } = pairedMean(steady, 0.95);
    const accepts = (minRewardDelta: number) =>
      decidePaired(rewards(steady), undefined, { minRewardDelta }).accepted;
    expect(accepts(lower)).toBe(true);
    expect(accepts(lower + 1e-9)).toBe(false);
    expect(decidePaired(rewards(steady)).metrics.pairedRewardLower).toBe(lower);
  });

  it("pairs by task, not by order", () => {
    const base = rewards([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const gained = new Map([...base].reverse().map(([id, reward]) => [id, reward + 0.2]));
    const { accepted, metrics } = decidePaired(gained, base);
    expect(accepted).toBe(true);
    expect(metrics.pairedRewardStandardError).toBeCloseTo(0, 12);
  });

  const { NaN: nan } = Number;
  it.each<[string, ReadonlyMap<string, number> | undefined, number[] | undefined, RegExp]>([
    ["no rewards of the challenger", undefined, zeros, /challenger\.taskRewards are missing/],
    ["fewer rewards than tasks", rewards([1, 1, 1]), zeros, /hold 3 of 10/],
    ["a reward of NaN", rewards([...steady.slice(1), nan]), zeros, /task t9/],
    [
      "other tasks",
      new Map(steady.map((value, index) => [`u${index}`, value])),
      zeros,
      /task t0 has no finite reward/,
    ],
  ])("rejects %s", (_, challenger, base, reason) => {
    expect(decidePaired(challenger, base && rewards(base)).reasons).toEqual([
      expect.stringMatching(reason),
    ]);
  });

  it("rejects a challenger that did other tasks besides", () => {
    const more = rewards([...steady, 1, 1]);
    const { reasons } = decide(
      { taskCount: 12, taskRewards: more },
      { confidence: 0.95 },
      { taskRewards: rewards(zeros) },
    );
    expect(reasons).toEqual([expect.stringMatching(/other tasks/)]);
  });

  it("rejects a single task", () => {
    const { reasons } = decide(
      { taskCount: 1, taskRewards: rewards([1]) },
      { confidence: 0.9, requiredTaskCount: 1 },
      { taskCount: 1, taskRewards: rewards([0]) },
    );
    expect(reasons).toEqual([expect.stringMatching(/at least 2/)]);
  });
});

describe("pairedMean", () => {
  it("is the one-sided Student interval", () => {
    // Deviation sqrt(2.5), standard error sqrt(0.5), t(0.95, 4) = 2.131847.
    const { mean, standardError, lower } = pairedMean([1, 2, 3, 4, 5], 0.95);
    expect(mean).toBeCloseTo(3, 12);
    expect(standardError).toBeCloseTo(Math.sqrt(0.5), 12);
    expect(lower).toBeCloseTo(3 - 2.131847 * Math.sqrt(0.5), 5);
  });
});
