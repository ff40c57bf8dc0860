// What version.json says of one version; the one place where its names are mapped.

import * as z from "zod/mini";
import { DriftkeelError } from "../errors.ts";
import { isId } from "./ids.ts";
import { isIsoTime } from "./iso-time.ts";
import { parseRecord, writeRecord } from "./record-file.ts";
import type { Store } from "./store.ts";

const idText = z.string().check(z.refine(isId));

/** On disk. */
const versionRecord = z.strictObject({
  format_version: z.literal(1),
  version_id: idText,
  sequence: z.int().check(z.minimum(1)),
  saved_at: z.string().check(z.refine(isIsoTime)),
  parent: z.nullable(idText),
  parts: z.array(
    z.strictObject({
      name: idText,
      size_bytes: z.int().check(z.minimum(0)),
      sha256: z.string().check(z.length(64)),
    }),
  ),
});

/** A saved version, as `list` describes it. */
export interface VersionEntry {
  id: string;
  /** Rises by 1 with every version saved: the order, whatever the clock did. */
  sequence: number;
  savedAt: Date;
  /** The version that its weights were trained from. */
  parent?: string;
  parts: VersionPart[];
}

/** A named piece of state that belongs to a version. */
export interface VersionPart {
  name: string;
  sizeBytes: number;
  /** Of its bytes, hexadecimal. */
  sha256: string;
}

/** SNAPSHOT_CORRUPT for a file of a version. */
export function damagedFile(key: string): DriftkeelError {
  return new DriftkeelError(
    "SNAPSHOT_CORRUPT",
    `Expected ${key} as it was written, got an altered, truncated or absent file. Roll back to ` +
      "another version, or restore the file from a copy.",
  );
}

/** Writes the record under `key`: from here on the version exists. */
export async function writeVersionRecord(
  store: Store,
  key: string,
  { id, sequence, savedAt, parent, parts }: VersionEntry,
): Promise<void> {
  await writeRecord(store, key, {
    format_version: 1,
    version_id: id,
    sequence,
    saved_at: savedAt.toISOString(),
    parent: parent ?? null,
    parts: parts.map(({ name, sizeBytes, sha256 }) => ({ name, size_bytes: sizeBytes, sha256 })),
  });
}

/** The record of the version `id` under `key`. Throws SNAPSHOT_CORRUPT, also when it is absent. */
export async function readVersionRecord(
  store: Store,
  key: string,
  id: string,
): Promise<VersionEntry> {
  const bytes = await store.read(key);
  const record = bytes && (await parseRecord(bytes, versionRecord));
  if (record?.version_id !== id) throw damagedFile(key);
  return {
    id,
    sequence: record.sequence,
    savedAt: new Date(record.saved_at),
    ...(record.parent !== null && { parent: record.parent }),
    parts: record.parts.map((part) => ({
      name: part.name,
      sizeBytes: part.size_bytes,
      sha256: part.sha256,
    })),
  };
}
