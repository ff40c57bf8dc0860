// Series of both models over the same observations.

import type { ModelSnapshot } from "./validator.ts";

/** Members of a snapshot with one number per observation. */
type SeriesName = "pnl" | "losses" | "replayLosses";

/** Both series, or why they cannot be compared. */
export type PairedSeries =
  | { before: Float64Array; after: Float64Array }
  | { before?: undefined; problem: string };

/**
 * The two series of a member, when both are there, finite, of the same length and of at least
 * `least` observations. Nothing is copied.
 */
export function pairedSeries(
  name: SeriesName,
  snapshots: { before: ModelSnapshot; after: ModelSnapshot },
  least: number,
): PairedSeries {
  for (const [side, snapshot] of Object.entries(snapshots)) {
    const problem = problemOf(`${side}.${name}`, snapshot[name], least);
    if (problem) return { problem };
  }
  const before = snapshots.before[name] as Float64Array;
  const after = snapshots.after[name] as Float64Array;
  if (before.length === after.length) return { before, after };
  const lengths = `before.${name} has ${before.length} values, after.${name} ${after.length}`;
  return { problem: `${lengths}; both models must be measured on the same observations` };
}

function problemOf(name: string, series: unknown, least: number): string | undefined {
  if (!(series instanceof Float64Array)) return `${name} is missing`;
  if (series.length < least) return `${name} has ${series.length} values, at least ${least} needed`;
  const index = series.findIndex((value) => !Number.isFinite(value));
  return index < 0 ? undefined : `${name} holds ${series[index]} at index ${index}`;
}
