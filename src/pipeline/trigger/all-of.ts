// Retrains when all of several triggers want to.

import { CombinedTrigger } from "./combined-trigger.ts";
import type { Trigger } from "./trigger.ts";

/**
 * A trigger that is true when all of `triggers` are at the same time. All are asked each time and
 * record each sample once; `recentLosses` is as long as the largest window among them. A trigger
 * that is true for one sample only (`ScheduledTrigger`) rarely meets the others; `DetectorTrigger`
 * and `MinimumNewTrigger` stay true until a training starts. Throws DATA_EMPTY.
 */
export function allOf(...triggers: Trigger[]): Trigger {
  return new CombinedTrigger(triggers, (answers) => !answers.includes(false));
}
