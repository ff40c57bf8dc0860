// Buffers feedback and keeps it in files: what was acknowledged as durable is never lost.

import * as z from "zod/mini";
import { DriftkeelError, DriftkeelRangeError } from "../../errors.ts";
import { parseOptions, positiveInteger } from "../../options.ts";
import { AppendFile } from "../../store/append-file.ts";
import { Folder } from "../../store/folder.ts";
import { type StorageOptions, storageOptions, storagePath } from "../../store/storage-options.ts";
import { Turns } from "../../store/turns.ts";
import { feedbackFile, listSequences, parseFeedback, type TornLine } from "./feedback-files.ts";
import { copySignal, encodeSignal, type FeedbackSignal } from "./feedback-signal.ts";

const MAX_BUFFER = 1_000_000;
/** Timers fire at once beyond. */
const MAX_INTERVAL_MS = 2 ** 31 - 1;
/** Signals that may wait when nothing can be written, in buffers. */
const DEFAULT_BUFFERS = 100;

const size = positiveInteger.check(z.maximum(MAX_BUFFER, `at most ${MAX_BUFFER}`));
const optionsSchema = z.object({
  bufferSize: size,
  flushIntervalMs: positiveInteger.check(z.maximum(MAX_INTERVAL_MS, `at most ${MAX_INTERVAL_MS}`)),
  maxBuffered: z.optional(positiveInteger),
  onFailure: z.optional(
    z.custom<(failure: DriftkeelError) => void>(
      (value) => typeof value === "function",
      "a function",
    ),
  ),
  storagePath,
  ...storageOptions,
});
const recordSchema = z.object({ durable: z._default(z.boolean(), false) });

/** What `FeedbackCollector.open` takes. */
export interface FeedbackCollectorOptions extends StorageOptions {
  /** Signals after which `record` flushes by itself: 1..10^6. */
  bufferSize: number;
  /** Time between flushes after `start`: 1..2^31-1. */
  flushIntervalMs: number;
  /** The folder; created when it is absent. Other files in it are left alone. */
  storagePath: string;
  /** Signals held at most while they cannot be written; default 100 x bufferSize. */
  maxBuffered?: number;
  /** Hears of flushes by the timer that failed. */
  onFailure?: (failure: DriftkeelError) => void;
}

/**
 * Collects signals into `feedback_<sequence>.jsonl` files, one for each flush. Signals recorded as
 * durable go into the file of the next flush at once; those that wait together share a sync. A
 * signal that could not be written stays in the buffer and goes out with the next flush: whoever
 * hears of a failure must not record it again.
 *
 * Every method throws STORE_CLOSED after `close`, and FILE_FAILED when the environment fails; those
 * that write, STORE_READ_ONLY and STORE_LOCKED.
 */
export class FeedbackCollector {
  readonly #folder: Folder;
  readonly #options: z.output<typeof optionsSchema>;
  readonly #maxBuffered: number;
  readonly #turns = new Turns();
  /** Recorded since the last flush, in order. */
  #buffer: FeedbackSignal[] = [];
  /** The first so many of the buffer are in `#segment`, durably. */
  #written = 0;
  /** The first so many of the buffer leave it when the running flush succeeds. */
  #leaving = 0;
  #segment: AppendFile | undefined;
  /** Of the segment, or of the next one. */
  #sequence = 1;
  #nextWrite: Promise<void> | undefined;
  #nextFlush: Promise<FeedbackSignal[]> | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #tornLines: TornLine[] = [];
  #lastFailure: DriftkeelError | undefined;
  #isClosing = false;

  private constructor(folder: Folder, options: z.output<typeof optionsSchema>, max: number) {
    this.#folder = folder;
    this.#options = options;
    this.#maxBuffered = max;
  }

  /**
   * Opens the folder; files go on after the last number in it. Throws OPTION_INVALID,
   * OPTION_UNKNOWN, STORE_LOCKED, FILE_FAILED.
   */
  static async open(options: FeedbackCollectorOptions): Promise<FeedbackCollector> {
    const parsed = parseOptions("FeedbackCollector", optionsSchema, options);
    const { storagePath, bufferSize, disk, lockHost, readOnly } = parsed;
    const maxBuffered = parsed.maxBuffered ?? DEFAULT_BUFFERS * bufferSize;
    if (maxBuffered < bufferSize) {
      throw new DriftkeelRangeError(
        "OPTION_INVALID",
        `Expected FeedbackCollector option "maxBuffered" to be at least bufferSize ` +
          `(${bufferSize}), got ${maxBuffered}.`,
      );
    }
    const lock = { owner: "FeedbackCollector", lockName: ".lock" };
    const folder = await Folder.open(storagePath, { ...lock, disk, lockHost, readOnly });
    const collector = new FeedbackCollector(folder, parsed, maxBuffered);
    try {
      collector.#sequence = ((await listSequences(folder)).at(-1) ?? 0) + 1;
    } catch (cause) {
      await folder.close().catch(() => {});
      throw cause;
    }
    return collector;
  }

  /** Signals recorded since the last flush: 0..maxBuffered. */
  get buffered(): number {
    return this.#buffer.length;
  }

  /** Why the latest attempt to write failed; undefined when it succeeded. */
  get lastFailure(): DriftkeelError | undefined {
    return this.#lastFailure;
  }

  /** The last lines that the latest `readAll` skipped because a crash had cut them short. */
  get tornLines(): readonly TornLine[] {
    return this.#tornLines;
  }

  /**
   * Takes a copy of a signal. Resolves at once, unless this fills the buffer: then after the flush.
   * durable: resolves once the signal would survive a power cut; default false.
   *
   * Throws OPTION_INVALID, OPTION_UNKNOWN, ARGUMENT_RANGE, FEEDBACK_BUFFER_FULL (not taken). After
   * FILE_FAILED the signal is in the buffer.
   */
  async record(signal: FeedbackSignal, options?: { durable?: boolean }): Promise<void> {
    const copy = copySignal(signal);
    const { durable } = parseOptions("FeedbackCollector.record", recordSchema, options);
    this.#checkTaking();
    if (this.#buffer.length >= this.#maxBuffered) {
      throw new DriftkeelError(
        "FEEDBACK_BUFFER_FULL",
        `Expected at most ${this.#maxBuffered} signals waiting to be written, got one more. ` +
          "Await record(); when writing fails, lastFailure says why.",
      );
    }
    this.#buffer.push(copy);
    if (this.#buffer.length - this.#leaving >= this.#options.bufferSize) await this.#flushOnce();
    else if (durable) await this.#writeOnce();
  }

  /**
   * Completes the file with everything recorded and returns it, oldest first; without any signal no
   * file is made.
   */
  async flush(): Promise<FeedbackSignal[]> {
    return this.#turns.run(() => this.#flushNow());
  }

  /**
   * Every signal in the files, oldest first; what is only in the buffer is not. A torn last line of
   * a file is skipped, see `tornLines`. Throws FEEDBACK_CORRUPT.
   */
  async readAll(): Promise<FeedbackSignal[]> {
    return this.#turns.run(async () => {
      this.#folder.checkOpen();
      const all: FeedbackSignal[][] = [];
      const tornLines: TornLine[] = [];
      for (const sequence of await listSequences(this.#folder)) {
        const file = feedbackFile(sequence);
        const bytes = await this.#folder.disk.read(this.#folder.path(file));
        const { signals, torn } = parseFeedback(file, bytes ?? new Uint8Array(0));
        all.push(signals);
        if (torn) tornLines.push(torn);
      }
      this.#tornLines = tornLines;
      return all.flat();
    });
  }

  /** Flushes every `flushIntervalMs` from now on; again does nothing. Keeps no process alive. */
  start(): void {
    this.#checkTaking();
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => {
      this.#flushOnce().catch((failure) => this.#options.onFailure?.(failure));
    }, this.#options.flushIntervalMs);
    this.#timer.unref?.();
  }

  /** Ends the periodic flush with a last one. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (!this.#folder.readOnly) await this.flush();
  }

  /**
   * Flushes and gives the folder free; again does nothing. When the flush fails the collector stays
   * open with its signals, so that `close` can be tried again.
   */
  async close(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    try {
      await this.stop();
    } catch (failure) {
      this.#isClosing = false;
      throw failure;
    }
    await this.#turns.run(() => this.#folder.close());
  }

  #checkTaking(): void {
    if (this.#isClosing) {
      const message = "Expected an open FeedbackCollector, got a closed one; open it again.";
      throw new DriftkeelError("STORE_CLOSED", message);
    }
    this.#folder.checkMayWrite();
  }

  /** The write that comes next: one for all who wait for it. */
  #writeOnce(): Promise<void> {
    this.#nextWrite ??= this.#turns.run(() => {
      this.#nextWrite = undefined;
      return this.#write(this.#buffer.length);
    });
    return this.#nextWrite;
  }

  /** The flush that comes next: one for all who fill the buffer before it starts. */
  #flushOnce(): Promise<FeedbackSignal[]> {
    this.#nextFlush ??= this.#turns.run(() => {
      this.#nextFlush = undefined;
      return this.#flushNow();
    });
    return this.#nextFlush;
  }

  async #flushNow(): Promise<FeedbackSignal[]> {
    this.#leaving = this.#buffer.length;
    try {
      await this.#write(this.#leaving);
    } catch (failure) {
      this.#leaving = 0;
      throw failure;
    }
    const flushed = this.#buffer.splice(0, this.#leaving);
    this.#leaving = 0;
    this.#written = 0;
    const segment = this.#segment;
    if (segment !== undefined) {
      this.#segment = undefined;
      this.#sequence += 1;
      await segment.close().catch(() => {}); // it is synced: closing adds nothing
    }
    return flushed;
  }

  /** Makes the first `count` signals of the buffer durable. */
  async #write(count: number): Promise<void> {
    try {
      await this.#folder.checkWritable();
      if (count > this.#written) {
        const path = this.#folder.path(feedbackFile(this.#sequence));
        this.#segment ??= await AppendFile.open(this.#folder.disk, path, 0, false);
        const lines = this.#buffer.slice(this.#written, count).map(encodeSignal);
        await this.#segment.append(new TextEncoder().encode(`${lines.join("\n")}\n`));
        this.#written = count;
      }
      this.#lastFailure = undefined;
    } catch (failure) {
      this.#lastFailure = failure as DriftkeelError;
      throw failure;
    }
  }
}
