// Records on their way to a partner that may be away: durable until it has taken them, in order.

import * as z from "zod/mini";
import {
  clock,
  Journal,
  millisecondsOf,
  parseOptions,
  parseRecord,
  writeRecord,
} from "../../foundation.ts";
import { type Clock, DriftkeelError, type Store } from "../../index.ts";
import { pause } from "./pause.ts";

/** Key of the number up to which the partner has everything. */
export const ACKNOWLEDGED = "acknowledged";
/** Schema of that number as it is kept. */
export const acknowledgedRecord = z.strictObject({
  format_version: z.literal(1),
  seq: z.int().check(z.minimum(0)),
});

const count = (most: number) => {
  const phrase = `an integer from 1 to ${most}`;
  return z.int(phrase).check(z.minimum(1, phrase), z.maximum(most, phrase));
};
const LONGEST_MS = 2 ** 31 - 1;

const optionsSchema = z.strictObject({
  store: z.custom<Store>((value) => typeof value === "object" && value !== null, "a Store"),
  deliver: z.custom<OutboxOptions["deliver"]>((value) => typeof value === "function", "a function"),
  mayDeliver: z.optional(
    z.custom<() => Promise<boolean>>((value) => typeof value === "function", "a function"),
  ),
  onFailure: z.optional(
    z.custom<(error: unknown) => void>((value) => typeof value === "function", "a function"),
  ),
  capacity: z._default(count(1_000_000), 100_000),
  batchSize: z._default(count(10_000), 100),
  firstPauseMs: z._default(count(LONGEST_MS), 500),
  longestPauseMs: z._default(count(LONGEST_MS), 30_000),
  now: clock,
});

/** What an outbox is opened with. */
export interface OutboxOptions {
  /** Keeps the records; closed with the outbox. */
  store: Store;
  /**
   * Takes records, oldest first, and resolves once the partner has them. After a rejection, and
   * after a crash, the same ones come again: each carries something to tell doubles by.
   */
  deliver: (batch: readonly object[]) => Promise<void>;
  /** Asked before every delivery; after the first false nothing is delivered any more. */
  mayDeliver?: () => Promise<boolean>;
  /** Hears of each delivery that failed. */
  onFailure?: (error: unknown) => void;
  /** Records that may wait: 1..10^6, default 100,000. One more is refused, none is dropped. */
  capacity?: number;
  /** Records that are delivered together: 1..10^4, default 100. */
  batchSize?: number;
  /** Milliseconds after a first failure; they double with each further one. Default 500. */
  firstPauseMs?: number;
  /** Milliseconds between two attempts at most; default 30 s. */
  longestPauseMs?: number;
  /** Default: the system's clock. */
  now?: Clock;
}

/** How an outbox stands. */
export interface OutboxStatus {
  /** Records that the partner does not have yet. */
  waiting: number;
  capacity: number;
  /** Records delivered since the outbox was opened. */
  delivered: number;
  /** Records that found no room since then. */
  refused: number;
  /** Deliveries that failed since then. */
  failures: number;
  /** The last failure and since when nothing could be delivered; undefined when all is well. */
  outage: { since: Date; message: string } | undefined;
}

/** A queue that outlives the process. `Journal` says how each record becomes durable. */
export class Outbox {
  readonly #options: z.output<typeof optionsSchema>;
  readonly #journal: Journal;
  readonly #waiting: object[];
  /** Number of the newest record that the partner has. */
  #acknowledged: number;
  /** Appends under way: they count before they are durable, so that room is not given twice. */
  #arriving = 0;
  #delivered = 0;
  #refused = 0;
  #failures = 0;
  #outage: OutboxStatus["outage"];
  #isFenced = false;
  #isClosed = false;
  #delivering: Promise<void> | undefined;
  readonly #end = new AbortController();

  private constructor(
    options: z.output<typeof optionsSchema>,
    journal: Journal,
    acknowledged: number,
    waiting: object[],
  ) {
    this.#options = options;
    this.#journal = journal;
    this.#acknowledged = acknowledged;
    this.#waiting = waiting;
  }

  /**
   * Opens the outbox in a store of its own and goes on with what it holds. Throws OPTION_INVALID,
   * OPTION_UNKNOWN, FILE_CORRUPT, FILE_FAILED; the store is then left open.
   */
  static async open(value: OutboxOptions): Promise<Outbox> {
    const options = parseOptions("Outbox", optionsSchema, value);
    const bytes = await options.store.read(ACKNOWLEDGED);
    const record = bytes && (await parseRecord(bytes, acknowledgedRecord));
    if (bytes && !record) {
      const message =
        `Expected ${ACKNOWLEDGED} of an outbox as it was written, got an altered one. Remove it ` +
        "to deliver again what the journal beside it still holds.";
      throw new DriftkeelError("FILE_CORRUPT", message);
    }
    const seq = record?.seq ?? 0;
    const { journal, entries } = await Journal.open(options.store, seq);
    const waiting = entries.map((entry) => entry.record);
    const outbox = new Outbox(options, journal, seq, waiting);
    outbox.#start();
    return outbox;
  }

  /**
   * Keeps a record, an object of JSON; resolves once it would survive a power cut. Throws
   * OUTBOX_FULL, STORE_CLOSED, FILE_FAILED.
   */
  async add(record: object): Promise<void> {
    this.#checkOpen();
    const { capacity } = this.#options;
    if (this.#waiting.length + this.#arriving >= capacity) {
      this.#refused += 1;
      throw new DriftkeelError(
        "OUTBOX_FULL",
        `Expected at most ${capacity} records to wait for delivery, got one more: the partner ` +
          `has been away for too long (${this.#outage?.message ?? "no failure so far"}).`,
      );
    }
    this.#arriving += 1;
    try {
      // Appends settle in the order of the calls, and so the queue is in that order, too.
      await this.#journal.append(record);
      this.#waiting.push(record);
    } finally {
      this.#arriving -= 1;
    }
    this.#start();
  }

  /** How it stands. */
  status(): OutboxStatus {
    return {
      waiting: this.#waiting.length,
      capacity: this.#options.capacity,
      delivered: this.#delivered,
      refused: this.#refused,
      failures: this.#failures,
      outage: this.#outage,
    };
  }

  /** Resolves when nothing waits any more, or when nothing more will be delivered. */
  async drained(): Promise<void> {
    while (this.#delivering) await this.#delivering;
  }

  /** Waits for the delivery under way; the rest stays for the next start. Again only waits. */
  async close(): Promise<void> {
    const isFirst = !this.#isClosed;
    this.#isClosed = true;
    this.#end.abort();
    await this.#delivering;
    if (isFirst) await this.#options.store.close();
  }

  #checkOpen(): void {
    if (!this.#isClosed) return;
    const message = "Expected an open Outbox, got a closed one; open it again.";
    throw new DriftkeelError("STORE_CLOSED", message);
  }

  #start(): void {
    if (this.#delivering || this.#isClosed || this.#isFenced || this.#waiting.length === 0) return;
    this.#delivering = this.#deliverAll().finally(() => {
      this.#delivering = undefined;
      this.#start(); // what came between the last look and now
    });
  }

  async #deliverAll(): Promise<void> {
    const { mayDeliver, onFailure, firstPauseMs, longestPauseMs } = this.#options;
    let pauseMs = firstPauseMs;
    while (this.#waiting.length > 0 && !this.#isClosed) {
      try {
        if (mayDeliver && !(await mayDeliver())) {
          this.#isFenced = true;
          return;
        }
        await this.#deliverBatch();
        this.#outage = undefined;
        pauseMs = firstPauseMs;
      } catch (error) {
        this.#failures += 1;
        this.#outage = { since: this.#outage?.since ?? this.#date(), message: messageOf(error) };
        onFailure?.(error);
        await pause(pauseMs, this.#end.signal, { holdsProcess: false });
        pauseMs = Math.min(2 * pauseMs, longestPauseMs);
      }
    }
  }

  async #deliverBatch(): Promise<void> {
    const { deliver, batchSize, store } = this.#options;
    const batch = this.#waiting.slice(0, batchSize);
    await deliver(batch);
    const seq = this.#acknowledged + batch.length;
    await writeRecord(store, ACKNOWLEDGED, { format_version: 1, seq });
    this.#acknowledged = seq;
    this.#waiting.splice(0, batch.length);
    this.#delivered += batch.length;
    await this.#journal.removeUpTo(seq);
  }

  #date(): Date {
    return new Date(millisecondsOf("now()", this.#options.now()));
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
