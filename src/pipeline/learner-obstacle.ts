// What can stand in the way of an update.

import type { Intake } from "./feedback/intake.ts";
import type { SafeMode } from "./promote/safe-mode.ts";

/** Why there can be no update now, in words; undefined when there can. */
export async function obstacleToUpdate(
  options: {
    minSamples: number;
    minHoldout: number;
    updateGuard?: (() => Promise<boolean>) | undefined;
  },
  intake: Intake,
  safeMode: SafeMode | undefined,
): Promise<string | undefined> {
  const { minSamples, minHoldout, updateGuard } = options;
  const training = intake.training().length;
  const holdout = intake.holdout().length;
  if (safeMode?.mode === "frozen") {
    return `frozen after a rollback for another ${safeMode.remainingMs} ms`;
  }
  if (training < minSamples) return `${training} training samples, ${minSamples} are needed`;
  if (holdout < minHoldout) return `${holdout} held-out samples, ${minHoldout} are needed`;
  if (updateGuard && !(await updateGuard())) return "held off by the update guard";
  return undefined;
}
