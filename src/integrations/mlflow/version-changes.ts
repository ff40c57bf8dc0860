// Which changes of a model's active version have not been told yet.

import * as z from "zod/mini";
import { parseRecord, writeRecord } from "../../foundation.ts";
import { DriftkeelError, type Store, type VersionChange } from "../../index.ts";

const toldRecord = z.strictObject({
  format_version: z.literal(1),
  /** The last change that was told. */
  last: z.nullable(z.strictObject({ kind: z.string(), version_id: z.string(), at: z.string() })),
  challenger: z.nullable(z.string()),
});

/** How far a model has been told of. */
export type Told = Pick<z.output<typeof toldRecord>, "last" | "challenger">;

const keyOf = (modelId: string) => `told/${modelId}`;

/** How far a model has been told of. Throws FILE_CORRUPT, FILE_FAILED. */
export async function readTold(store: Store, modelId: string): Promise<Told> {
  const bytes = await store.read(keyOf(modelId));
  if (!bytes) return { last: null, challenger: null };
  const told = await parseRecord(bytes, toldRecord);
  if (told) return told;
  const message =
    `Expected ${keyOf(modelId)} as it was written, got an altered file. Remove it: all changes ` +
    "of the model that are remembered are then told again.";
  throw new DriftkeelError("FILE_CORRUPT", message);
}

/** Throws FILE_FAILED. */
export async function writeTold(store: Store, modelId: string, told: Told): Promise<void> {
  await writeRecord(store, keyOf(modelId), { format_version: 1, ...told });
}

/** How a change is told from others. */
export function markOf({ kind, versionId, at }: VersionChange): NonNullable<Told["last"]> {
  return { kind, version_id: versionId, at: at.toISOString() };
}

/**
 * The changes after the last one that was told, oldest first; when that one is not remembered any
 * more, all of them. history: oldest first.
 */
export function untold(history: readonly VersionChange[], { last }: Told): VersionChange[] {
  const isLast = (change: VersionChange) => {
    const mark = markOf(change);
    return mark.kind === last?.kind && mark.version_id === last.version_id && mark.at === last.at;
  };
  return history.slice(history.findLastIndex(isLast) + 1);
}
