// All there is to know about one version, read and verified.

import { DriftkeelError } from "../errors.ts";
import {
  type CurrentVersion,
  decodeSafetensors,
  FileStore,
  type SavedVersion,
  VersionStore,
} from "../index.ts";
import type { ModelFolder } from "./model-folders.ts";
import { readPointer } from "./model-status.ts";
import { marksOf } from "./version-list.ts";

/** One tensor of a version. */
export interface TensorSummary {
  name: string;
  shape: readonly number[];
  length: number;
  /** L2, summed in f64. */
  norm: number;
}

/** A version that was read whole. */
export interface VersionDetail {
  saved: SavedVersion;
  marks: string[];
  tensors: TensorSummary[];
  /** Of the tensors' bytes. */
  sha256: string;
  /** The weights' file and the parts. */
  sizeBytes: number;
}

/** Reads and verifies. Throws VERSION_UNKNOWN naming the nearest, ID_INVALID, SNAPSHOT_CORRUPT. */
export async function readVersion({ path }: ModelFolder, id: string): Promise<VersionDetail> {
  const versions = await VersionStore.open({ storagePath: path, readOnly: true });
  try {
    const saved = await versions.read(id);
    const { current } = await readPointer(versions);
    return await detailOf(path, saved, current);
  } finally {
    await versions.close();
  }
}

async function detailOf(
  folder: string,
  saved: SavedVersion,
  current: CurrentVersion | undefined,
): Promise<VersionDetail> {
  const bytes = await readWeightsFile(folder, saved.id);
  const { tensors, metadata } = decodeSafetensors(bytes);
  return {
    saved,
    marks: marksOf(saved.id, current),
    tensors: Array.from(tensors, ([name, { shape, values }]) => ({
      name,
      shape,
      length: values.length,
      norm: Math.sqrt(values.reduce((sum, value) => sum + value * value, 0)),
    })),
    sha256: metadata.get("sha256") ?? "",
    sizeBytes: saved.parts.reduce((sum, part) => sum + part.sizeBytes, bytes.length),
  };
}

/** The bytes of a version's model.safetensors. Throws SNAPSHOT_CORRUPT when it has gone. */
export async function readWeightsFile(folder: string, id: string): Promise<Uint8Array> {
  const store = await FileStore.open({ storagePath: folder, readOnly: true });
  try {
    const key = `versions/${id}/model.safetensors`;
    const bytes = await store.read(key);
    if (bytes !== undefined) return bytes;
    const message = `Expected ${key} as it was a moment ago, got none; it was evicted meanwhile.`;
    throw new DriftkeelError("SNAPSHOT_CORRUPT", message);
  } finally {
    await store.close();
  }
}
