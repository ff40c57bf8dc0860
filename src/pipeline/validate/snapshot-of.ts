// What a validator is told of a version: its weights, and how it does on the samples that judge.

import { EVALUATION_ROWS } from "../../../assembly/layout.ts";
import type { ModelVersion } from "../../model/learnable.ts";
import type { Sample } from "../../model/sample.ts";
import { inTurns, nextTurn } from "../in-turns.ts";
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

/** Measures a version, in slices that leave the thread to others in between. */
export async function snapshotOf(
  version: ModelVersion,
  { holdout, retention }: JudgingSamples,
  { gradientNorm, pnl, anchor }: SnapshotSources = {},
): Promise<ModelSnapshot> {
  const outputs = await outputsOf(version, holdout);
  const anchorOutputs = pnl && anchor && (await outputsOf(anchor, holdout));
  const losses = await lossesOf(version, holdout);
  const replayLosses = await lossesOf(version, retention);
  if (holdout.length > EVALUATION_ROWS) await nextTurn();
  return {
    weights: version.weights(),
    loss: version.loss(holdout),
    losses,
    outputs,
    gradientNorm,
    ...(pnl && { pnl: pnl(outputs, holdout) }),
    ...(pnl && anchorOutputs && { anchorPnl: pnl(anchorOutputs, holdout) }),
    ...(retention.length > 0 && { replayLosses }),
  };
}

/** f32[n x o]. Networks compute so many rows at a time: the pieces give the bits of the whole. */
async function outputsOf(version: ModelVersion, samples: readonly Sample[]): Promise<Float32Array> {
  if (samples.length <= EVALUATION_ROWS) return version.outputs(samples);
  const starts = Array.from(
    { length: Math.ceil(samples.length / EVALUATION_ROWS) },
    (_, piece) => piece * EVALUATION_ROWS,
  );
  let outputs = new Float32Array(0);
  await inTurns(starts, (start) => {
    const piece = version.outputs(samples.slice(start, start + EVALUATION_ROWS));
    const size = piece.length / Math.min(EVALUATION_ROWS, samples.length - start);
    if (start === 0) outputs = new Float32Array(samples.length * size);
    outputs.set(piece, start * size);
  });
  return outputs;
}

/** Of each sample by itself: f64[n]. */
async function lossesOf(version: ModelVersion, samples: readonly Sample[]): Promise<Float64Array> {
  const losses = new Float64Array(samples.length);
  await inTurns(samples.entries(), ([index, sample]) => {
    losses[index] = version.loss([sample]);
  });
  return losses;
}
