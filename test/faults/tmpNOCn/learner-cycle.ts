// One full cycle of a learner: calm, drift, a promotion, and a world that turns back, so that
// probation rolls back.

import { Random } from "../../../src/core/random.ts";
import { BlackBoxLearnable } from "../../../src/model/black-box-learnable.ts";
import type { Sample } from "../../../src/model/sample.ts";
import { PageHinkley } from "../../../src/pipeline/drift/page-hinkley.ts";
import { OnlineLearner } from "../../../src/pipeline/learner.ts";
import type { OnlineLearnerOptions } from "../../../src/pipeline/learner-options.ts";
import { Composite } from "../../../src/pipeline/validate/composite.ts";
import { LossDelta } from "../../../src/pipeline/validate/loss-delta.ts";

const NOW = 1_700_000_000_000;

/** y = 2x + shift, where the shift comes and goes. */
export const stream: readonly Sample[] = (() => {
  const random = new Random(5);
  return Array.from({ length: 96 }, (_, index) => {
    const x = 2 * random.uniform() - 1;
    const shift = index >= 30 && index < 46 ? 3 : 0;
    return {
      input: Float32Array.of(x),
      label: Float32Array.of(2 * x + shift + 0.1 * random.normal()),
      id: `sample-${index}`,
    };
  });
})();

/** A line as a black box: it starts as the one that the calm world follows. */
function line(): BlackBoxLearnable {
  const output = (weights: Float64Array, x: number) => weights[0]! * x + weights[1]!;
  return new BlackBoxLearnable({
    weights: Float32Array.of(2, 0),
    inputSize: 1,
    outputSize: 1,
    loss: (weights, { input, label }) => (output(weights, input[0]!) - label[0]!) ** 2,
    predict: (weights, input) => Float32Array.of(output(weights, input[0]!)),
    lr: 0.3,
    maxSteps: 20,
    batchSize: 8,
    clipNorm: 10,
  });
}

/** The options of a learner that keeps every sample; the same at every start. */
export function cycleOptions(place: Partial<OnlineLearnerOptions>): OnlineLearnerOptions {
  return {
    model: line(),
    detector: new PageHinkley({ minInstances: 8, threshold: 20, delta: 0.05 }),
    validator: new Composite([new LossDelta(0)]),
    ewc: { lambda: 0.01 },
    intake: { trainingWindow: 12, holdoutWindow: 6, holdoutFraction: 0.3 },
    minSamples: 6,
    minHoldout: 2,
    probation: { minSamples: 30 },
    safeMode: { coolOffMs: 0 },
    maxVersions: 3,
    checkpointEvery: 24,
    seed: 7,
    now: () => NOW,
    ...place,
  };
}

/** What callers were told, up to a crash. */
export interface Told {
  /** Samples acknowledged. */
  observed: number;
  promotions: number;
  rollbacks: number;
}

/** Samples that are handed in at once. */
const BATCH = 8;

/** Feeds the stream from where the learner stands; notes what it acknowledges. */
export async function feed(learner: OnlineLearner, told: Told): Promise<void> {
  const left = stream.slice(learner.status().observed);
  for (let from = 0; from < left.length; from += BATCH) {
    const asked = left.slice(from, from + BATCH).map(async (sample) => {
      const { update, rolledBack } = await learner.observe(sample);
      told.observed += 1;
      if (update?.outcome === "promoted") told.promotions += 1;
      if (rolledBack) told.rollbacks += 1;
    });
    const failed = (await Promise.allSettled(asked)).find(({ status }) => status === "rejected");
    if (failed) throw (failed as PromiseRejectedResult).reason;
  }
}

/** What the whole stream makes of a learner that nothing disturbs. */
export async function undisturbed(): Promise<Told & { output: number }> {
  const learner = await OnlineLearner.open(cycleOptions({}));
  const told = { observed: 0, promotions: 0, rollbacks: 0 };
  await feed(learner, told);
  const output = outputOf(learner);
  await learner.close();
  return { ...told, output };
}

/** One number that depends on every weight. */
export function outputOf(learner: OnlineLearner): number {
  return learner.predict(Float32Array.of(0.37)).output[0]!;
}
