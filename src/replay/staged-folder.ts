// A folder that replaces another only when everything in it is complete.

import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { FileStore } from "../store/file-store.ts";
import { NodeDisk } from "../store/node-disk.ts";
import { failing, reportFailures } from "../store/report-failures.ts";

const disk = reportFailures(new NodeDisk());

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
    await disk.createFolder(dirname(path));
    await removeAll(stage);
    await disk.createFolder(stage);
    return new StagedFolder(path, stage);
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
    if (isThere) await disk.rename(this.path, former);
    try {
      await disk.rename(this.stage, this.path);
    } catch (cause) {
      if (isThere) await disk.rename(former, this.path);
      throw cause;
    }
    await disk.syncFolder(dirname(this.path));
    await removeAll(former);
  }

  /** Removes the stage and leaves what is at the path; nothing to do after `publish`. */
  async discard(): Promise<void> {
    await removeAll(this.stage);
  }
}

async function removeAll(path: string): Promise<void> {
  await failing("remove", path, () => rm(path, { recursive: true, force: true }));
}
