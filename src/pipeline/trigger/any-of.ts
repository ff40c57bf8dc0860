// Retrains when one of several triggers wants to.

import { CombinedTrigger } from "./combined-trigger.ts";
import type { Trigger } from "./trigger.ts";

/**
 * A trigger that is true when at least one of `triggers` is. All are asked each time and record
 * each sample once; `recentLosses` is as long as the largest window among them. Throws DATA_EMPTY.
 */
export function anyOf(...triggers: Trigger[]): Trigger {
  return new CombinedTrigger(triggers, (answers) => answers.includes(true));
}
