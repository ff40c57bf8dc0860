// Small sealed records in a store: whole, checked, and of a shape that is known.

import type * as z from "zod/mini";
import { seal, unseal } from "./sealed-json.ts";
import type { Store } from "./store.ts";
import { decodeUtf8 } from "./utf8.ts";

const SEAL = "sha256";

/** `record` as a sealed line of JSON. */
export async function encodeRecord(record: object): Promise<Uint8Array> {
  return new TextEncoder().encode(`${await seal(record, SEAL)}\n`);
}

/** Writes `record` under `key` as a sealed line of JSON. */
export async function writeRecord(store: Store, key: string, record: object): Promise<void> {
  await store.write(key, await encodeRecord(record));
}

/**
 * The record that `bytes` hold; undefined when a byte is different from what `encodeRecord` made,
 * or when it is not what `schema` describes.
 */
export async function parseRecord<S extends z.ZodMiniObject>(
  bytes: Uint8Array,
  schema: S,
): Promise<z.output<S> | undefined> {
  const text = decodeUtf8(bytes);
  if (!text?.endsWith("\n")) return undefined;
  const sealed = await unseal(text.slice(0, -1), SEAL);
  if (typeof sealed !== "object" || sealed === null) return undefined;
  const record = { ...sealed } as Record<string, unknown>;
  delete record[SEAL];
  const parsed = schema.safeParse(record);
  return parsed.success ? parsed.data : undefined;
}
