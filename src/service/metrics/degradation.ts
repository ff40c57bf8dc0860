// How much worse an update made a model, as a share.

import type { UpdateOutcome } from "../../index.ts";

/** Annual Sharpe ratio below which losses are shares of this one: as in `SharpeStability`. */
const SHARPE_FLOOR = 0.5;
/** Losses below it are little more than the rounding of 32-bit outputs. */
const LOSS_FLOOR = 1e-6;

/**
 * Share of the quality that an update took, negative where it added some; NaN when nothing was
 * measured. With a Sharpe ratio in the verdict
 *
 *     (pre - post) / max(|pre|, 0.5)
 *
 * and otherwise, of the loss on the held-out samples,
 *
 *     (after - before) / max(|before|, 1e-6)
 *
 * The sign of what was before changes nothing, and a value near 0 is no reason for a large share.
 */
export function degradationOf({
  measurements,
  facts,
}: Pick<UpdateOutcome, "measurements" | "facts">): number {
  const { sharpeBefore: pre, sharpeAfter: post } = measurements;
  if (pre !== undefined && post !== undefined) return riseOf(-pre, -post, SHARPE_FLOOR);
  if (!facts?.heldOut) return Number.NaN;
  const { lossBefore, lossAfter } = facts.heldOut;
  return riseOf(lossBefore, lossAfter, LOSS_FLOOR);
}

function riseOf(before: number, after: number, floor: number): number {
  return (after - before) / Math.max(Math.abs(before), floor);
}
