// The one number of a sample that detector, trigger and probation look at.

import type { ModelVersion } from "../model/learnable.ts";
import type { Sample } from "../model/sample.ts";
import type { ProfitAndLoss } from "./validate/snapshot-of.ts";

/** `loss`, which the version has on the sample, or what it would have earned there. */
export function watchedValue(
  { watched, pnl }: { watched: "loss" | "pnl"; pnl?: ProfitAndLoss | undefined },
  version: ModelVersion,
  sample: Sample,
  loss: number,
): number {
  return watched === "pnl" && pnl ? pnl(version.outputs([sample]), [sample])[0]! : loss;
}
