// What a validator is told of a version: its weights, and how it does on the samples that judge.

import type { ModelVersion } from "../../model/learnable.ts";
import type { Sample } from "../../model/sample.ts";
import type { ModelSnapshot } from "./validator.ts";

/** Samples that judge: the newest held out, and held-out ones of the past. */
export interface JudgingSamples {
  holdout: readonly Sample[];
  retention: readonly Sample[];
}

/** What a version would have earned on each sample, from its outputs f32[n x o]: f64[n]. */
export type ProfitAndLoss = (outputs: Float32Array, samples: readonly Sample[]) => Float64Array;

/** What is known beside the samples. */
export interface SnapshotSources {
  /** Of the training that made the version, when there was one. */
  gradientNorm?: number;
  pnl?: ProfitAndLoss | undefined;
  /** A fixed earlier version, measured on the same samples. */
  anchor?: ModelVersion | undefined;
}

/** Measures a version. */
export function snapshotOf(
  version: ModelVersion,
  { holdout, retention }: JudgingSamples,
  { gradientNorm, pnl, anchor }: SnapshotSources = {},
): ModelSnapshot {
  const outputs = version.outputs(holdout);
  const lossesOn = (samples: readonly Sample[]) =>
    Float64Array.from(samples, (sample) => version.loss([sample]));
  return {
    weights: version.weights(),
    loss: version.loss(holdout),
    losses: lossesOn(holdout),
    outputs,
    gradientNorm,
    ...(pnl && { pnl: pnl(outputs, holdout) }),
    ...(pnl && anchor && { anchorPnl: pnl(anchor.outputs(holdout), holdout) }),
    ...(retention.length > 0 && { replayLosses: lossesOn(retention) }),
  };
}
