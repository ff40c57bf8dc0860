// What all triggers do with a trigger state: record a sample, and see whether it still cools down.

import { checkNumber } from "../../checks.ts";
import { type Clock, millisecondsOf } from "../../clock.ts";
import type { TriggerState } from "./trigger.ts";

/**
 * Counts a sample, appends its loss, and keeps the last `windowSize` losses. Throws ARGUMENT_TYPE,
 * ARGUMENT_RANGE and leaves the state as it is when the loss is not finite.
 */
export function recordLoss(state: TriggerState, loss: number, windowSize: number): void {
  checkNumber("loss", loss);
  state.sampleCount++;
  state.recentLosses.push(loss);
  const surplus = state.recentLosses.length - windowSize;
  if (surplus > 0) state.recentLosses.splice(0, surplus);
}

/** When the last training started, in milliseconds since 1970; undefined before one. */
export function lastTriggerMs({ lastTriggerTime }: TriggerState): number | undefined {
  if (lastTriggerTime === undefined || lastTriggerTime === null) return undefined;
  return millisecondsOf("state.lastTriggerTime", lastTriggerTime);
}

/**
 * Whether fewer than `cooldownMs` have passed since the last training started. A clock that was set
 * back counts as no time passed.
 */
export function isCoolingDown(state: TriggerState, cooldownMs: number, now: Clock): boolean {
  const last = lastTriggerMs(state);
  return last !== undefined && millisecondsOf("now()", now()) - last < cooldownMs;
}
