// Reads and writes files that a command line names.

import { open, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { DriftkeelError, DriftkeelRangeError } from "../errors.ts";

/**
 * Writes a file, whole or not at all: beside it under another name, synced, then renamed. Throws
 * OPTION_INVALID when it is there and `mayReplace` is false, and FILE_FAILED.
 */
export async function writeWholeFile(
  path: string,
  bytes: Uint8Array,
  mayReplace: boolean,
): Promise<void> {
  if (!mayReplace && (await isThere(path))) {
    throw new DriftkeelRangeError(
      "OPTION_INVALID",
      `Expected a file that is not there yet, got ${path}; name another, or add --force.`,
    );
  }
  const draft = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  await failing("write", path, async () => {
    try {
      const file = await open(draft, "w");
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, path);
    } catch (cause) {
      await rm(draft, { force: true });
      throw cause;
    }
  });
}

/** The bytes of a file. Throws FILE_FAILED. */
export async function readWholeFile(path: string): Promise<Uint8Array> {
  const bytes = await failing("read", path, () => readFile(path));
  return new Uint8Array(bytes);
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function failing<T>(what: string, path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `Expected to be able to ${what} ${path}: ${reason}.`;
    throw new DriftkeelError("FILE_FAILED", message, { cause });
  }
}
