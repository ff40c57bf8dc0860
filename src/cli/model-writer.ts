// The right to change a model's folder: its versions and its audit log, open for one operator.

import { DriftkeelError } from "../errors.ts";
import { type AuditEventType, AuditLog, VersionStore } from "../index.ts";
import { auditPath } from "./audit-record.ts";
import type { ModelFolder } from "./model-folders.ts";

/** The largest that there are: how much is kept is the learner's choice, not an operator's. */
const KEEP_ALL = { maxVersions: 10_000, maxHistory: 100_000 };

/** Versions and audit log of one model, locked; both are closed by `withModel`. */
export interface ModelWriter {
  versions: VersionStore;
  audit: AuditLog;
}

/**
 * Locks the folder of a model, runs `change`, and gives it free. Throws STORE_LOCKED naming the
 * process that has it, AUDIT_CORRUPT (nothing is changed that could not be noted), and what
 * `change` throws.
 */
export async function withModel<T>(
  { id, path }: ModelFolder,
  change: (writer: ModelWriter) => Promise<T>,
): Promise<T> {
  const versions = await VersionStore.open({ storagePath: path, modelId: id, ...KEEP_ALL });
  try {
    const audit = await AuditLog.open(auditPath(path));
    try {
      return await change({ versions, audit });
    } finally {
      await audit.close();
    }
  } finally {
    await versions.close();
  }
}

/**
 * Runs `change` between two events: `started`, and then `done` or `failed`. After a crash in
 * between the log says that the change was begun and not that it was made; whether it was, the
 * pointer and the versions say. The details that `change` returns go into the second event.
 */
export async function audited(
  audit: AuditLog,
  eventType: AuditEventType,
  details: Record<string, unknown>,
  change: () => Promise<Record<string, unknown>>,
): Promise<void> {
  await audit.log({ eventType, outcome: "started", details });
  let found: Record<string, unknown>;
  try {
    found = await change();
  } catch (error) {
    const code = error instanceof DriftkeelError ? error.code : String(error).slice(0, 1000);
    // What went wrong first is what the operator must hear.
    await audit
      .log({ eventType, outcome: "failed", details: { ...details, code } })
      .catch(() => {});
    throw error;
  }
  await audit.log({ eventType, outcome: "done", details: { ...details, ...found } });
}
