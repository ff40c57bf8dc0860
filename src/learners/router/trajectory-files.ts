// The files of trajectories: which there are, what one holds, and how one is written.

import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { DriftkeelError } from "../../index.ts";
import {
  parseTrajectoryRecord,
  type Trajectory,
  type TrajectoryRecord,
  trajectoryJson,
} from "./trajectory.ts";

const SUFFIX = ".json";

/** Why a file was not read. */
export interface BrokenFile {
  file: string;
  problem: string;
}

/** Size and last change of a file: what tells that it has not been touched. */
export interface FileStamp {
  sizeBytes: number;
  modifiedMs: number;
}

/** Names of the files of trajectories in a folder, sorted; none without a folder. FILE_FAILED. */
export function listTrajectoryFiles(folder: string): string[] {
  try {
    const names = readdirSync(folder);
    return names.filter((name) => name.endsWith(SUFFIX) && !name.startsWith(".")).sort();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return [];
    const reason = (cause as Error).message;
    throw new DriftkeelError("FILE_FAILED", `Expected to be able to list ${folder}: ${reason}.`, {
      cause,
    });
  }
}

/**
 * The trajectory in a file, or why there is none: nothing that lies in the folder is fatal. A link
 * is not followed, and nothing but a regular file of at most `maxBytes` is read.
 */
export function readTrajectoryFile(
  folder: string,
  file: string,
  maxBytes: number,
): { stamp: FileStamp; record: TrajectoryRecord } | { stamp?: FileStamp; problem: string } {
  let descriptor: number;
  try {
    // Without O_NONBLOCK a pipe without a writer would be waited for.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    descriptor = openSync(join(folder, file), flags);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    return { problem: code === "ELOOP" ? "it is a link" : message.split(",")[0]! };
  }
  try {
    return readOpenFile(descriptor, maxBytes);
  } catch (cause) {
    return { problem: (cause as Error).message.split(",")[0]! };
  } finally {
    closeSync(descriptor);
  }
}

function readOpenFile(descriptor: number, maxBytes: number) {
  const found = fstatSync(descriptor);
  if (!found.isFile()) return { problem: "it is no regular file" };
  const stamp = { sizeBytes: found.size, modifiedMs: found.mtimeMs };
  if (found.size > maxBytes) {
    return { stamp, problem: `${found.size} bytes, at most ${maxBytes} allowed` };
  }
  const bytes = Buffer.allocUnsafe(found.size);
  let length = 0;
  while (length < bytes.length) {
    const count = readSync(descriptor, bytes, length, bytes.length - length, length);
    if (count === 0) break;
    length += count;
  }
  let text: string;
  try {
    text = decoder.decode(bytes.subarray(0, length));
  } catch {
    return { stamp, problem: "it is not UTF-8" };
  }
  const record = parseTrajectoryRecord(text);
  return "problem" in record ? { stamp, problem: record.problem } : { stamp, record };
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Writes a trajectory to `<folder>/<trajectoryId>.json`, durably and whole; a file of that name is
 * replaced. Works beside a cycle, which reads the file or does not, but never half of it. Throws
 * FILE_FAILED.
 */
export async function writeTrajectory(folder: string, trajectory: Trajectory): Promise<void> {
  const name = trajectory.trajectoryId + SUFFIX;
  // Not the drafts of a store, which a cycle removes when it opens the folder above.
  const draft = join(folder, `.incoming-${process.pid}-${name}`);
  try {
    await mkdir(folder, { recursive: true });
    const file = await open(draft, "w");
    try {
      await file.writeFile(trajectoryJson(trajectory));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, join(folder, name));
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => {}); // the cause is what the caller must hear
    const reason = (cause as Error).message;
    throw new DriftkeelError("FILE_FAILED", `Expected to be able to write ${name}: ${reason}.`, {
      cause,
    });
  }
}
