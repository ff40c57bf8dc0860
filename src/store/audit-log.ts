// An append-only record of what the system did, in which every later change shows.
//
// Each line carries the hash of the line before it and of itself. Beside the log lies a file
// `<path>.head`: the last event at the latest `close` and at every HEAD_EVERY-th event, so that a
// log that was cut shows too. What cannot show: events after the latest head that are cut off at
// the end, a history rewritten from some line to the end together with the head, because there is
// no secret, and log and head removed together. Who must find these keeps `head` elsewhere and
// gives it to `verify`.

import * as z from "zod/mini";
import { type Clock, clock, type Moment } from "../clock.ts";
import { describeValue } from "../describe-value.ts";
import { DriftkeelError, DriftkeelRangeError, DriftkeelTypeError } from "../errors.ts";
import { nonNegativeInteger, parseOptions, positiveInteger } from "../options.ts";
import { AppendFile } from "./append-file.ts";
import {
  type AuditHead,
  type AuditVerdict,
  hidesLine,
  parseLines,
  verifyChain,
} from "./audit-chain.ts";
import {
  AUDIT_EVENT_TYPES,
  type AuditEvent,
  type AuditEventType,
  encodeAuditLine,
  NO_HASH,
  parseAuditLine,
} from "./audit-line.ts";
import { readAuditPage } from "./audit-page.ts";
import { basename, dirname } from "./built-in.ts";
import { Folder } from "./folder.ts";
import { isoTime } from "./iso-time.ts";
import { splitLines } from "./lines.ts";
import { linesFromEnd } from "./lines-from-end.ts";
import { encodeRecord, parseRecord } from "./record-file.ts";
import { replaceFile } from "./replace-file.ts";
import { type StorageOptions, storageOptions, storagePath } from "./storage-options.ts";
import { Turns } from "./turns.ts";

const HEAD_EVERY = 100;
const MAX_DETAILS_LENGTH = 1_000_000;
const OUTCOME = "a text of 1 to 256 characters";

const optionsSchema = z.object({ now: clock, ...storageOptions });
const entrySchema = z.object({
  eventType: z.enum(AUDIT_EVENT_TYPES),
  outcome: z.string(OUTCOME).check(z.minLength(1, OUTCOME), z.maxLength(256, OUTCOME)),
  details: z.optional(
    z.custom<object>((value) => typeof value === "object" && value !== null, "an object"),
  ),
  timestamp: z.optional(z.custom<Moment>()),
});
const headSchema = z.strictObject({
  seq: z.int().check(z.minimum(0)),
  hash: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
});
const LIMIT = "an integer from 1 to 10000";
const pageSchema = z.object({
  before: z.optional(nonNegativeInteger),
  limit: positiveInteger.check(z.maximum(10_000, LIMIT)),
});
const verifySchema = z.object({ head: z.optional(headSchema) });
const headRecord = z.strictObject({ format_version: z.literal(1), ...headSchema.shape });

/** What `AuditLog.open` takes beside the path. */
export interface AuditLogOptions extends StorageOptions {
  /** Time of events that bring none; default: the system's clock. */
  now?: Clock;
}

/** What `AuditLog.log` takes. */
export interface AuditEntry {
  eventType: AuditEventType;
  /** What came of it: 1 to 256 characters. */
  outcome: string;
  /** Anything that JSON can hold, up to 10^6 characters of it. */
  details?: Record<string, unknown>;
  /** Default: now. */
  timestamp?: Moment;
}

/** What `open` did to a last line that a crash had cut short. */
export interface AuditRepair {
  /** Of the file, from 1. */
  line: number;
  sizeBytes: number;
  /** completed: only its line feed was missing. removed: it was never acknowledged. */
  action: "completed" | "removed";
}

interface Waiting {
  event: Omit<AuditEvent, "seq" | "prevHash" | "hash">;
  resolve: () => void;
  reject: (cause: unknown) => void;
}

/** A log in one file; one writer, any number of readers (`readOnly`). */
export class AuditLog {
  readonly #folder: Folder;
  readonly #name: string;
  readonly #now: Clock;
  readonly #turns = new Turns();
  #file: AppendFile | undefined;
  #waiting: Waiting[] = [];
  #isCommitting = false;
  #head: AuditHead | undefined;
  #headOnDisk: AuditHead | undefined;
  #repaired: AuditRepair | undefined;

  private constructor(folder: Folder, name: string, now: Clock) {
    this.#folder = folder;
    this.#name = name;
    this.#now = now;
  }

  /**
   * Opens or creates the log at `path` and repairs its last line (see `repaired`).
   *
   * Throws OPTION_INVALID, OPTION_UNKNOWN, STORE_LOCKED, FILE_FAILED, and AUDIT_CORRUPT when the
   * last line is damaged, the log ends before its head, or the head is damaged: nothing is appended
   * to evidence. Such a log can be read with `readOnly`.
   */
  static async open(path: string, options?: AuditLogOptions): Promise<AuditLog> {
    const { path: checked } = parseOptions("AuditLog", z.object({ path: storagePath }), { path });
    const { now, ...storage } = parseOptions("AuditLog", optionsSchema, options);
    const name = basename(checked);
    const lockName = `.${name}.lock`;
    const folder = await Folder.open(dirname(checked), { owner: "AuditLog", lockName, ...storage });
    const log = new AuditLog(folder, name, now);
    try {
      if (!folder.readOnly) await log.#openFile();
    } catch (cause) {
      await log.#release().catch(() => {});
      throw cause;
    }
    return log;
  }

  /** What `open` did to the last line; undefined when it was whole. */
  get repaired(): AuditRepair | undefined {
    return this.#repaired;
  }

  /** The last event that was acknowledged; undefined before the first and with `readOnly`. */
  get head(): AuditHead | undefined {
    return this.#head && { ...this.#head };
  }

  /**
   * Appends an event; resolves once it would survive a power cut. Events are in the order of the
   * calls; those that wait together share a sync. When it rejects the event is not in the log.
   *
   * Throws OPTION_INVALID, OPTION_UNKNOWN, ARGUMENT_TYPE, ARGUMENT_RANGE, STORE_CLOSED,
   * STORE_READ_ONLY, STORE_LOCKED, FILE_FAILED.
   */
  async log(entry: AuditEntry): Promise<void> {
    const parsed = parseOptions("AuditLog.log", entrySchema, entry);
    const { eventType, outcome } = parsed;
    const timestamp = new Date(isoTime("entry.timestamp", parsed.timestamp ?? this.#now()));
    const details = parsed.details && copyDetails(parsed.details);
    const event = { timestamp, eventType, outcome, ...(details && { details }) };
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ event, resolve, reject });
      if (this.#isCommitting) return;
      this.#isCommitting = true;
      void this.#turns.run(() => this.#commit());
    });
  }

  /** Every event, oldest first. Throws AUDIT_CORRUPT naming a line, STORE_CLOSED, FILE_FAILED. */
  async readAll(): Promise<AuditEvent[]> {
    return this.#turns.run(async () => {
      const { lines, rest } = splitLines(await this.#read());
      const events = await parseLines(lines);
      const last = await parseLines([rest]); // whole when only its line feed is missing
      return [...events, ...last.filter((event) => event !== undefined)].map((event, index) => {
        if (event) return event;
        throw this.#corrupt(`line ${index + 1} as it was written, got an altered one`);
      });
    });
  }

  /**
   * The newest events, newest first: at most `limit` (1..10,000) of those with a `seq` below
   * `before`. Reads the file from its end and no more of it than it needs. Throws OPTION_INVALID,
   * OPTION_UNKNOWN, AUDIT_CORRUPT (an event of the page is altered, or does not follow the one
   * before), STORE_CLOSED, FILE_FAILED.
   */
  async readPage(options: { before?: number; limit: number }): Promise<AuditEvent[]> {
    const request = parseOptions("AuditLog.readPage", pageSchema, options);
    return this.#turns.run(async () => {
      this.#folder.checkOpen();
      const lines = linesFromEnd(this.#folder.disk, this.#folder.path(this.#name));
      return readAuditPage(lines, request, (expected) => this.#corrupt(expected));
    });
  }

  /**
   * Reads the whole log and says what is the first thing wrong with it, if anything. head: an event
   * that must be in it, kept from an earlier `head`. Throws OPTION_INVALID, OPTION_UNKNOWN,
   * AUDIT_CORRUPT (the head beside the log is damaged), STORE_CLOSED, FILE_FAILED.
   */
  async verify(options?: { head?: AuditHead }): Promise<AuditVerdict> {
    const { head } = parseOptions("AuditLog.verify", verifySchema, options);
    return this.#turns.run(async () => {
      const bytes = await this.#read();
      const heads = [head, await this.#readHead()].filter((each) => each !== undefined);
      return verifyChain(bytes, heads);
    });
  }

  /** Waits for the calls before it, notes the head, gives the log free; again does nothing. */
  async close(): Promise<void> {
    return this.#turns.run(async () => {
      try {
        if (this.#file) await this.#writeHead();
      } finally {
        await this.#release();
      }
    });
  }

  async #commit(): Promise<void> {
    this.#isCommitting = false;
    const batch = this.#waiting;
    this.#waiting = [];
    try {
      await this.#folder.checkWritable();
      let { seq, hash } = this.#head ?? { seq: -1, hash: NO_HASH };
      let text = "";
      for (const { event } of batch) {
        seq += 1;
        const line = await encodeAuditLine({ ...event, seq, prevHash: hash });
        hash = line.slice(-66, -2);
        text += `${line}\n`;
      }
      await this.#file?.append(new TextEncoder().encode(text));
      this.#head = { seq, hash };
      for (const { resolve } of batch) resolve();
    } catch (cause) {
      for (const { reject } of batch) reject(cause);
      return;
    }
    const since = this.#head.seq - (this.#headOnDisk?.seq ?? -1);
    // The events are safe; an older head only proves less, and the next commit tries again.
    if (since >= HEAD_EVERY) await this.#writeHead().catch(() => {});
  }

  async #openFile(): Promise<void> {
    const { disk } = this.#folder;
    const path = this.#folder.path(this.#name);
    const bytes = await this.#read();
    const { lines, rest } = splitLines(bytes);
    const last = lines.at(-1);
    const event = last && (await parseAuditLine(last));
    if (last && !event) throw this.#corrupt(`a whole last line, got an altered one`);
    if (await hidesLine(rest)) throw this.#corrupt("a line feed at the end, got something else");
    this.#head = event && { seq: event.seq, hash: event.hash };

    const wholeBytes = bytes.length - rest.length;
    this.#file = await AppendFile.open(disk, path, wholeBytes, rest.length > 0);
    if (rest.length > 0) await this.#repair(this.#file, rest, lines.length + 1);
    this.#headOnDisk = await this.#readHead();
    if (this.#headOnDisk && this.#headOnDisk.seq > (this.#head?.seq ?? -1)) {
      const got = `${lines.length} lines`;
      throw this.#corrupt(`event ${this.#headOnDisk.seq}, which its head names, got ${got}`);
    }
  }

  async #repair(file: AppendFile, rest: Uint8Array, line: number): Promise<void> {
    const event = await parseAuditLine(rest);
    const follows = event?.prevHash === (this.#head?.hash ?? NO_HASH);
    if (event && follows) {
      const whole = new Uint8Array(rest.length + 1).fill(0x0a);
      whole.set(rest);
      await file.append(whole);
      this.#head = { seq: event.seq, hash: event.hash };
    } else {
      await file.repair();
    }
    const action = event && follows ? "completed" : "removed";
    this.#repaired = { line, sizeBytes: rest.length, action };
  }

  async #read(): Promise<Uint8Array> {
    this.#folder.checkOpen();
    const bytes = await this.#folder.disk.read(this.#folder.path(this.#name));
    return bytes ?? new Uint8Array(0);
  }

  async #readHead(): Promise<AuditHead | undefined> {
    const bytes = await this.#folder.disk.read(this.#folder.path(`${this.#name}.head`));
    if (bytes === undefined) return undefined;
    const record = await parseRecord(bytes, headRecord);
    if (record) return { seq: record.seq, hash: record.hash };
    throw this.#corrupt(`${this.#name}.head as it was written, got an altered or truncated file`);
  }

  async #writeHead(): Promise<void> {
    const head = this.#head;
    if (head === undefined || head.seq === this.#headOnDisk?.seq) return;
    await this.#folder.checkWritable();
    const path = this.#folder.path(`${this.#name}.head`);
    const { seq, hash } = head;
    const record = await encodeRecord({ format_version: 1, seq, hash });
    await replaceFile(this.#folder.disk, path, record);
    this.#headOnDisk = head;
  }

  async #release(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await Promise.all([file?.close(), this.#folder.close()]);
  }

  #corrupt(expected: string): DriftkeelError {
    return new DriftkeelError(
      "AUDIT_CORRUPT",
      `Expected ${this.#folder.path(this.#name)} to have ${expected}. Keep the files as evidence ` +
        "and start another log.",
    );
  }
}

/** What JSON keeps of `details`. Throws ARGUMENT_TYPE, ARGUMENT_RANGE. */
function copyDetails(details: object): Record<string, unknown> {
  let json: string | undefined;
  try {
    json = JSON.stringify(details);
  } catch {
    json = undefined; // a cycle, or a bigint
  }
  if (json?.startsWith("{") !== true) {
    throw new DriftkeelTypeError(
      "ARGUMENT_TYPE",
      `Expected entry.details to be an object that JSON can hold, got ${describeValue(details)}.`,
    );
  }
  if (json.length > MAX_DETAILS_LENGTH) {
    throw new DriftkeelRangeError(
      "ARGUMENT_RANGE",
      `Expected entry.details of at most ${MAX_DETAILS_LENGTH} characters as JSON, got ` +
        `${json.length}.`,
    );
  }
  return JSON.parse(json);
}
