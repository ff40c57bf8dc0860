// What a learner that was closed has kept: its samples by place, as its checkpoint names them.

import * as z from "zod";
import { FileStore, type FileStoreOptions } from "../../src/store/file-store.ts";
import { parseRecord } from "../../src/store/record-file.ts";

const samples = z.array(z.object({ id: z.string() }));
const past = z
  .object({ ordinary: samples })
  .nullable()
  .transform((memory) => memory?.ordinary ?? []);

const checkpoint = z.object({
  state: z.object({
    observed: z.number(),
    intake: z.object({ training: samples, holdout: samples, replay: past, retention: past }),
  }),
});

/** Ids by place; those of the windows oldest first. */
export interface Kept {
  /** Samples since the learner began. */
  observed: number;
  training: string[];
  holdout: string[];
  replay: string[];
  retention: string[];
  /** All of the above. */
  all: string[];
}

/** Reads the one checkpoint under a folder, without a lock. Throws when it is not a whole one. */
export async function readKept(place: FileStoreOptions): Promise<Kept> {
  const store = await FileStore.open({ ...place, readOnly: true });
  try {
    const [key, ...others] = await store.list("state/");
    const bytes = key === undefined ? undefined : await store.read(key);
    const record = bytes && (await parseRecord(bytes, checkpoint));
    if (!record || others.length > 0) throw new Error(`${key} is not the only whole checkpoint`);
    const { observed, intake } = record.state;
    const idsOf = (place: z.output<typeof samples>) => place.map(({ id }) => id);
    const [training, holdout] = [idsOf(intake.training), idsOf(intake.holdout)];
    const [replay, retention] = [idsOf(intake.replay), idsOf(intake.retention)];
    const all = [...training, ...holdout, ...replay, ...retention];
    return { observed, training, holdout, replay, retention, all };
  } finally {
    await store.close();
  }
}
