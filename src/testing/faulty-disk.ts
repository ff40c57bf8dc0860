// A disk that dies on purpose: in memory, with a crash or a failure at any chosen operation.

import type { Disk, DiskEntry, DiskFile, LockHost } from "../index.ts";
import { FileNode, FolderNode, none, type Survival } from "./disk-nodes.ts";

export { SURVIVALS, type Survival } from "./disk-nodes.ts";

function systemError(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code });
}

const namesOf = (path: string): string[] => path.split("/").filter((name) => name !== "");

/**
 * Every operation that changes or syncs something is a point, numbered from 0. Only what was synced
 * is certain to survive: the bytes of a file by its own sync, its name by that of its folder.
 */
export class FaultyDisk implements Disk {
  /** Points passed so far. */
  points = 0;
  /** What the operations at these points were. */
  readonly trace: string[] = [];
  /** Bytes that all files together may have. */
  capacityBytes = Number.POSITIVE_INFINITY;
  /** Whether every change is refused with EROFS. */
  isReadOnly = false;
  #root = new FolderNode();
  /** Starts so far. */
  #life = 1;
  #crash: { at: number; survival: Survival } | undefined;
  #failure: { at: number; code: string } | undefined;
  #isDead = false;

  /** Who the writers on this disk are: every restart makes the writers before it dead. */
  get lockHost(): LockHost {
    const life = this.#life;
    return {
      owner: { pid: life, thread: 0, started: "0", machine: "test" },
      isAlive: ({ pid }) => pid === life,
      sleep: async () => {},
    };
  }

  /** At this point and ever after, every operation rejects. */
  crashAt(point: number, survival: Survival): void {
    this.#crash = { at: point, survival };
  }

  /** At this point one operation rejects with a code such as EIO or ENOSPC, and nothing is done. */
  failAt(point: number, code: string): void {
    this.#failure = { at: point, code };
  }

  /** Whether the crash has happened. */
  get isDead(): boolean {
    return this.#isDead;
  }

  /** Bytes of all files together. */
  get sizeBytes(): number {
    return this.#sizeBytes(this.#root);
  }

  /** The disk as the next start finds it. survival: default that of the crash, else lost. */
  restart(survival?: Survival): FaultyDisk {
    const left = survival ?? this.#crash?.survival ?? "lost";
    const next = new FaultyDisk();
    next.#root = this.#root.survivor(left);
    next.#life = this.#life + 1;
    return next;
  }

  /** Replaces the bytes of a file behind everyone's back. */
  tamper(path: string, change: (bytes: Uint8Array) => Uint8Array): void {
    const file = this.#file(path);
    file.bytes = change(file.bytes.slice());
    file.synced = file.bytes;
  }

  /** Paths of all files whose names do not start with a dot. */
  paths(): string[] {
    return pathsUnder(this.#root, "");
  }

  async create(path: string): Promise<DiskFile> {
    return this.#point(`create ${path}`, () => {
      const { folder, name } = this.#place(path);
      const present = folder.entries.get(name);
      const file = present instanceof FileNode ? present : new FileNode(none, none);
      file.bytes = none;
      folder.entries.set(name, file);
      return this.#open(file, path);
    });
  }

  async append(path: string): Promise<DiskFile> {
    return this.#point(`append ${path}`, () => {
      const { folder, name } = this.#place(path);
      const present = folder.entries.get(name);
      const file = present instanceof FileNode ? present : new FileNode(none, none);
      folder.entries.set(name, file);
      return this.#open(file, path);
    });
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    this.#checkAlive();
    const node = this.#find(path);
    return node instanceof FileNode ? node.bytes.slice() : undefined;
  }

  async readPart(path: string, start: number, end: number): Promise<Uint8Array | undefined> {
    return (await this.read(path))?.slice(start, end);
  }

  async sizeOf(path: string): Promise<number | undefined> {
    return (await this.read(path))?.length;
  }

  async list(folder: string): Promise<DiskEntry[]> {
    this.#checkAlive();
    const node = this.#find(folder);
    if (!(node instanceof FolderNode)) return [];
    return Array.from(node.entries, ([name, each]) => ({
      name,
      isFolder: each instanceof FolderNode,
    }));
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#point(`rename ${from} ${to}`, () => {
      const [source, target] = [this.#place(from), this.#place(to)];
      const node = source.folder.entries.get(source.name);
      if (node === undefined) throw systemError("ENOENT", `rename ${from}`);
      source.folder.entries.delete(source.name);
      target.folder.entries.set(target.name, node);
    });
  }

  async remove(path: string): Promise<void> {
    await this.#point(`remove ${path}`, () => {
      if (this.#find(path) instanceof FileNode) {
        const { folder, name } = this.#place(path);
        folder.entries.delete(name);
      }
    });
  }

  async createFolder(path: string): Promise<string | undefined> {
    return this.#point(`createFolder ${path}`, () => {
      let topmost: string | undefined;
      let folder = this.#root;
      for (const [index, name] of namesOf(path).entries()) {
        let next = folder.entries.get(name);
        if (next instanceof FileNode) throw systemError("EEXIST", `mkdir ${path}`);
        if (next === undefined) {
          topmost ??= `/${namesOf(path)
            .slice(0, index + 1)
            .join("/")}`;
          next = new FolderNode();
          folder.entries.set(name, next);
        }
        folder = next;
      }
      return topmost;
    });
  }

  async removeFolder(path: string): Promise<void> {
    await this.#point(`removeFolder ${path}`, () => {
      const node = this.#find(path);
      if (!(node instanceof FolderNode)) return;
      if (node.entries.size > 0) throw systemError("ENOTEMPTY", `rmdir ${path}`);
      const { folder, name } = this.#place(path);
      folder.entries.delete(name);
    });
  }

  async syncFolder(path: string): Promise<void> {
    await this.#point(`syncFolder ${path}`, () => {
      const node = this.#find(path);
      if (!(node instanceof FolderNode)) throw systemError("ENOENT", `fsync ${path}`);
      node.synced = new Map(node.entries);
    });
  }

  #open(file: FileNode, path: string): DiskFile {
    const replace = (what: string, change: () => void) => this.#point(`${what} ${path}`, change);
    return {
      write: (bytes) => {
        // The caller may reuse its array.
        const copy = new Uint8Array(bytes);
        return replace("write", () => this.#write(file, copy));
      },
      truncate: (sizeBytes) =>
        replace("truncate", () => {
          file.bytes = file.bytes.slice(0, sizeBytes);
        }),
      sync: () =>
        replace("sync", () => {
          file.synced = file.bytes;
        }),
      close: async () => this.#checkAlive(),
    };
  }

  /** As much as there is room for. */
  #write(file: FileNode, bytes: Uint8Array): void {
    const room = Math.max(0, this.capacityBytes - this.sizeBytes);
    const fitting = bytes.subarray(0, room);
    const grown = new Uint8Array(file.bytes.length + fitting.length);
    grown.set(file.bytes);
    grown.set(fitting, file.bytes.length);
    file.bytes = grown;
    if (fitting.length < bytes.length) throw systemError("ENOSPC", "no space left on device");
  }

  #sizeBytes(folder: FolderNode): number {
    let sum = 0;
    for (const node of folder.entries.values()) {
      sum += node instanceof FolderNode ? this.#sizeBytes(node) : node.bytes.length;
    }
    return sum;
  }

  async #point<T>(what: string, action: () => T): Promise<T> {
    this.#checkAlive();
    const point = this.points;
    this.points += 1;
    this.trace.push(what);
    if (this.isReadOnly) throw systemError("EROFS", what);
    if (this.#failure?.at === point) throw systemError(this.#failure.code, what);
    if (this.#crash?.at !== point) return action();
    // Whether the last operation was done is as uncertain as whether it was synced.
    this.#isDead = true;
    if (this.#crash.survival !== "lost") action();
    throw new Error(`Crash at point ${point}: ${what}`);
  }

  #checkAlive(): void {
    if (this.#isDead) throw new Error("The disk has crashed.");
  }

  #find(path: string): FileNode | FolderNode | undefined {
    let node: FileNode | FolderNode | undefined = this.#root;
    for (const name of namesOf(path)) {
      node = node instanceof FolderNode ? node.entries.get(name) : undefined;
    }
    return node;
  }

  #file(path: string): FileNode {
    const node = this.#find(path);
    if (node instanceof FileNode) return node;
    throw systemError("ENOENT", path);
  }

  #place(path: string): { folder: FolderNode; name: string } {
    const names = namesOf(path);
    const name = names.pop() ?? "";
    const folder = this.#find(names.join("/"));
    if (folder instanceof FolderNode) return { folder, name };
    throw systemError("ENOENT", path);
  }
}

function pathsUnder(folder: FolderNode, start: string): string[] {
  return [...folder.entries].flatMap(([name, node]) => {
    if (node instanceof FolderNode) return pathsUnder(node, `${start}/${name}`);
    return name.startsWith(".") ? [] : [`${start}/${name}`];
  });
}
