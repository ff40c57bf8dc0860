// A folder that replaces another only when everything in it is complete.

import { existsSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { DriftkeelError } from "../errors.ts";
import { FileStore } from "../store/file-store.ts";

/** Files are made in `stage`, beside the place they are for; its name starts with a dot. */
export class StagedFolder {
  readonly path: string;
  readonly stage: string;

  private constructor(path: string, stage: string) {
    this.path = path;
    this.stage = stage;
  }

  /** Creates an empty stage, which names this process. Throws `FILE_FAILED`. */
  static async open(path: string): Promise<StagedFolder> {
    const stage = join(dirname(path), `.${basename(path)}.${process.pid}`);
    return failing(path, async () => {
      await rm(stage, { recursive: true, force: true });
      await makeFolder(stage);
      return new StagedFolder(path, stage);
    });
  }

  /**
   * Puts the stage in place of what is at the path. Throws `FILE_FAILED`, and `STORE_LOCKED` when a
   * living process writes there; everything is then as it was.
   */
  async publish(): Promise<void> {
    const former = `${this.stage}.former`;
    const isThere = existsSync(this.path);
    // Whoever holds the versions in it must not lose them under his hands.
    if (isThere) await (await FileStore.open({ storagePath: this.path })).close();
    await failing(this.path, async () => {
      if (isThere) await rename(this.path, former);
      await rename(this.stage, this.path);
      await syncFolder(dirname(this.path));
      await rm(former, { recursive: true, force: true });
    });
  }

  /** Removes the stage and leaves what is at the path; nothing to do after `publish`. */
  async discard(): Promise<void> {
    await rm(this.stage, { recursive: true, force: true });
  }
}

/** Makes a rename in the folder durable; Windows cannot open folders and does so by itself. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  await folder.sync().finally(() => folder.close());
}

async function failing<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `Expected to be able to write ${path}: ${reason}.`;
    throw new DriftkeelError("FILE_FAILED", message, { cause });
  }
}

/**
 * Creates a folder and those above it, one by one: the recursive form of Node 20 never returns
 * where the system refuses new folders with "not found", as below /proc.
 */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "EEXIST") return;
    const above = dirname(path);
    if (code !== "ENOENT" || above === path || existsSync(above)) throw cause;
    await makeFolder(above);
    await mkdir(path);
  }
}
