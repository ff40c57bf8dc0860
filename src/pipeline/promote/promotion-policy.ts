// Decides by a benchmark whether a challenger replaces the baseline.

import * as z from "zod/mini";
import { finiteNumber, parseOptions, positiveInteger } from "../../options.ts";
import { risesAtMost } from "../../statistics/rises-at-most.ts";
import type { BenchmarkResult } from "./benchmark-result.ts";
import { pairedMean } from "./paired-mean.ts";

const CONFIDENCE = "a number from 0.5 to 0.9999";
const optionsSchema = z.strictObject({
  minRewardDelta: finiteNumber,
  maxErrorRateIncrease: finiteNumber,
  maxLatencyIncreaseMs: finiteNumber,
  requiredTaskCount: positiveInteger,
  confidence: z.optional(
    z.number(CONFIDENCE).check(z.minimum(0.5, CONFIDENCE), z.maximum(0.9999, CONFIDENCE)),
  ),
});

/** Every limit is allowed itself. */
export interface PromotionPolicyOptions {
  /** Least gain of the average reward; below 0 a loss is allowed. */
  minRewardDelta: number;
  /** Largest rise of the error rate. */
  maxErrorRateIncrease: number;
  /** Largest rise of the latency in milliseconds. */
  maxLatencyIncreaseMs: number;
  /** Fewest tasks that both models must have done, > 0. */
  requiredTaskCount: number;
  /**
   * With it the gain must be as large as `minRewardDelta` with this confidence, 0.5..0.9999, and
   * not only on average.
   */
  confidence?: number;
}

/** The decision and what it stands on. */
export interface PromotionDecision {
  accepted: boolean;
  /** One sentence for each gate that failed; empty when accepted. */
  reasons: string[];
  metrics: Record<string, number>;
}

/** One gate: why it failed, if it did. */
interface Gate {
  failure?: string | undefined;
  metrics: Record<string, number>;
}

/**
 * Accepts a challenger when every gate holds: enough tasks, the gain of reward, the rise of the
 * error rate, the rise of the latency. With `confidence` the reward gate looks at the lower bound
 * of the mean paired difference over the tasks (`pairedMean`): a lucky average does not pass. NaN
 * fails its gate, and so do rewards that cannot be paired.
 */
export class PromotionPolicy {
  readonly #options: z.output<typeof optionsSchema>;

  /** Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options: PromotionPolicyOptions) {
    this.#options = parseOptions("PromotionPolicy", optionsSchema, options);
  }

  /** The decision on two results of the same suite. Changes neither. */
  evaluate(baseline: BenchmarkResult, challenger: BenchmarkResult): PromotionDecision {
    const { maxErrorRateIncrease, maxLatencyIncreaseMs } = this.#options;
    const gates = [
      this.#taskGate(baseline, challenger),
      this.#rewardGate(baseline, challenger),
      riseGate("errorRate", baseline, challenger, maxErrorRateIncrease),
      riseGate("latencyMs", baseline, challenger, maxLatencyIncreaseMs),
    ];
    const reasons = gates.flatMap(({ failure }) => (failure === undefined ? [] : [failure]));
    const metrics = Object.assign({}, ...gates.map((gate) => gate.metrics));
    return { accepted: reasons.length === 0, reasons, metrics };
  }

  #taskGate(baseline: BenchmarkResult, challenger: BenchmarkResult): Gate {
    const { requiredTaskCount } = this.#options;
    const taskCount = Math.min(baseline.taskCount, challenger.taskCount);
    if (taskCount >= requiredTaskCount) return { metrics: { taskCount } };
    const counts = `the baseline did ${baseline.taskCount}, the challenger ${challenger.taskCount}`;
    return {
      failure: `at least ${requiredTaskCount} tasks are required, ${counts}`,
      metrics: { taskCount },
    };
  }

  #rewardGate(baseline: BenchmarkResult, challenger: BenchmarkResult): Gate {
    const { minRewardDelta, confidence } = this.#options;
    const rewardDelta = challenger.averageReward - baseline.averageReward;
    if (confidence !== undefined) {
      const gate = pairedGate(baseline, challenger, minRewardDelta, confidence);
      return { ...gate, metrics: { rewardDelta, ...gate.metrics } };
    }
    // A gain of at least d is a loss of at most -d.
    const isMet = risesAtMost(challenger.averageReward, baseline.averageReward, -minRewardDelta);
    const pass = isMet && Number.isFinite(challenger.averageReward);
    const failure =
      `the average reward changed by ${rewardDelta}, ` + `at least ${minRewardDelta} needed`;
    return { failure: pass ? undefined : failure, metrics: { rewardDelta } };
  }
}

function pairedGate(
  baseline: BenchmarkResult,
  challenger: BenchmarkResult,
  minRewardDelta: number,
  confidence: number,
): Gate {
  const differences = pairedDifferences(baseline, challenger);
  if (typeof differences === "string") return { failure: differences, metrics: {} };
  const { mean, standardError, lower } = pairedMean(differences, confidence);
  const pass = risesAtMost(lower, 0, -minRewardDelta);
  const failure =
    `the paired reward changed by ${mean}, by at least ${lower} with confidence ${confidence}; ` +
    `${minRewardDelta} needed`;
  return {
    failure: pass ? undefined : failure,
    metrics: {
      pairedRewardDelta: mean,
      pairedRewardStandardError: standardError,
      pairedRewardLower: lower,
    },
  };
}

/** Names of the figures that may rise up to a limit, in words and as a metric. */
const rising = {
  errorRate: { what: "the error rate", metric: "errorRateDelta" },
  latencyMs: { what: "the latency in ms", metric: "latencyDeltaMs" },
};

function riseGate(
  member: keyof typeof rising,
  baseline: BenchmarkResult,
  challenger: BenchmarkResult,
  max: number,
): Gate {
  const { what, metric } = rising[member];
  const delta = challenger[member] - baseline[member];
  const pass = risesAtMost(baseline[member], challenger[member], max);
  const failure = `${what} changed by ${delta}, at most ${max} allowed`;
  return { failure: pass ? undefined : failure, metrics: { [metric]: delta } };
}

/** challenger - baseline of every task, or in words why they cannot be paired. */
function pairedDifferences(
  baseline: BenchmarkResult,
  challenger: BenchmarkResult,
): number[] | string {
  for (const [side, { taskRewards, taskCount }] of Object.entries({ baseline, challenger })) {
    if (!taskRewards) return `${side}.taskRewards are missing; confidence pairs the tasks by them`;
    const { size } = taskRewards;
    if (size !== taskCount) return `${side}.taskRewards hold ${size} of ${taskCount} tasks`;
    if (size < 2) return `${side}.taskRewards hold ${size} task, at least 2 needed for confidence`;
  }
  const rewards = challenger.taskRewards!;
  const pairs = [...baseline.taskRewards!].map(([id, reward]) => ({
    id,
    difference: (rewards.get(id) ?? Number.NaN) - reward,
  }));
  const bad = pairs.find(({ difference }) => !Number.isFinite(difference));
  if (bad) return `task ${bad.id} has no finite reward of both models`;
  if (rewards.size !== pairs.length) return "the challenger has rewards of other tasks";
  return pairs.map(({ difference }) => difference);
}
