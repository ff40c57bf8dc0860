// Who may write to a model: a folder that changes its name with every owner.
//
// `<base>/<model>/epoch-<n>` holds everything of the model. A new owner renames it to epoch-<n+1>:
// one step, which one claimant wins. Whatever an owner before does later, however long it was
// suspended and between which two of its own steps, it does under a path that is gone: it can
// neither put a file in place nor read one as its own. Files that it still has open are replaced by
// copies before the new owner looks at them.

import { constants } from "node:fs";
import { copyFile, mkdir, mkdtemp, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { NodeDisk } from "../../foundation.ts";
import { type Disk, DriftkeelError } from "../../index.ts";

const EPOCH = /^epoch-(\d{1,15})$/;
/** The only file of a learner that is written in place. */
const AUDIT = "audit.jsonl";
/** Claims that others may win before this one. */
const MOST_ATTEMPTS = 100;

/** The folder of one owner. */
export interface ModelEpoch {
  number: number;
  path: string;
}

/** The newest epoch of the model in `folder`; undefined when none is seen. */
export async function newestEpoch(folder: string): Promise<ModelEpoch | undefined> {
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return [];
    throw cause;
  });
  const numbers = names.flatMap((name) => EPOCH.exec(name)?.[1] ?? []).map(Number);
  if (numbers.length === 0) return undefined;
  const number = Math.max(...numbers);
  return { number, path: join(folder, `epoch-${number}`) };
}

/** Whether its owner may still write. */
export function isOwned({ path }: ModelEpoch): Promise<boolean> {
  return isThere(path);
}

/** Whether there is a file or folder of this path. */
export function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/**
 * Takes the model in `folder` over; from now on no owner before can change anything in it. Throws
 * FILE_FAILED.
 */
export async function claimEpoch(folder: string): Promise<ModelEpoch> {
  try {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const last = await newestEpoch(folder);
      const epoch = await (last ? takeOver(folder, last) : begin(folder));
      if (epoch) return epoch;
    }
    throw new Error(`${MOST_ATTEMPTS} others were faster`);
  } catch (cause) {
    const message = `Expected to take over the model in ${folder}: ${cause}.`;
    throw new DriftkeelError("FILE_FAILED", message, { cause });
  }
}

/** The first epoch comes with the folder of the model, in one step: it can only come once. */
async function begin(folder: string): Promise<ModelEpoch | undefined> {
  const base = dirname(folder);
  await mkdir(base, { recursive: true });
  const draft = await mkdtemp(join(base, ".model-"));
  await mkdir(join(draft, "epoch-1"));
  await syncFolder(draft);
  const isFirst = await unlessOthersWere(() => rename(draft, folder));
  if (!isFirst) {
    await rm(draft, { recursive: true });
    return undefined;
  }
  await syncFolder(base);
  return { number: 1, path: join(folder, "epoch-1") };
}

async function takeOver(folder: string, last: ModelEpoch): Promise<ModelEpoch | undefined> {
  const number = last.number + 1;
  const epoch = { number, path: join(folder, `epoch-${number}`) };
  if (!(await unlessOthersWere(() => rename(last.path, epoch.path)))) return undefined;
  await syncFolder(folder);
  try {
    await cleanse(epoch);
  } catch (error) {
    // The next owner does the same, and this one notices with its first write.
    if (await isOwned(epoch)) throw error;
  }
  return epoch;
}

/** Whether `move` was made: false when somebody else was faster. */
async function unlessOthersWere(move: () => Promise<void>): Promise<boolean> {
  try {
    await move();
    return true;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "EEXIST" || code === "ENOTEMPTY") return false;
    throw cause;
  }
}

/** Locks and drafts of the owner before go; a file that it may have open becomes another file. */
async function cleanse({ path }: ModelEpoch): Promise<void> {
  await removeHidden(path);
  await removeHidden(join(path, OUTBOX));
  const copy = join(path, `.${AUDIT}`);
  try {
    await copyFile(join(path, AUDIT), copy, constants.COPYFILE_FICLONE);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return;
    throw cause;
  }
  const file = await open(copy, "r+");
  await file.sync().finally(() => file.close());
  await rename(copy, join(path, AUDIT));
  await syncFolder(path);
}

/** Holds what Kafka has yet to get; a name with a dot is no key of the learner's store. */
export const OUTBOX = ".outbox";

async function removeHidden(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (entry.isFile() && entry.name.startsWith(".")) await rm(join(folder, entry.name));
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  await folder.sync().finally(() => folder.close());
}

/** The disk of one owner: it creates folders in its epoch, and never the epoch itself. */
export class EpochDisk extends NodeDisk implements Disk {
  readonly #root: string;

  constructor({ path }: ModelEpoch) {
    super();
    this.#root = path;
  }

  override async createFolder(path: string): Promise<string | undefined> {
    const inside = relative(this.#root, path);
    if (inside === "" || inside.startsWith("..")) {
      await stat(path); // rejects when the model went to another owner
      return undefined;
    }
    let topmost: string | undefined;
    let folder = this.#root;
    for (const name of inside.split(sep)) {
      folder = join(folder, name);
      try {
        await mkdir(folder);
        topmost ??= folder;
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
      }
    }
    return topmost;
  }
}
