// What the gate keeps beside its model: the tokenizer, the calibration, the scoreboard.

import * as z from "zod/mini";
import { parseRecord, Turns, writeRecord } from "../../foundation.ts";
import {
  DriftkeelError,
  DriftkeelTypeError,
  FileStore,
  MemoryStore,
  type Store,
  VersionStore,
} from "../../index.ts";
import { BytePairTokenizer, type SavedTokenizer } from "./byte-pair-tokenizer.ts";
import type { SavedCalibration } from "./calibration.ts";
import type { ParsedGateOptions } from "./gate-options.ts";
import type { Tokenizer } from "./signal-tokens.ts";

const KEY = "gate.json";

const gateRecord = z.strictObject({
  format_version: z.literal(1),
  tokenizer: z.nullable(z.custom<SavedTokenizer>()),
  calibration: z.nullable(z.custom<SavedCalibration>()),
  scoreboard: z.unknown(),
});

/** What changes while the gate works. */
export interface GateRecord {
  calibration: SavedCalibration | undefined;
  scoreboard: unknown;
}

/** Where the parts of a gate lie. */
export interface GatePlaces {
  /** Options of the online learner that say where its things are. */
  learner: { storagePath: string } | { store: Store };
  /** What the gate keeps itself. */
  own: Store;
  /** Reads the versions of the learner; closed after it. */
  openVersions: () => Promise<VersionStore>;
}

/** In two folders, or in memory. Throws STORE_LOCKED, FILE_FAILED. */
export async function openPlaces(options: ParsedGateOptions): Promise<GatePlaces> {
  const { storagePath, disk, lockHost } = options;
  if (storagePath === undefined) {
    const store = new MemoryStore();
    const openVersions = () => VersionStore.open({ store, readOnly: true });
    return { learner: { store }, own: new MemoryStore(), openVersions };
  }
  const on = { ...(disk && { disk }), ...(lockHost && { lockHost }) };
  const learner = { storagePath: `${storagePath}/model`, ...on };
  return {
    learner,
    own: await FileStore.open({ storagePath: `${storagePath}/gate`, ...on }),
    openVersions: () => VersionStore.open({ ...learner, readOnly: true }),
  };
}

/** The record of one gate in its store. */
export class GateMemory {
  readonly tokenizer: Tokenizer;
  /** What was kept when the gate was opened. */
  readonly kept: GateRecord | undefined;
  readonly #saved: SavedTokenizer | null;
  readonly #store: Store;
  readonly #turns = new Turns();

  private constructor(store: Store, tokenizer: Tokenizer, kept: GateRecord | undefined) {
    this.#store = store;
    this.tokenizer = tokenizer;
    this.#saved = tokenizer instanceof BytePairTokenizer ? tokenizer.toJSON() : null;
    this.kept = kept;
  }

  /**
   * Finds what was kept, or begins: the tokenizer of a gate stays the one it began with. Throws
   * FILE_CORRUPT, FILE_FAILED, STATE_INVALID (it began with another kind of tokenizer).
   */
  static async open(store: Store, options: ParsedGateOptions): Promise<GateMemory> {
    const bytes = await store.read(KEY);
    if (!bytes) {
      const tokenizer = options.tokenizer ?? BytePairTokenizer.train(options.corpus);
      return new GateMemory(store, tokenizer, undefined);
    }
    const record = await parseRecord(bytes, gateRecord);
    if (!record) throw altered();
    const { calibration, scoreboard } = record;
    const tokenizer = tokenizerOf(record.tokenizer, options.tokenizer);
    return new GateMemory(store, tokenizer, { calibration: calibration ?? undefined, scoreboard });
  }

  /** Keeps a record, durably; calls take effect in their order. Throws FILE_FAILED. */
  save(record: () => GateRecord): Promise<void> {
    return this.#turns.run(async () => {
      const { calibration, scoreboard } = record();
      await writeRecord(this.#store, KEY, {
        format_version: 1,
        tokenizer: this.#saved,
        calibration: calibration ?? null,
        scoreboard,
      });
    });
  }

  /** Closes the store. */
  close(): Promise<void> {
    return this.#turns.run(() => this.#store.close());
  }
}

function tokenizerOf(saved: SavedTokenizer | null, given: Tokenizer | undefined): Tokenizer {
  if (saved && !given) return BytePairTokenizer.fromJSON(saved);
  if (saved && given instanceof BytePairTokenizer && isSame(given.toJSON(), saved)) return given;
  if (!saved && given && !(given instanceof BytePairTokenizer)) return given;
  throw new DriftkeelTypeError(
    "STATE_INVALID",
    `Expected GateModel option "tokenizer" to be ${saved ? "absent" : "the one it began with"}, ` +
      "got another: the embeddings belong to the tokenizer they were learned with.",
  );
}

const isSame = (a: SavedTokenizer, b: SavedTokenizer): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

function altered(): DriftkeelError {
  return new DriftkeelError(
    "FILE_CORRUPT",
    `Expected ${KEY} to be as it was written, got an altered one. Restore it from a copy: ` +
      "without its tokenizer the model cannot be read.",
  );
}
