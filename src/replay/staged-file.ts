// A file that replaces another only when it is complete.

import { existsSync } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { DriftkeelError } from "../errors.ts";

/** Text appended beside `path` under another name until `publish` puts it in place, whole. */
export class StagedFile {
  readonly #path: string;
  readonly #stage: string;
  readonly #file: FileHandle;
  #isOpen = true;

  private constructor(path: string, stage: string, file: FileHandle) {
    this.#path = path;
    this.#stage = stage;
    this.#file = file;
  }

  /** Creates the folder and an empty stage, which names this process. Throws `FILE_FAILED`. */
  static async open(path: string): Promise<StagedFile> {
    const stage = `${path}.${process.pid}.tmp`;
    return failing(path, async () => {
      await makeFolder(dirname(path));
      return new StagedFile(path, stage, await open(stage, "w"));
    });
  }

  /** Appends text; calls are to be awaited, which keeps their order. Throws `FILE_FAILED`. */
  async append(text: string): Promise<void> {
    await failing(this.#path, () => this.#file.appendFile(text));
  }

  /** Syncs the stage and renames it to the path, then syncs the folder. Throws `FILE_FAILED`. */
  async publish(): Promise<void> {
    await failing(this.#path, async () => {
      await this.#file.sync();
      await this.#close();
      await rename(this.#stage, this.#path);
      await syncFolder(dirname(this.#path));
    });
  }

  /** Removes the stage and leaves what is at the path; nothing to do after `publish`. */
  async discard(): Promise<void> {
    await this.#close();
    await rm(this.#stage, { force: true });
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#file.close();
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
