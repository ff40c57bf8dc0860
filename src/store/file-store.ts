// A store whose keys are files in one folder.

import * as z from "zod/mini";
import { parseOptions } from "../options.ts";
import { basename, dirname, resolve } from "./built-in.ts";
import { Folder } from "./folder.ts";
import { findLockHolder, type LockHolder } from "./folder-lock.ts";
import { NodeLockHost } from "./lock-host.ts";
import { NodeDisk } from "./node-disk.ts";
import { DRAFT, replaceFile } from "./replace-file.ts";
import { reportFailures } from "./report-failures.ts";
import { type StorageOptions, storageOptions, storagePath } from "./storage-options.ts";
import { checkBytes, checkKey, isKeyName, type Store } from "./store.ts";
import { Turns } from "./turns.ts";

const LOCK = ".lock";
const optionsSchema = z.object({ storagePath, ...storageOptions });

/** What `FileStore.open` takes. */
export interface FileStoreOptions extends StorageOptions {
  /** The folder; created when it is absent. */
  storagePath: string;
}

/**
 * Each key is a file below `storagePath`. Files and folders that start with a dot are no keys: the
 * lock and unfinished drafts live there, and `open` removes the drafts that a crash left.
 */
export class FileStore implements Store {
  readonly #folder: Folder;
  readonly #turns = new Turns();

  private constructor(folder: Folder) {
    this.#folder = folder;
  }

  /** Throws OPTION_INVALID, OPTION_UNKNOWN, STORE_LOCKED, FILE_FAILED. */
  static async open(options: FileStoreOptions): Promise<FileStore> {
    const { storagePath, ...storage } = parseOptions("FileStore", optionsSchema, options);
    const ours = { owner: "FileStore", lockName: LOCK };
    const folder = await Folder.open(storagePath, { ...ours, ...storage });
    const store = new FileStore(folder);
    try {
      if (!folder.readOnly) await store.#removeDrafts("");
    } catch (cause) {
      await folder.close().catch(() => {});
      throw cause;
    }
    return store;
  }

  /**
   * Who has the folder open for writing, also as the folder of a VersionStore; undefined for
   * nobody. Takes no lock and changes nothing. Throws OPTION_INVALID, OPTION_UNKNOWN, FILE_FAILED.
   */
  static async findWriter(options: FileStoreOptions): Promise<LockHolder | undefined> {
    const { storagePath, disk, lockHost } = parseOptions("FileStore", optionsSchema, options);
    const reported = reportFailures(disk ?? new NodeDisk());
    return findLockHolder(reported, resolve(storagePath), LOCK, lockHost ?? new NodeLockHost());
  }

  read(key: string): Promise<Uint8Array | undefined> {
    return this.#next(async () => {
      checkKey(key);
      return this.#folder.disk.read(this.#folder.path(key));
    });
  }

  write(key: string, bytes: Uint8Array): Promise<void> {
    // The caller may change its array while this waits for its turn.
    const copy = bytes instanceof Uint8Array ? new Uint8Array(bytes) : bytes;
    return this.#next(async () => {
      checkKey(key);
      checkBytes(copy);
      await this.#folder.checkWritable();
      await this.#folder.ensure(dirname(key));
      await replaceFile(this.#folder.disk, this.#folder.path(key), copy);
    });
  }

  list(prefix = ""): Promise<string[]> {
    return this.#next(async () => {
      const keys: string[] = [];
      // No key outside the last whole folder of the prefix can start with it.
      const under = prefix.slice(0, Math.max(0, prefix.lastIndexOf("/")));
      if (under === "" || under.split("/").every(isKeyName)) await this.#collect(under, keys);
      return keys.filter((key) => key.startsWith(prefix)).sort();
    });
  }

  remove(key: string): Promise<void> {
    return this.#next(async () => {
      checkKey(key);
      await this.#folder.checkWritable();
      const { disk } = this.#folder;
      const parent = dirname(key);
      const siblings = await disk.list(this.#folder.path(parent));
      if (!siblings.some(({ name }) => name === basename(key))) return;
      await disk.remove(this.#folder.path(key));
      await disk.syncFolder(this.#folder.path(parent));
      if (siblings.length === 1 && parent !== ".") await this.#folder.removeEmpty(parent);
    });
  }

  close(): Promise<void> {
    return this.#turns.run(() => this.#folder.close());
  }

  #next<T>(task: () => Promise<T>): Promise<T> {
    return this.#turns.run(async () => {
      this.#folder.checkOpen();
      return task();
    });
  }

  async #collect(under: string, keys: string[]): Promise<void> {
    for (const { name, isFolder } of await this.#folder.disk.list(this.#folder.path(under))) {
      if (!isKeyName(name)) continue;
      const key = under === "" ? name : `${under}/${name}`;
      if (isFolder) await this.#collect(key, keys);
      else keys.push(key);
    }
  }

  async #removeDrafts(under: string): Promise<void> {
    for (const { name, isFolder } of await this.#folder.disk.list(this.#folder.path(under))) {
      const key = under === "" ? name : `${under}/${name}`;
      if (isFolder && isKeyName(name)) await this.#removeDrafts(key);
      else if (!isFolder && name.startsWith(DRAFT))
        await this.#folder.disk.remove(this.#folder.path(key));
    }
  }
}
