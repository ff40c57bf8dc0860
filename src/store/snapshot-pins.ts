// Which snapshots are never evicted, and how that is kept over a restart.

import * as z from "zod/mini";
import { DriftkeelError } from "../errors.ts";
import { parseRecord, writeRecord } from "./record-file.ts";
import type { Store } from "./store.ts";

const KEY = "pins.json";

/** Ids that stay whatever their age. */
export interface SnapshotPins {
  /** The one that serves. */
  active?: string;
  /** The fixed one that candidates are compared with. */
  anchor?: string;
  /** The one before the active one, until its probation ends. */
  previous?: string;
}

const id = z.nullable(z.string());
/** On disk. */
const pinsRecord = z.strictObject({
  format_version: z.literal(1),
  active: id,
  anchor: id,
  previous: id,
});

/** The pins that were written last; none when there are none. Throws POINTER_CORRUPT. */
export async function readPins(store: Store): Promise<SnapshotPins> {
  const bytes = await store.read(KEY);
  if (bytes === undefined) return {};
  const record = await parseRecord(bytes, pinsRecord);
  if (record === undefined) {
    throw new DriftkeelError(
      "POINTER_CORRUPT",
      `Expected ${KEY} as it was written, got an altered or truncated file. Nothing is evicted ` +
        "on a guess: name the snapshots to keep with pin().",
    );
  }
  const { active, anchor, previous } = record;
  return {
    ...(active !== null && { active }),
    ...(anchor !== null && { anchor }),
    ...(previous !== null && { previous }),
  };
}

/** Makes `pins` the only ones, durably. */
export async function writePins(store: Store, pins: SnapshotPins): Promise<void> {
  const { active = null, anchor = null, previous = null } = pins;
  await writeRecord(store, KEY, { format_version: 1, active, anchor, previous });
}
