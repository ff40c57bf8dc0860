// Records in the order in which they came, each durable before it is acknowledged.

import * as z from "zod/mini";
import { DriftkeelError } from "../errors.ts";
import { parseRecord, writeRecord } from "./record-file.ts";
import type { Store } from "./store.ts";
import { Turns } from "./turns.ts";

const FOLDER = "journal/";
/** Digits of the largest safe integer, so that keys sort as their numbers do. */
const DIGITS = 16;
/** A segment of this many characters is full: every append writes its segment anew. */
const FULL_SEGMENT = 32_768;

const segmentRecord = z.strictObject({
  format_version: z.literal(1),
  first: z.int().check(z.minimum(1)),
  records: z.array(z.custom<object>((value) => typeof value === "object" && value !== null)),
});

/** A record and its number, from 1. */
export interface JournalEntry {
  seq: number;
  record: object;
}

interface Segment {
  first: number;
  records: object[];
  length: number;
}

interface Waiting {
  record: object;
  resolve: () => void;
  reject: (cause: unknown) => void;
}

/**
 * A journal under `journal/` of a store, in segments that are replaced whole: a crash leaves each
 * with or without its newest records. What its owner has kept elsewhere it removes from the front.
 */
export class Journal {
  readonly #store: Store;
  readonly #turns = new Turns();
  #firsts: number[];
  /** The newest one, as it is in the store. */
  #segment: Segment;
  #waiting: Waiting[] = [];

  private constructor(store: Store, firsts: number[], next: number) {
    this.#store = store;
    this.#firsts = firsts;
    this.#segment = { first: next, records: [], length: 0 };
  }

  /**
   * Opens the journal of a store and reads the records after number `after`; the ones before are
   * removed. Throws FILE_CORRUPT when one of them is missing or altered, FILE_FAILED.
   */
  static async open(
    store: Store,
    after: number,
  ): Promise<{ journal: Journal; entries: JournalEntry[] }> {
    const entries: JournalEntry[] = [];
    const firsts: number[] = [];
    for (const key of await store.list(FOLDER)) {
      const segment = await readSegment(store, key);
      const last = segment.first + segment.records.length - 1;
      if (last <= after) {
        await store.remove(key);
        continue;
      }
      const expected = after + entries.length + 1;
      if (segment.first > expected) throw corrupt(key, `record ${expected} before its first`);
      firsts.push(segment.first);
      for (const [index, record] of segment.records.entries()) {
        const seq = segment.first + index;
        if (seq === after + entries.length + 1) entries.push({ seq, record });
      }
    }
    return { journal: new Journal(store, firsts, after + entries.length + 1), entries };
  }

  /**
   * Appends a record; resolves once it would survive a power cut. Records are in the order of the
   * calls; those that wait together share a write. When it rejects, nothing was appended.
   * Throws FILE_FAILED, STORE_LOCKED, STORE_CLOSED.
   */
  append(record: object): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ record, resolve, reject });
      if (this.#waiting.length === 1) void this.#turns.run(() => this.#commit());
    });
  }

  /** Removes whole segments of records up to number `seq`. */
  async removeUpTo(seq: number): Promise<void> {
    return this.#turns.run(async () => {
      while (this.#firsts.length > 0) {
        const next = this.#firsts[1] ?? this.#segment.first + this.#segment.records.length;
        if (next > seq + 1) return;
        const first = this.#firsts[0]!;
        await this.#store.remove(keyOf(first));
        this.#firsts.shift();
        if (first === this.#segment.first) this.#startSegment();
      }
    });
  }

  async #commit(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    if (this.#segment.length >= FULL_SEGMENT) this.#startSegment();
    const { first, records, length } = this.#segment;
    const added = batch.map(({ record }) => record);
    const all = [...records, ...added];
    try {
      await writeRecord(this.#store, keyOf(first), { format_version: 1, first, records: all });
    } catch (cause) {
      for (const { reject } of batch) reject(cause);
      return;
    }
    if (!this.#firsts.includes(first)) this.#firsts.push(first);
    this.#segment = { first, records: all, length: length + JSON.stringify(added).length };
    for (const { resolve } of batch) resolve();
  }

  #startSegment(): void {
    const first = this.#segment.first + this.#segment.records.length;
    this.#segment = { first, records: [], length: 0 };
  }
}

async function readSegment(store: Store, key: string) {
  const bytes = await store.read(key);
  const segment = bytes && (await parseRecord(bytes, segmentRecord));
  if (segment && keyOf(segment.first) === key) return segment;
  throw corrupt(key, "records as they were written");
}

function keyOf(first: number): string {
  return `${FOLDER}${String(first).padStart(DIGITS, "0")}`;
}

function corrupt(key: string, expected: string): DriftkeelError {
  return new DriftkeelError(
    "FILE_CORRUPT",
    `Expected ${key} to have ${expected}, got an altered or incomplete journal. Move the folder ` +
      `${FOLDER.slice(0, -1)} away to go on without the samples in it.`,
  );
}
