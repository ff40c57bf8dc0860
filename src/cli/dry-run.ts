// A place where a learner can do everything without a trace: a copy of its folder, removed after.

import { cp, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { DriftkeelError } from "../errors.ts";
import { FileStore } from "../index.ts";
import { writerText } from "./status-text.ts";

/** Names of locks and of files that were never finished: no part of a folder's content. */
const PASSING = /^\.(draft-|.*lock-[0-9a-f]{16}$)/;

/**
 * Runs `run` on a copy of a model's folder in the system's temporary folder. Throws STORE_LOCKED
 * while a process writes to the folder (half of a change would be copied), FILE_FAILED, and what
 * `run` throws.
 */
export async function onCopy<T>(path: string, run: (copy: string) => Promise<T>): Promise<T> {
  const scratch = await mkdtemp(join(tmpdir(), "driftkeel-dry-run-"));
  try {
    const copy = join(scratch, basename(path));
    await checkNobodyWrites(path);
    await copyFolder(path, copy);
    await checkNobodyWrites(path);
    return await run(copy);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function checkNobodyWrites(path: string): Promise<void> {
  const writer = await FileStore.findWriter({ storagePath: path });
  if (writer === undefined || writer.isAlive === false) return;
  throw new DriftkeelError(
    "STORE_LOCKED",
    `Expected nobody to write to ${path} while it is copied, got a lock of ` +
      `${writerText(writer)}. Close the other writer, or try again later.`,
  );
}

async function copyFolder(from: string, to: string): Promise<void> {
  const isThere = await stat(from).then(
    () => true,
    () => false,
  );
  if (!isThere) return;
  try {
    const filter = (source: string) => !PASSING.test(basename(source));
    await cp(from, to, { recursive: true, filter });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DriftkeelError("FILE_FAILED", `Expected to be able to copy ${from}: ${reason}.`, {
      cause,
    });
  }
}
