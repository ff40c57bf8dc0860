// Whether an update was worth another like it.

import type { DryRunOutcome, UpdateOutcome } from "./learner-results.ts";

/** Share of the held-out loss by which an update must lower it for another to be worth while. */
const WORTH_WHILE = 0.1;

/** Whether it was promoted and lowered the held-out loss by a tenth at least. */
export function hasHelped({ outcome, facts }: UpdateOutcome | DryRunOutcome): boolean {
  if (outcome !== "promoted" || !facts?.heldOut) return false;
  const { lossBefore, lossAfter } = facts.heldOut;
  return lossBefore - lossAfter > WORTH_WHILE * Math.abs(lossBefore);
}
