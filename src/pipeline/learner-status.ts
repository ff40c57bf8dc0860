// Where a learner stands, as it tells others.

import type { LearnerStatus } from "./learner-results.ts";
import type { LearnerState } from "./learner-state.ts";
import type { Promoter } from "./promote/promoter.ts";

/** What decides whether it is at work. */
interface Activity {
  isUpdating: boolean;
  isClosed: boolean;
}

/** The status of the learner with this id. */
export function statusOf(
  modelId: string,
  { active, previous }: Promoter,
  { intake, probation, safeMode, held, observed }: LearnerState,
  { isUpdating, isClosed }: Activity,
): LearnerStatus {
  const isFrozen = held !== undefined || safeMode?.mode === "frozen";
  const working = isUpdating ? "updating" : isFrozen ? "frozen" : "ready";
  return {
    modelId,
    versionId: active.id,
    previousId: previous?.id,
    state: isClosed ? "closed" : working,
    observed,
    samples: {
      training: intake.training().length,
      holdout: intake.holdout().length,
      replay: intake.replay?.size ?? 0,
    },
    safeMode: safeMode?.mode,
    probation: probation && { outcome: probation.outcome, reason: probation.reason },
  };
}
