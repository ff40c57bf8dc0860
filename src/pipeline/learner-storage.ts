// Opens what a learner keeps: its store, the versions in it, and the audit log beside it.

import { AuditLog } from "#folders";
import { chooseStore, type StoreOptions } from "../store/choose-store.ts";
import type { Disk } from "../store/disk.ts";
import type { LockHost } from "../store/lock-host.ts";
import { MemoryStore } from "../store/memory-store.ts";
import type { Store } from "../store/store.ts";
import { VersionStore, type VersionStoreOptions } from "../store/version-store.ts";

const AUDIT = "audit.jsonl";

/** Where a learner keeps things. */
export interface LearnerStorage {
  /** For state and samples; undefined when nothing outlives the process. */
  store: Store | undefined;
  /** Closing them closes the store. */
  versions: VersionStore;
  /** Only in a folder. */
  audit: AuditLog | undefined;
}

/** What of a learner's options says where. */
interface LearnerPlace {
  storagePath?: string | undefined;
  store?: Store | undefined;
  disk?: Disk | undefined;
  lockHost?: LockHost | undefined;
}

/** Throws OPTION_INVALID, STORE_LOCKED, AUDIT_CORRUPT, FILE_FAILED; nothing stays open then. */
export async function openStorage(
  place: LearnerPlace,
  versionOptions: Omit<VersionStoreOptions, keyof StoreOptions>,
): Promise<LearnerStorage> {
  const { storagePath, disk, lockHost } = place;
  const isLasting = storagePath !== undefined || place.store !== undefined;
  const store = isLasting
    ? await chooseStore("OnlineLearner", {
        storagePath,
        store: place.store,
        disk,
        lockHost,
        readOnly: false,
      })
    : new MemoryStore();
  try {
    const versions = await VersionStore.open({ ...versionOptions, store });
    const on = { ...(disk && { disk }), ...(lockHost && { lockHost }) };
    const { now } = versionOptions;
    const audit =
      storagePath === undefined
        ? undefined
        : await AuditLog.open(`${storagePath}/${AUDIT}`, { ...on, ...(now && { now }) });
    return { store: isLasting ? store : undefined, versions, audit };
  } catch (error) {
    await store.close().catch(() => {});
    throw error;
  }
}
