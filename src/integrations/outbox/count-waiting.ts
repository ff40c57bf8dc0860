// How many records an outbox holds, found out from outside, also while a process has it open.

import * as z from "zod/mini";
import { parseRecord } from "../../foundation.ts";
import { FileStore, type Store } from "../../index.ts";
import { ACKNOWLEDGED, acknowledgedRecord } from "./outbox.ts";

const segment = z.object({ first: z.number(), records: z.array(z.unknown()) });

/**
 * Records that wait in the outbox of a folder; 0 when there is none. A process that delivers
 * meanwhile may make it a few too many. Throws FILE_FAILED.
 */
export async function countWaiting(storagePath: string): Promise<number> {
  const store = await FileStore.open({ storagePath, readOnly: true });
  try {
    return await countIn(store);
  } finally {
    await store.close();
  }
}

async function countIn(store: Store): Promise<number> {
  const note = await store.read(ACKNOWLEDGED);
  const seq = (note && (await parseRecord(note, acknowledgedRecord)))?.seq ?? 0;
  let waiting = 0;
  for (const key of await store.list("journal/")) {
    const bytes = await store.read(key);
    const found = bytes && (await parseRecord(bytes, segment));
    if (found) waiting += Math.max(0, found.records.length - Math.max(0, seq + 1 - found.first));
  }
  return waiting;
}
