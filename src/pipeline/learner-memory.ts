// The state of a learner that is kept beside each version, and how it comes back.

import { DriftkeelError } from "../errors.ts";
import type { DriftDetector } from "./drift/drift-detector.ts";
import { learnerState } from "./learner-options.ts";
import type { SafeMode } from "./promote/safe-mode.ts";
import type { TriggerState } from "./trigger/trigger.ts";
import type { CandidateTrainer } from "./update/candidate-trainer.ts";

/** What has state. */
export interface LearnerParts {
  trainer: CandidateTrainer;
  detector: DriftDetector | undefined;
  safeMode: SafeMode | undefined;
  trigger: TriggerState;
}

const STATE = "learner.json";
const EWC = "ewc.bin";

/** The state as named pieces of bytes. */
export function rememberLearner(parts: LearnerParts): Map<string, Uint8Array> {
  const { trainer, detector, safeMode, trigger } = parts;
  const { attempts, ewc } = trainer.state();
  const text = JSON.stringify({
    attempts,
    detector: detector?.state() ?? null,
    safe_mode: safeMode?.state() ?? null,
    trigger: {
      last_trigger_ms: trigger.lastTriggerTime == null ? null : Number(trigger.lastTriggerTime),
      sample_count: trigger.sampleCount,
      recent_losses: trigger.recentLosses,
    },
  });
  const pieces = new Map<string, Uint8Array>([[STATE, new TextEncoder().encode(text)]]);
  if (ewc) pieces.set(EWC, ewc);
  return pieces;
}

/**
 * Puts a state back. After a restart all of it; after a rollback only what belongs to the model
 * (EWC and detector): an attempt is never repeated, and the safe mode knows better. Throws
 * STATE_INVALID, FILE_CORRUPT.
 */
export function recallLearner(
  parts: LearnerParts,
  pieces: ReadonlyMap<string, Uint8Array>,
  isRestart: boolean,
): void {
  const { trainer, detector, safeMode, trigger } = parts;
  const bytes = pieces.get(STATE);
  const now = trainer.state().attempts;
  if (!bytes) {
    trainer.restore({ attempts: now, ewc: undefined });
    detector?.reset();
    return;
  }
  const saved = parse(bytes);
  trainer.restore({ attempts: isRestart ? saved.attempts : now, ewc: pieces.get(EWC) });
  if (saved.detector !== null) detector?.restore(saved.detector);
  if (!isRestart) return;
  if (saved.safe_mode !== null) safeMode?.restore(saved.safe_mode);
  trigger.lastTriggerTime = saved.trigger.last_trigger_ms;
  trigger.sampleCount = saved.trigger.sample_count;
  trigger.recentLosses = saved.trigger.recent_losses;
}

function parse(bytes: Uint8Array) {
  try {
    return learnerState.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    throw new DriftkeelError(
      "STATE_INVALID",
      `Expected the state of a learner beside its version, got something else: ${cause}. ` +
        "Roll back to another version.",
      { cause },
    );
  }
}
