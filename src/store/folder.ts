// A folder that one writer owns: opened durably, locked, and refused to whoever may not write.

import { DriftkeelError } from "../errors.ts";
import { dirname, join, resolve } from "./built-in.ts";
import type { Disk } from "./disk.ts";
import { FolderLock } from "./folder-lock.ts";
import { type LockHost, NodeLockHost } from "./lock-host.ts";
import { NodeDisk } from "./node-disk.ts";
import { reportFailures } from "./report-failures.ts";

/** StorageOptions as they were parsed, and whom messages speak of. */
interface FolderOptions {
  owner: string;
  lockName: string;
  disk?: Disk | undefined;
  lockHost?: LockHost | undefined;
  readOnly: boolean;
}

/** Makes the folder durable, with every parent that has to be created for it. */
async function ensureFolder(disk: Disk, path: string): Promise<void> {
  const topmost = (await disk.createFolder(path)) ?? path;
  // A folder found there may be the work of a writer that was killed before it synced.
  for (let folder = path; ; folder = dirname(folder)) {
    await disk.syncFolder(dirname(folder));
    if (folder === topmost || folder === dirname(folder)) return;
  }
}

/** An open folder; all paths go through `path`. */
export class Folder {
  /** Rejects with FILE_FAILED only. */
  readonly disk: Disk;
  readonly #owner: string;
  readonly #root: string;
  readonly #readOnly: boolean;
  readonly #durable = new Set<string>();
  #lock: FolderLock | undefined;
  #isClosed = false;

  private constructor(disk: Disk, root: string, { owner, readOnly }: FolderOptions) {
    this.disk = disk;
    this.#root = root;
    this.#owner = owner;
    this.#readOnly = readOnly;
  }

  /** Creates the folder and locks it, unless it is read-only. Throws STORE_LOCKED, FILE_FAILED. */
  static async open(root: string, options: FolderOptions): Promise<Folder> {
    const disk = reportFailures(options.disk ?? new NodeDisk());
    const folder = new Folder(disk, resolve(root), options);
    if (options.readOnly) return folder;
    await ensureFolder(disk, folder.#root);
    const host = options.lockHost ?? new NodeLockHost();
    folder.#lock = await FolderLock.acquire(disk, folder.#root, options.lockName, host);
    return folder;
  }

  get readOnly(): boolean {
    return this.#readOnly;
  }

  /** The path of something in the folder. */
  path(...names: string[]): string {
    return join(this.#root, ...names);
  }

  /** Creates a folder in this one unless it is there, and makes it durable. */
  async ensure(name: string): Promise<void> {
    if (name === "" || name === "." || this.#durable.has(name)) return;
    await this.ensure(dirname(name));
    await ensureFolder(this.disk, this.path(name));
    this.#durable.add(name);
  }

  /** Removes a folder in this one that nothing is left in. */
  async removeEmpty(name: string): Promise<void> {
    this.#durable.delete(name);
    await this.disk.removeFolder(this.path(name));
    await this.disk.syncFolder(dirname(this.path(name)));
  }

  /** Throws STORE_CLOSED. */
  checkOpen(): void {
    if (!this.#isClosed) return;
    const message = `Expected an open ${this.#owner}, got a closed one; open it again.`;
    throw new DriftkeelError("STORE_CLOSED", message);
  }

  /** Throws STORE_CLOSED, STORE_READ_ONLY, STORE_LOCKED when the right to write was lost. */
  async checkWritable(): Promise<void> {
    this.checkMayWrite();
    await this.#lock?.assertHeld();
  }

  /** The same without a look at the lock. Throws STORE_CLOSED, STORE_READ_ONLY. */
  checkMayWrite(): void {
    this.checkOpen();
    if (!this.#readOnly) return;
    throw new DriftkeelError(
      "STORE_READ_ONLY",
      `Expected ${this.#owner} to be open for writing, got one with readOnly; open another ` +
        "without it.",
    );
  }

  /** Gives the folder free; again does nothing. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#lock?.release();
  }
}
