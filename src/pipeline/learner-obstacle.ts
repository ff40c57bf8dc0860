// What can stand in the way of an update.

import type { LearnerState } from "./learner-state.ts";

/** The limits that are asked. */
interface UpdateLimits {
  minSamples: number;
  minNewSamples: number;
  minIntervalMs: number;
  minHoldout: number;
  updateGuard?: (() => Promise<boolean>) | undefined;
}

/** Why there can be no update now, in words; undefined when there can. */
export async function obstacleToUpdate(
  limits: UpdateLimits,
  { intake, safeMode, held, triggerState }: LearnerState,
  nowMs: number,
): Promise<string | undefined> {
  const training = intake.training().length;
  const holdout = intake.holdout().length;
  const { minSamples, minNewSamples, minIntervalMs, minHoldout, updateGuard } = limits;
  const { lastTriggerTime } = triggerState;
  const sinceMs = lastTriggerTime == null ? undefined : nowMs - Number(lastTriggerTime);
  if (held !== undefined) return `frozen by an operator: ${held}`;
  if (safeMode?.mode === "frozen") {
    return `frozen after a rollback for another ${safeMode.remainingMs} ms`;
  }
  if (training < minSamples) return `${training} training samples, ${minSamples} are needed`;
  if (intake.sinceUpdate < minNewSamples) {
    return `${intake.sinceUpdate} new training samples, ${minNewSamples} are needed`;
  }
  if (holdout < minHoldout) return `${holdout} held-out samples, ${minHoldout} are needed`;
  // A clock that went back says nothing about how long ago the last update was.
  if (sinceMs !== undefined && sinceMs >= 0 && sinceMs < minIntervalMs) {
    return `${sinceMs} ms since the last update, ${minIntervalMs} are needed`;
  }
  if (updateGuard && !(await updateGuard())) return "held off by the update guard";
  return undefined;
}
