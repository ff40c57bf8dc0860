// The disk of the machine, through Node.

import type { FileHandle } from "node:fs/promises";
import { builtIn, dirname } from "./built-in.ts";
import type { Disk, DiskEntry, DiskFile } from "./disk.ts";

const fs = () => builtIn("node:fs/promises");

class NodeDiskFile implements DiskFile {
  readonly #file: FileHandle;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async write(bytes: Uint8Array): Promise<void> {
    // appendFile goes on after a short write; write alone does not.
    await this.#file.appendFile(bytes);
  }

  async truncate(sizeBytes: number): Promise<void> {
    await this.#file.truncate(sizeBytes);
  }

  async sync(): Promise<void> {
    await this.#file.sync();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** `value` unless the system says that there is no such file or folder: then `otherwise`. */
async function unlessAbsent<T>(value: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await value;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return otherwise;
    throw cause;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await unlessAbsent(fs().stat(path), undefined))?.isDirectory() ?? false;
}

/** The file system, as Node and the operating system keep it. */
export class NodeDisk implements Disk {
  async create(path: string): Promise<DiskFile> {
    // Appending, so that writes go on at the end after a cut.
    const file = await fs().open(path, "a");
    try {
      await file.truncate(0);
    } catch (cause) {
      await file.close();
      throw cause;
    }
    return new NodeDiskFile(file);
  }

  async append(path: string): Promise<DiskFile> {
    return new NodeDiskFile(await fs().open(path, "a"));
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    const bytes = await unlessAbsent<Uint8Array | undefined>(fs().readFile(path), undefined);
    // Not a Buffer: its slice is a view.
    return bytes && new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  async readPart(path: string, start: number, end: number): Promise<Uint8Array | undefined> {
    const file = await unlessAbsent(fs().open(path, "r"), undefined);
    if (!file) return undefined;
    try {
      const bytes = new Uint8Array(end - start);
      let filled = 0;
      for (let read = -1; read !== 0 && filled < bytes.length; filled += read) {
        read = (await file.read(bytes, filled, bytes.length - filled, start + filled)).bytesRead;
      }
      return bytes.subarray(0, filled);
    } finally {
      await file.close();
    }
  }

  async sizeOf(path: string): Promise<number | undefined> {
    return (await unlessAbsent(fs().stat(path), undefined))?.size;
  }

  async list(folder: string): Promise<DiskEntry[]> {
    const entries = await unlessAbsent(fs().readdir(folder, { withFileTypes: true }), []);
    return entries.map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
  }

  async rename(from: string, to: string): Promise<void> {
    await fs().rename(from, to);
  }

  async remove(path: string): Promise<void> {
    await fs().rm(path, { force: true });
  }

  /**
   * One by one: the recursive form of Node 20 never returns where the system refuses new folders
   * with "not found", as below /proc.
   */
  async createFolder(path: string): Promise<string | undefined> {
    try {
      await fs().mkdir(path);
      return path;
    } catch (cause) {
      if (await isFolder(path)) return undefined;
      const above = dirname(path);
      const isAbsent = (cause as NodeJS.ErrnoException).code === "ENOENT";
      if (!isAbsent || above === path || (await isFolder(above))) throw cause;
      const topmost = await this.createFolder(above);
      const created = await this.createFolder(path);
      return topmost ?? created;
    }
  }

  async removeFolder(path: string): Promise<void> {
    await unlessAbsent(fs().rmdir(path), undefined);
  }

  /** Windows cannot open folders, and keeps their names durable by itself. */
  async syncFolder(path: string): Promise<void> {
    if (process.platform === "win32") return;
    const folder = await fs().open(path, "r");
    await folder.sync().finally(() => folder.close());
  }
}
