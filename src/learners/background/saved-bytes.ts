// How this learner's states lie at rest: a safetensors file with JSON beside the tensors, and a
// checksum of all of it.

import type * as z from "zod/mini";
import { crc32, parseState } from "../../foundation.ts";
import { DriftkeelError, decodeSafetensors, encodeSafetensors, type Tensor } from "../../index.ts";

const FORMAT_VERSION = "1";
const CHECKSUM_BYTES = 4;

/** What a state consists of. */
export interface SavedParts {
  tensors: Map<string, Tensor>;
  /** Survives JSON. */
  record: object;
}

function corrupt(kind: string, cause?: unknown): DriftkeelError {
  return new DriftkeelError(
    "FILE_CORRUPT",
    `Expected the bytes of a ${kind} as they were saved, got others. Restore them from a copy; ` +
      "nothing was loaded.",
    { cause },
  );
}

/** The bytes of a state. `kind` names the class that it belongs to. */
export function encodeParts(kind: string, { tensors, record }: SavedParts): Uint8Array {
  const metadata = new Map([
    ["format_version", FORMAT_VERSION],
    ["kind", kind],
    ["record", JSON.stringify(record)],
  ]);
  const file = encodeSafetensors({ tensors, metadata });
  const bytes = new Uint8Array(file.length + CHECKSUM_BYTES);
  bytes.set(file);
  new DataView(bytes.buffer).setUint32(file.length, crc32(file), true);
  return bytes;
}

/** Reads what `encodeParts` wrote. Throws FILE_CORRUPT when a byte is different, STATE_INVALID. */
export function decodeParts<S extends z.ZodMiniObject>(
  kind: string,
  bytes: Uint8Array,
  schema: S,
): { tensors: Map<string, Tensor>; record: z.output<S> } {
  const end = bytes instanceof Uint8Array ? bytes.length - CHECKSUM_BYTES : -1;
  if (end < 0) throw corrupt(kind);
  const file = bytes.slice(0, end);
  const checksum = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(end, true);
  if (checksum !== crc32(file)) throw corrupt(kind);
  const { tensors, metadata } = decodeSafetensors(file);
  if (metadata.get("kind") !== kind || metadata.get("format_version") !== FORMAT_VERSION) {
    throw corrupt(kind);
  }
  let record: unknown;
  try {
    record = JSON.parse(metadata.get("record") ?? "");
  } catch (cause) {
    throw corrupt(kind, cause);
  }
  return { tensors, record: parseState(kind, schema, record) };
}

/** The values of a tensor of a given length. Throws FILE_CORRUPT. */
export function valuesOf(
  kind: string,
  tensors: Map<string, Tensor>,
  name: string,
  length: number,
): Float32Array {
  const values = tensors.get(name)?.values;
  if (values?.length !== length) throw corrupt(kind);
  return values;
}

/** A tensor that holds bytes: their number as u32, then the bytes, padded with zeros. */
export function tensorOfBytes(bytes: Uint8Array): Tensor {
  const words = new Uint32Array(1 + Math.ceil(bytes.length / 4));
  words[0] = bytes.length;
  new Uint8Array(words.buffer).set(bytes, 4);
  return { shape: [words.length], values: new Float32Array(words.buffer) };
}

/** What `tensorOfBytes` took. Throws FILE_CORRUPT. */
export function bytesOf(kind: string, tensors: Map<string, Tensor>, name: string): Uint8Array {
  const values = tensors.get(name)?.values;
  const length = values?.length ? new Uint32Array(values.buffer, values.byteOffset, 1)[0]! : -1;
  if (!values || length < 0 || 1 + Math.ceil(length / 4) !== values.length) throw corrupt(kind);
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice(4, 4 + length);
}
