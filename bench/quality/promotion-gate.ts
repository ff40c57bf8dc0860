// Error rates of the promotion policy on simulated benchmarks with known truth.

import { Random } from "../../src/core/random.ts";
import type { BenchmarkResult } from "../../src/pipeline/promote/benchmark-result.ts";
import { PromotionPolicy } from "../../src/pipeline/promote/promotion-policy.ts";
import { percent, type QualityTable, upToChance } from "./table.ts";

const LEVEL = 5;
/** Share of the reward's deviation that a task gives to both models alike. */
const SHARED = 0.8;
const DEVIATION = 0.25;

/** Results of two models on the same tasks; the challenger's true reward is higher by `gain`. */
function simulateBenchmark(
  seed: number,
  taskCount: number,
  gain: number,
): [BenchmarkResult, BenchmarkResult] {
  const random = new Random(seed);
  const rewards = [new Map<string, number>(), new Map<string, number>()] as const;
  for (let task = 0; task < taskCount; task++) {
    const difficulty = Math.sqrt(SHARED) * random.normal();
    rewards.forEach((each, model) => {
      const own = Math.sqrt(1 - SHARED) * random.normal();
      each.set(`task-${task}`, 0.5 + gain * model + DEVIATION * (difficulty + own));
    });
  }
  const resultOf = (taskRewards: Map<string, number>): BenchmarkResult => ({
    averageReward: [...taskRewards.values()].reduce((sum, value) => sum + value / taskCount, 0),
    errorRate: 0.1,
    latencyMs: 10,
    taskCount,
    taskRewards,
  });
  return [resultOf(rewards[0]), resultOf(rewards[1])];
}

function accepted(policy: PromotionPolicy, seeds: number, taskCount: number, gain: number): number {
  let count = 0;
  for (let seed = 0; seed < seeds; seed++) {
    const [baseline, challenger] = simulateBenchmark(seed, taskCount, gain);
    if (policy.evaluate(baseline, challenger).accepted) count++;
  }
  return percent(count, seeds);
}

/** How often a challenger is promoted: by the bare mean, and by the bound of the difference. */
export function promotionTable(seeds: number): QualityTable {
  const limits = {
    minRewardDelta: 0,
    maxErrorRateIncrease: 0,
    maxLatencyIncreaseMs: 0,
    requiredTaskCount: 10,
  };
  const bare = new PromotionPolicy(limits);
  const sure = new PromotionPolicy({ ...limits, confidence: 1 - LEVEL / 100 });
  const rows = [20, 50, 200].map((tasks) => [
    tasks,
    accepted(bare, seeds, tasks, 0),
    accepted(sure, seeds, tasks, 0),
    accepted(sure, seeds, tasks, 0.02),
    accepted(sure, seeds, tasks, 0.05),
    accepted(sure, seeds, tasks, 0.1),
  ]);
  return {
    title: "Challengers promoted, %, by true gain of reward",
    columns: ["tasks", "gain 0, bare mean", "gain 0", "gain 0.02", "gain 0.05", "gain 0.1"],
    rows,
    note:
      `${seeds} seeds; rewards of deviation ${DEVIATION}, ${100 * SHARED}% of their variance ` +
      `shared; minRewardDelta 0, confidence ${1 - LEVEL / 100} but for the bare mean.`,
    requirements: [
      {
        what: "challengers without a gain, with confidence",
        value: Math.max(...rows.map((row) => row[2]!)),
        bound: { most: upToChance(LEVEL, seeds) },
      },
    ],
  };
}
