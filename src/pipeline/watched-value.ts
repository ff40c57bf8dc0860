// The one number of a sample that detector, trigger and probation look at.

import type { ModelVersion } from "../model/learnable.ts";
import type { Sample } from "../model/sample.ts";
import type { ProfitAndLoss } from "./validate/snapshot-of.ts";

/** What a version would have earned on a sample; undefined for a learner without `pnl`. */
export function profitOn(
  { pnl }: { pnl?: ProfitAndLoss | undefined },
  version: ModelVersion,
  sample: Sample,
): number | undefined {
  return pnl?.(version.outputs([sample]), [sample])[0];
}

/** The loss of a version on a sample, or what it would have earned there. */
export function watchedValue(
  options: { watched: "loss" | "pnl"; pnl?: ProfitAndLoss | undefined },
  version: ModelVersion,
  sample: Sample,
): number {
  const profit = options.watched === "pnl" ? profitOn(options, version, sample) : undefined;
  return profit ?? version.loss([sample]);
}
