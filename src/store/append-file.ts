// A file that only grows, by whole and durable pieces.

import { dirname } from "./built-in.ts";
import type { Disk, DiskFile } from "./disk.ts";

/**
 * Appends pieces. A piece that could not be written and synced is cut off again before the next
 * one, so that what was acknowledged is followed by nothing or by whole pieces.
 */
export class AppendFile {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #file: DiskFile;
  #sizeBytes: number;
  /** There may be bytes after `#sizeBytes`. */
  #isTorn: boolean;
  #isNamed = false;

  private constructor(disk: Disk, path: string, file: DiskFile, sizeBytes: number, torn: boolean) {
    this.#disk = disk;
    this.#path = path;
    this.#file = file;
    this.#sizeBytes = sizeBytes;
    this.#isTorn = torn;
  }

  /**
   * Opens the file, or creates it. sizeBytes: how much of it is whole. torn: there is more, which
   * the first `append` or `repair` cuts off.
   */
  static async open(
    disk: Disk,
    path: string,
    sizeBytes: number,
    torn: boolean,
  ): Promise<AppendFile> {
    return new AppendFile(disk, path, await disk.append(path), sizeBytes, torn);
  }

  /** Resolves once `bytes` would survive a power cut. Throws FILE_FAILED. */
  async append(bytes: Uint8Array): Promise<void> {
    await this.repair();
    this.#isTorn = true;
    try {
      await this.#file.write(bytes);
      await this.#file.sync();
      if (!this.#isNamed) await this.#disk.syncFolder(dirname(this.#path));
    } catch (cause) {
      // At once for the sake of readers; when it fails, the next append has to do it.
      await this.repair().catch(() => {});
      throw cause;
    }
    this.#isNamed = true;
    this.#isTorn = false;
    this.#sizeBytes += bytes.length;
  }

  /** Cuts off what is no whole piece. Throws FILE_FAILED. */
  async repair(): Promise<void> {
    if (!this.#isTorn) return;
    await this.#file.truncate(this.#sizeBytes);
    await this.#file.sync();
    this.#isTorn = false;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
