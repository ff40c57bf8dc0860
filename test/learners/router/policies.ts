// Trains routers in sequence on generated families of tasks, and measures them by family.

import {
  DatasetBuilder,
  Evaluator,
  type LearningRouter,
  type RouterTrainingOptions,
  sampleBenchmark,
  sampleTrajectories,
} from "../../../src/learners/router/index.ts";

/** A benchmark of every family. */
export const fullSuite = sampleBenchmark({});

/** The dataset of generated trajectories for a router. */
export function datasetFor(
  router: LearningRouter,
  options: Parameters<typeof sampleTrajectories>[0],
) {
  const builder = new DatasetBuilder({
    wordBuckets: router.wordBuckets,
    importanceClip: 10,
    holdoutFraction: 0,
    maxTrajectories: 10_000,
  });
  for (const trajectory of sampleTrajectories(options)) builder.add(trajectory);
  return builder.build();
}

/** A router that learned from each part in turn; it is the caller's to dispose of. */
export async function learnInTurn(
  start: LearningRouter,
  parts: readonly Parameters<typeof sampleTrajectories>[0][],
  training: RouterTrainingOptions = {},
): Promise<LearningRouter> {
  let router = start;
  for (const part of parts) {
    const { router: next } = await router.challenger(datasetFor(router, part), {
      ...training,
      seed: part.seed ?? 0,
    });
    if (router !== start) router.dispose();
    router = next;
  }
  return router;
}

/** Mean reward over some families. */
export async function rewardOn(
  router: LearningRouter,
  families: readonly string[],
): Promise<number> {
  const { challenger } = await new Evaluator(fullSuite).compare(router, router);
  const rewards = families.map((family) => challenger.familyRewards[family]!);
  return rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length;
}
