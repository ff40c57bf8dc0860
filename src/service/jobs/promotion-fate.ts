// What became of the version that a job promoted, as the pointer to the active version tells it.

import type { VersionChange } from "../../index.ts";

/** Whether the version of `jobId` was promoted, and gone back from later. changes: oldest first. */
export function promotionFate(
  changes: readonly VersionChange[],
  jobId: string,
): "promoted" | "rolled_back" | undefined {
  const at = changes.findIndex((each) => each.kind === "promotion" && each.source === jobId);
  if (at < 0) return undefined;
  const { versionId } = changes[at]!;
  const isGone = changes
    .slice(at + 1)
    .some((each) => each.kind === "rollback" && each.rollbackFrom === versionId);
  return isGone ? "rolled_back" : "promoted";
}
