// What a disk in memory holds: files and folders, as readers see them and as a crash leaves them.

/**
 * What is left of unsynced changes after a crash. lost: nothing, as after a power cut. kept:
 * everything, as after the end of a process. torn: names, and half of the unsynced bytes of each
 * file. zeroed: names, and zeros where the unsynced bytes were.
 */
export type Survival = "lost" | "kept" | "torn" | "zeroed";

/** Every way to survive. */
export const SURVIVALS: readonly Survival[] = ["lost", "kept", "torn", "zeroed"];

/** The bytes of an empty file. */
export const none = new Uint8Array(0);

/** A file: what readers see, and what is certain to survive. */
export class FileNode {
  constructor(
    public bytes: Uint8Array,
    public synced: Uint8Array,
  ) {}

  /** What a crash leaves of it. */
  survivor(survival: Survival): FileNode {
    const { bytes, synced } = this;
    let left = survival === "lost" ? synced : bytes;
    const isLonger = bytes.length > synced.length;
    if (isLonger && survival === "torn") left = bytes.slice(0, (synced.length + bytes.length) / 2);
    if (isLonger && survival === "zeroed") left = bytes.slice().fill(0, synced.length);
    return new FileNode(left, left);
  }
}

/** A folder: the names that readers see, and those that are certain to survive. */
export class FolderNode {
  entries = new Map<string, FileNode | FolderNode>();
  synced = new Map<string, FileNode | FolderNode>();

  /** What a crash leaves of it and of everything in it. */
  survivor(survival: Survival): FolderNode {
    const folder = new FolderNode();
    const left = survival === "lost" ? this.synced : this.entries;
    for (const [name, node] of left) folder.entries.set(name, node.survivor(survival));
    folder.synced = new Map(folder.entries);
    return folder;
  }
}
