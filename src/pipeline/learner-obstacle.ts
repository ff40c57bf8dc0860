// What can stand in the way of an update.

import type { ObstacleKind } from "../events.ts";
import type { LearnerState } from "./learner-state.ts";

/** What stands in the way of an update. */
export interface Obstacle {
  kind: ObstacleKind;
  /** In words, with the numbers. */
  reason: string;
}

/** The limits that are asked. */
interface UpdateLimits {
  minSamples: number;
  minNewSamples: number;
  minIntervalMs: number;
  minHoldout: number;
  updateGuard?: (() => Promise<boolean>) | undefined;
}

/** Samples that there are for an update. */
interface Supply {
  training: number;
  holdout: number;
  /** Training samples since the last update. */
  fresh: number;
}

/** Why there can be no update now; undefined when there can. */
export async function obstacleToUpdate(
  limits: UpdateLimits,
  { safeMode, held, triggerState }: LearnerState,
  { training, holdout, fresh }: Supply,
  nowMs: number,
): Promise<Obstacle | undefined> {
  const { minSamples, minNewSamples, minIntervalMs, minHoldout, updateGuard } = limits;
  const { lastTriggerTime } = triggerState;
  const sinceMs = lastTriggerTime == null ? undefined : nowMs - Number(lastTriggerTime);
  if (held !== undefined) return obstacle("frozen", `frozen by an operator: ${held}`);
  if (safeMode?.mode === "frozen") {
    return obstacle("frozen", `frozen after a rollback for another ${safeMode.remainingMs} ms`);
  }
  if (training < minSamples) {
    return obstacle("few-samples", `${training} training samples, ${minSamples} are needed`);
  }
  if (fresh < minNewSamples) {
    const reason = `${fresh} new training samples, ${minNewSamples} are needed`;
    return obstacle("few-samples", reason);
  }
  if (holdout < minHoldout) {
    return obstacle("few-samples", `${holdout} held-out samples, ${minHoldout} are needed`);
  }
  // A clock that went back says nothing about how long ago the last update was.
  if (sinceMs !== undefined && sinceMs >= 0 && sinceMs < minIntervalMs) {
    return obstacle("too-soon", `${sinceMs} ms since the last update, ${minIntervalMs} are needed`);
  }
  if (updateGuard && !(await updateGuard()))
    return obstacle("guard", "held off by the update guard");
  return undefined;
}

const obstacle = (kind: ObstacleKind, reason: string): Obstacle => ({ kind, reason });
