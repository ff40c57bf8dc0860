// What lets a learner go on after a crash as if there had been none: a checkpoint of its state and
// a journal of the samples since.
//
// A checkpoint lies under `state/<version>`, so that it and the pointer to the active version
// change in one step: the one of the next version is written before the pointer moves, the one of
// the last is removed after. Samples after the checkpoint are observed again, in order.

import * as z from "zod/mini";
import { DriftkeelError } from "../errors.ts";
import type { Sample } from "../model/sample.ts";
import { parseState } from "../options.ts";
import { Journal, type JournalEntry } from "../store/journal.ts";
import { parseRecord, writeRecord } from "../store/record-file.ts";
import type { Store } from "../store/store.ts";
import { loadSample, savedSample, saveSample } from "./feedback/saved-sample.ts";
import { type SourcePosition, sourcePosition } from "./feedback/source-position.ts";
import type { LearnerState } from "./learner-state.ts";

const FOLDER = "state/";

const checkpointRecord = z.strictObject({
  format_version: z.literal(1),
  version_id: z.string(),
  previous_id: z.nullable(z.string()),
  state: z.custom<{ observed: number }>((value) => typeof value === "object" && value !== null),
});
type Checkpoint = z.output<typeof checkpointRecord>;

const journalRecord = z.extend(savedSample, { position: z.optional(sourcePosition) });

/** A sample, and where it came from when its learner was told. */
export interface PlacedSample {
  sample: Sample;
  position: SourcePosition | undefined;
}

/** What a learner finds when it opens. */
export interface Recollection {
  memory: LearnerMemory;
  /** The version before the active one, when there was a checkpoint that knew it. */
  previousId: string | undefined;
  /** The version that was active at the last checkpoint, when another one is active now. */
  movedFrom: string | undefined;
  /** Samples that were acknowledged after the checkpoint, oldest first. */
  samples: PlacedSample[];
}

/** The durable memory of one learner. */
export class LearnerMemory {
  readonly #store: Store;
  readonly #journal: Journal;
  readonly #isJournaling: boolean;

  private constructor(store: Store, journal: Journal, isJournaling: boolean) {
    this.#store = store;
    this.#journal = journal;
    this.#isJournaling = isJournaling;
  }

  /**
   * Puts back into `state` what was kept for the active version. `parts`: kept beside that version.
   * When the checkpoint is of another version, somebody moved the pointer while the learner was
   * closed: samples and counts are then the checkpoint's, the rest is the version's.
   * Throws FILE_CORRUPT, STATE_INVALID, FILE_FAILED.
   */
  static async recall(
    store: Store,
    activeId: string,
    parts: ReadonlyMap<string, Uint8Array>,
    state: LearnerState,
    isJournaling: boolean,
  ): Promise<Recollection> {
    const checkpoints: Checkpoint[] = [];
    for (const key of await store.list(FOLDER)) checkpoints.push(await readCheckpoint(store, key));
    const own = checkpoints.find(({ version_id }) => version_id === activeId);
    const latest = checkpoints.reduce<Checkpoint | undefined>(
      (best, each) => (best && best.state.observed >= each.state.observed ? best : each),
      undefined,
    );
    const found = own ?? latest;
    if (found) state.restore(found.state);
    if (own) state.restoreEwc(parts);
    else if (parts.size > 0 || latest) state.restoreModelParts(parts);
    if (!own) state.probation = undefined;
    const { journal, entries } = await Journal.open(store, state.observed);
    return {
      memory: new LearnerMemory(store, journal, isJournaling),
      previousId: own?.previous_id ?? undefined,
      movedFrom: own ? undefined : latest?.version_id,
      samples: entries.map(sampleOf),
    };
  }

  /** Keeps a sample; resolves once it would survive a power cut. Throws FILE_FAILED. */
  async add({ sample, position }: PlacedSample): Promise<void> {
    if (!this.#isJournaling) return;
    await this.#journal.append({ ...saveSample(sample), ...(position && { position }) });
  }

  /** Keeps the state for a version that is about to become the active one. Throws FILE_FAILED. */
  async prepare(id: string, previousId: string | undefined, state: LearnerState): Promise<void> {
    await writeRecord(this.#store, FOLDER + id, {
      format_version: 1,
      version_id: id,
      previous_id: previousId ?? null,
      state: state.save(),
    });
  }

  /** Forgets what the checkpoint of the active version has replaced. Throws FILE_FAILED. */
  async tidy(activeId: string, observed: number): Promise<void> {
    for (const key of await this.#store.list(FOLDER)) {
      if (key !== FOLDER + activeId) await this.#store.remove(key);
    }
    await this.#journal.removeUpTo(observed);
  }
}

const peekSchema = z.object({
  observed: z.int().check(z.minimum(0)),
  held: z.nullable(z.string()),
  safe_mode: z.nullable(z.object({ mode: z.enum(["normal", "frozen", "recovering"]) })),
});

/**
 * What the checkpoint of a version says about updates; undefined when there is none. Throws
 * FILE_CORRUPT, STATE_INVALID, FILE_FAILED.
 */
export async function peekState(
  store: Store,
  versionId: string,
): Promise<z.output<typeof peekSchema> | undefined> {
  const key = FOLDER + versionId;
  if ((await store.read(key)) === undefined) return undefined;
  const { state } = await readCheckpoint(store, key);
  const { observed, held, safe_mode } = state as Partial<z.input<typeof peekSchema>>;
  const mode = safe_mode && { mode: safe_mode.mode };
  return parseState("OnlineLearner", peekSchema, { observed, held, safe_mode: mode });
}

async function readCheckpoint(store: Store, key: string): Promise<Checkpoint> {
  const bytes = await store.read(key);
  const checkpoint = bytes && (await parseRecord(bytes, checkpointRecord));
  if (checkpoint && FOLDER + checkpoint.version_id === key) return checkpoint;
  throw new DriftkeelError(
    "FILE_CORRUPT",
    `Expected ${key} to be a checkpoint as it was written, got an altered one. Move it away to ` +
      "go on with what lies beside the version; the samples in its windows are then lost.",
  );
}

function sampleOf({ seq, record }: JournalEntry): PlacedSample {
  const parsed = journalRecord.safeParse(record);
  if (parsed.success) {
    const { position, ...saved } = parsed.data;
    return { sample: loadSample(saved), position };
  }
  throw new DriftkeelError(
    "FILE_CORRUPT",
    `Expected record ${seq} of the journal to be a sample, got something else.`,
  );
}
