// A list in a file of JSON that carries its own SHA-256, so that damage shows.

import { createHash } from "node:crypto";
import * as z from "zod/mini";
import { DriftkeelError } from "../../index.ts";
import { english } from "./english.ts";

const digestOf = (list: readonly unknown[]) =>
  createHash("sha256").update(JSON.stringify(list)).digest("hex");

/** `list`, of JSON values, as bytes. kind: what the list is of. */
export function sealList(kind: string, list: readonly unknown[]): Uint8Array {
  const record = { format_version: 1, kind, sha256: digestOf(list), list };
  return new TextEncoder().encode(`${JSON.stringify(record)}\n`);
}

/** What `sealList` was given. path: for messages. Throws FILE_CORRUPT when a byte is different. */
export function openList<S extends z.ZodMiniType>(
  kind: string,
  schema: S,
  bytes: Uint8Array,
  path: string,
): z.output<S>[] {
  const record = z.strictObject({
    format_version: z.literal(1),
    kind: z.literal(kind),
    sha256: z.string(),
    list: z.array(schema),
  });
  try {
    const value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    const parsed = record.parse(value, english);
    if (parsed.sha256 === digestOf(value.list)) return parsed.list;
  } catch (cause) {
    throw corrupt(kind, path, cause);
  }
  throw corrupt(kind, path, undefined);
}

function corrupt(kind: string, path: string, cause: unknown): DriftkeelError {
  return new DriftkeelError(
    "FILE_CORRUPT",
    `Expected ${path} to hold ${kind} as they were written, got an altered or truncated file. ` +
      "Put a copy back, or remove it to begin anew.",
    { cause },
  );
}
