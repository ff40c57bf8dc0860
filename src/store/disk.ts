// The contract between storage and what keeps its bytes: the few operations durability is made of.

/** A file open for writing. */
export interface DiskFile {
  /** Appends all of `bytes`, or rejects with an unknown part of them appended. */
  write(bytes: Uint8Array): Promise<void>;
  /** Cuts the file to its first `sizeBytes` bytes; later writes go on from there. */
  truncate(sizeBytes: number): Promise<void>;
  /** Resolves once everything written to the file would survive a power cut. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** What lies in a folder. */
export interface DiskEntry {
  name: string;
  isFolder: boolean;
}

/**
 * A file system. Paths are those of the system. Nothing is durable before a sync: the bytes of a
 * file need the sync of the file, and its name (created, renamed, removed) that of its folder.
 * Rejections carry what the system said; whoever uses a disk goes through `reportFailures`.
 */
export interface Disk {
  /** Creates a file, or empties the one that is there. */
  create(path: string): Promise<DiskFile>;
  /** Opens a file to write at its end; creates it when it is absent. */
  append(path: string): Promise<DiskFile>;
  /** The bytes of a file; undefined when there is none. */
  read(path: string): Promise<Uint8Array | undefined>;
  /**
   * The bytes of a file from `start` to before `end`, fewer where it ends earlier; undefined when
   * there is none.
   */
  readPart(path: string, start: number, end: number): Promise<Uint8Array | undefined>;
  /** Bytes of a file; undefined when there is none. */
  sizeOf(path: string): Promise<number | undefined>;
  /** What lies in a folder, in no particular order; nothing when there is no such folder. */
  list(folder: string): Promise<DiskEntry[]>;
  /** Gives a file another name in one step; a file that has that name is replaced. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; resolves too when there is none. */
  remove(path: string): Promise<void>;
  /** Creates a folder and the parents it lacks. Returns the topmost one that was created. */
  createFolder(path: string): Promise<string | undefined>;
  /** Removes an empty folder; resolves too when there is none. */
  removeFolder(path: string): Promise<void>;
  /** Resolves once the names in the folder would survive a power cut. */
  syncFolder(path: string): Promise<void>;
}
