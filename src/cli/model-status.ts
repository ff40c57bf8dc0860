// What is known about a model from its folder alone, beside a writer that may be at work.

import { DriftkeelError } from "../errors.ts";
import {
  type AuditEvent,
  type CurrentVersion,
  type DamagedVersion,
  FileStore,
  inspectLearner,
  type LearnerInspection,
  VersionStore,
} from "../index.ts";
import { type AuditFinding, lastEvents, verifyAudit } from "./audit-record.ts";
import { folderSizeBytes, type ModelFolder } from "./model-folders.ts";

/** Who holds the lock of a folder. */
export type Writer = NonNullable<Awaited<ReturnType<typeof FileStore.findWriter>>>;

/** Everything that `driftkeel status` tells about a model. */
export interface ModelStatus {
  id: string;
  /** undefined: the pointer is damaged, as `pointerDamage` says. */
  current: CurrentVersion | undefined;
  pointerDamage: string | undefined;
  versions: number;
  damaged: DamagedVersion[];
  audit: AuditFinding;
  /** Oldest first; none when the log cannot be read whole. */
  events: AuditEvent[];
  /** How its learner stood; undefined when none has been here, or its checkpoint is damaged. */
  learner: LearnerInspection | undefined;
  /** undefined for nobody. */
  writer: Writer | undefined;
  sizeBytes: number;
}

/** Reads a folder and changes nothing in it. Throws FILE_FAILED. */
export async function readStatus({ id, path }: ModelFolder, events: number): Promise<ModelStatus> {
  const versions = await VersionStore.open({ storagePath: path, readOnly: true });
  try {
    const { current, pointerDamage } = await readPointer(versions);
    const audit = await verifyAudit(path);
    return {
      id,
      current,
      pointerDamage,
      versions: (await versions.list()).length,
      damaged: await listDamaged(versions),
      audit,
      events: audit.intact ? await lastEvents(path, events) : [],
      learner: current && (await inspect(path, current.activeId)),
      writer: await FileStore.findWriter({ storagePath: path }),
      sizeBytes: await folderSizeBytes(path),
    };
  } finally {
    await versions.close();
  }
}

/** A writer may replace the checkpoint meanwhile; what is damaged the learner itself reports. */
async function inspect(path: string, versionId: string): Promise<LearnerInspection | undefined> {
  return inspectLearner(path, versionId).catch((error: { code?: string }) => {
    if (error.code !== "FILE_CORRUPT" && error.code !== "STATE_INVALID") throw error;
    return undefined;
  });
}

/** The pointer, or what is wrong with it. Throws FILE_FAILED. */
export async function readPointer(
  versions: VersionStore,
): Promise<Pick<ModelStatus, "current" | "pointerDamage">> {
  try {
    return { current: await versions.getCurrent(), pointerDamage: undefined };
  } catch (error) {
    if (!(error instanceof DriftkeelError && error.code === "POINTER_CORRUPT")) throw error;
    return { current: undefined, pointerDamage: error.message };
  }
}

/** What is damaged twice: a writer may evict a version while its record is being looked for. */
async function listDamaged(versions: VersionStore): Promise<DamagedVersion[]> {
  const first = await versions.listDamaged();
  if (first.length === 0) return [];
  const again = await versions.listDamaged();
  return again.filter(({ id }) => first.some((each) => each.id === id));
}
