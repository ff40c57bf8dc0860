// Replaces a file whole: after a crash the old or the new content is there, never a mix.

import { basename, dirname, join } from "./built-in.ts";
import type { Disk } from "./disk.ts";

/** How the names of files begin that are not finished; a writer removes what it finds of them. */
export const DRAFT = ".draft-";

/**
 * Writes `bytes` under another name, syncs them, renames, and syncs the folder: when this resolves
 * they survive a power cut. The folder exists, and nobody else writes to it. When it rejects, the
 * old or the new content is there, whole.
 */
export async function replaceFile(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  const folder = dirname(path);
  const draft = join(folder, DRAFT + basename(path));
  try {
    const file = await disk.create(draft);
    try {
      await file.write(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await disk.rename(draft, path);
  } catch (cause) {
    await disk.remove(draft).catch(() => {}); // the cause is what the caller must hear
    throw cause;
  }
  await disk.syncFolder(folder);
}
