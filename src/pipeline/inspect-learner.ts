// Looks at a learner from outside: what its folder says about updates, beside a writer or without.

import { FileStore } from "../store/file-store.ts";
import type { StorageOptions } from "../store/storage-options.ts";
import { peekState } from "./learner-memory.ts";
import type { SafeModeState } from "./promote/safe-mode.ts";

/** How a learner stood at its last checkpoint. */
export interface LearnerInspection {
  /** Samples observed until then. */
  observed: number;
  /** Why an operator holds updates off; undefined when nobody does. */
  held: string | undefined;
  /** `frozen` may have ended since, when its cool-off did. Undefined: a learner without it. */
  safeMode: SafeModeState | undefined;
}

/**
 * Reads the checkpoint of the version `versionId` in the folder of a learner, and changes nothing;
 * undefined when there is none. Throws FILE_CORRUPT, STATE_INVALID, FILE_FAILED, OPTION_INVALID.
 */
export async function inspectLearner(
  storagePath: string,
  versionId: string,
  options?: Omit<StorageOptions, "readOnly">,
): Promise<LearnerInspection | undefined> {
  const store = await FileStore.open({ ...options, storagePath, readOnly: true });
  try {
    const state = await peekState(store, versionId);
    if (!state) return undefined;
    const safeMode = state.safe_mode?.mode;
    return { observed: state.observed, held: state.held ?? undefined, safeMode };
  } finally {
    await store.close();
  }
}
