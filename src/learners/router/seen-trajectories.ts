// Which trajectories an accepted challenger has learned from.

import * as z from "zod/mini";
import { readSingleFile, replaceSingleFile } from "../../foundation.ts";
import type { Disk } from "../../index.ts";
import { openList, sealList } from "./sealed-list.ts";

const KIND = "seen-trajectories";
/** Schema of one id. */
export const seenId = z.string();

/** Ids in a file that is replaced whole. */
export class SeenTrajectories {
  readonly #path: string;
  readonly #disk: Disk | undefined;
  readonly #ids: Set<string>;

  private constructor(path: string, disk: Disk | undefined, ids: readonly string[]) {
    this.#path = path;
    this.#disk = disk;
    this.#ids = new Set(ids);
  }

  /** Reads the file; none is an empty one. Throws FILE_CORRUPT, FILE_FAILED. */
  static async open(path: string, disk?: Disk): Promise<SeenTrajectories> {
    const bytes = await readSingleFile(path, disk);
    const ids = bytes ? openList(KIND, seenId, bytes, path) : [];
    return new SeenTrajectories(path, disk, ids);
  }

  get size(): number {
    return this.#ids.size;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** Adds ids, durably. Throws FILE_FAILED. */
  async mark(ids: readonly string[]): Promise<void> {
    const added = ids.filter((id) => !this.#ids.has(id));
    if (added.length === 0) return;
    const list = [...this.#ids, ...added].sort();
    await replaceSingleFile(this.#path, sealList(KIND, list), this.#disk);
    for (const id of added) this.#ids.add(id);
  }
}
