// What a validator is told of a version: its weights, and how it does on the samples that judge.

import type { ModelVersion } from "../../model/learnable.ts";
import type { Sample } from "../../model/sample.ts";
import type { ModelSnapshot } from "./validator.ts";

/** Samples that judge: the newest held out, and held-out ones of the past. */
export interface JudgingSamples {
  holdout: readonly Sample[];
  retention: readonly Sample[];
}

/** Measures a version. `gradientNorm`: of the training that made it, when there was one. */
export function snapshotOf(
  version: ModelVersion,
  { holdout, retention }: JudgingSamples,
  gradientNorm?: number,
): ModelSnapshot {
  return {
    weights: version.weights(),
    loss: version.loss(holdout),
    outputs: version.outputs(holdout),
    gradientNorm,
    ...(retention.length > 0 && {
      replayLosses: Float64Array.from(retention, (sample) => version.loss([sample])),
    }),
  };
}
