// Compares a challenger with one version on the benchmark and asks every gate.

import { PromotionPolicy } from "../../index.ts";
import type { ParsedCycleOptions } from "./cycle-options.ts";
import { type Comparison, figuresOf } from "./cycle-report.ts";
import { Evaluator } from "./evaluator.ts";
import type { LearningRouter } from "./learning-router.ts";

/** A router that the challenger is compared with. */
export interface Opponent {
  role: Comparison["role"];
  versionId: string | null;
  router: LearningRouter;
}

/** Runs both on the suite; the comparison holds every figure and the verdict of the gates. */
export async function compareWith(
  { role, versionId, router }: Opponent,
  challenger: LearningRouter,
  { suite, policy, execute, timer }: ParsedCycleOptions,
): Promise<Comparison> {
  const evaluator = new Evaluator(suite, {
    confidence: policy.confidence,
    ...(execute && { execute }),
    ...(timer && { timer }),
  });
  const { baseline, challenger: result, difference } = await evaluator.compare(router, challenger);
  // Against the anchor no loss is allowed: allowed ones would add up from version to version.
  const minRewardDelta =
    role === "anchor" ? Math.max(0, policy.minRewardDelta) : policy.minRewardDelta;
  return {
    role,
    versionId,
    baseline: figuresOf(baseline),
    challenger: figuresOf(result),
    deltas: {
      reward: result.averageReward - baseline.averageReward,
      errorRate: result.errorRate - baseline.errorRate,
      latencyMs: result.latencyMs - baseline.latencyMs,
      latencyP95Ms: result.latencyP95Ms - baseline.latencyP95Ms,
    },
    interval: difference,
    gates: new PromotionPolicy({ ...policy, minRewardDelta }).evaluate(baseline, result),
  };
}
