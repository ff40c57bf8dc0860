// What a router would have earned on decisions that another policy made.

import type { LoggedDecision } from "./dataset-builder.ts";
import type { LearningRouter } from "./learning-router.ts";

/**
 * sum(w r) / sum(w) over the decisions whose type the router would have chosen too, w their
 * importance (self-normalised importance sampling, Swaminathan & Joachims 2015, of the decision
 * types); null when there are none.
 */
export function heldOutReward(
  router: LearningRouter,
  decisions: readonly LoggedDecision[],
): number | null {
  let weights = 0;
  let rewards = 0;
  for (const { situation, decision, reward, importance } of decisions) {
    const { task, context, candidates } = situation;
    if (router.route(task, context, candidates).decisionType !== decision.decisionType) continue;
    weights += importance;
    rewards += importance * reward;
  }
  return weights > 0 ? rewards / weights : null;
}
