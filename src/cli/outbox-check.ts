// What partners have yet to get, as it lies below a base directory.

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { countWaiting } from "../integrations/outbox/index.ts";

const OUTBOX = ".outbox";

/** An outbox with something in it. */
export interface WaitingOutbox {
  /** Below the base directory. */
  path: string;
  /** Events; undefined when they cannot be read. */
  waiting: number | undefined;
}

/** Those of the service and of every model of a worker that hold something; changes nothing. */
export async function findOutboxes(baseDir: string): Promise<WaitingOutbox[]> {
  const paths = (await namesIn(join(baseDir, OUTBOX))).map((partner) => join(OUTBOX, partner));
  for (const model of await namesIn(baseDir)) {
    const epochs = (await namesIn(join(baseDir, model))).filter((name) => /^epoch-\d+$/.test(name));
    for (const epoch of epochs) paths.push(join(model, epoch, OUTBOX));
  }
  const found: WaitingOutbox[] = [];
  for (const path of paths) {
    const waiting = await countWaiting(join(baseDir, path)).catch(() => undefined);
    if (waiting !== 0) found.push({ path, waiting });
  }
  return found;
}

/** Folders in a folder, by name; none where none can be read. */
async function namesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.flatMap((entry) => (entry.isDirectory() ? entry.name : [])).sort();
}
