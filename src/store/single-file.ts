// Reads and replaces one file that no store owns, as durably as a store does.

import { dirname } from "./built-in.ts";
import type { Disk } from "./disk.ts";
import { NodeDisk } from "./node-disk.ts";
import { replaceFile } from "./replace-file.ts";
import { reportFailures } from "./report-failures.ts";

/**
 * The bytes of a file; undefined when there is none. disk: default the file system. Throws
 * FILE_FAILED.
 */
export async function readSingleFile(path: string, disk?: Disk): Promise<Uint8Array | undefined> {
  return reportFailures(disk ?? new NodeDisk()).read(path);
}

/**
 * Replaces a file whole and creates the folders it lacks: once this resolves the bytes survive a
 * power cut, and when it rejects the old or the new ones are there. Nobody else may write to the
 * file meanwhile. disk: default the file system. Throws FILE_FAILED.
 */
export async function replaceSingleFile(
  path: string,
  bytes: Uint8Array,
  disk?: Disk,
): Promise<void> {
  const reported = reportFailures(disk ?? new NodeDisk());
  const folder = dirname(path);
  const created = await reported.createFolder(folder);
  for (let name = folder; created !== undefined; name = dirname(name)) {
    await reported.syncFolder(dirname(name));
    if (name === created || name === dirname(name)) break;
  }
  await replaceFile(reported, path, bytes);
}
