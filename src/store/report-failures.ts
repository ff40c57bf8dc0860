// Turns whatever a disk rejects with into FILE_FAILED: which file, why, what to do.

import { DriftkeelError } from "../errors.ts";
import type { Disk, DiskFile } from "./disk.ts";

/** What to do, by the code of the system. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ["ENOSPC", "The disk is full: free some space."],
  ["EDQUOT", "The quota is used up: free some space."],
  ["EACCES", "Give this process the right to it."],
  ["EPERM", "Give this process the right to it."],
  ["EROFS", "The disk is read-only: mount it for writing, or open with readOnly."],
  ["EMFILE", "Too many files are open: raise the limit."],
]);

/** The result of `action`, whose rejection becomes FILE_FAILED. what: the verb of the message. */
export async function failing<T>(what: string, path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const code = (cause as { code?: unknown } | null)?.code;
    const advice = ADVICE.get(String(code)) ?? "Nothing unfinished was acknowledged.";
    const message = `Expected to be able to ${what} ${path}: ${reason}. ${advice}`;
    throw new DriftkeelError("FILE_FAILED", message, { cause });
  }
}

function reportFileFailures(file: DiskFile, path: string): DiskFile {
  return {
    write: (bytes) => failing("write", path, () => file.write(bytes)),
    truncate: (sizeBytes) => failing("truncate", path, () => file.truncate(sizeBytes)),
    sync: () => failing("sync", path, () => file.sync()),
    close: () => failing("close", path, () => file.close()),
  };
}

/** The same disk, with DriftkeelError FILE_FAILED for every rejection, its `cause` included. */
export function reportFailures(disk: Disk): Disk {
  const opening = (what: string, path: string, action: () => Promise<DiskFile>) =>
    failing(what, path, async () => reportFileFailures(await action(), path));
  return {
    create: (path) => opening("create", path, () => disk.create(path)),
    append: (path) => opening("open", path, () => disk.append(path)),
    read: (path) => failing("read", path, () => disk.read(path)),
    readPart: (path, start, end) => failing("read", path, () => disk.readPart(path, start, end)),
    sizeOf: (path) => failing("read", path, () => disk.sizeOf(path)),
    list: (folder) => failing("list", folder, () => disk.list(folder)),
    rename: (from, to) => failing("write", to, () => disk.rename(from, to)),
    remove: (path) => failing("remove", path, () => disk.remove(path)),
    createFolder: (path) => failing("create", path, () => disk.createFolder(path)),
    removeFolder: (path) => failing("remove", path, () => disk.removeFolder(path)),
    syncFolder: (path) => failing("sync", path, () => disk.syncFolder(path)),
  };
}
