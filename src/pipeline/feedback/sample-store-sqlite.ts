// Samples in an SQLite file, through the package libsql, which is loaded when it is first needed.

import * as z from "zod";
import { checkInstance } from "../../checks.ts";
import { type Clock, clock, type Moment } from "../../clock.ts";
import { DriftkeelError } from "../../errors.ts";
import type { Sample, SampleOrigin } from "../../model/sample.ts";
import { parseOptions, positiveInteger } from "../../options.ts";
import { dirname } from "../../store/built-in.ts";
import { NodeDisk } from "../../store/node-disk.ts";
import { reportFailures } from "../../store/report-failures.ts";
import { storagePath } from "../../store/storage-options.ts";
import { Turns } from "../../store/turns.ts";
import { borderMs, type SampleStore, type StampedSample, stampSamples } from "./sample-store.ts";

/** A variable, so that no bundler follows it and no type of it is needed. */
const DRIVER: string = "libsql";
const FORMAT_VERSION = 1;
const BUSY_MS = 5_000;
const MAX_CAPACITY = 1_000_000_000;

const optionsSchema = z.object({
  path: storagePath,
  capacity: positiveInteger.max(MAX_CAPACITY, `at most ${MAX_CAPACITY}`).default(10_000_000),
  now: clock,
});

/** What `SqliteSampleStore.open` takes. */
export interface SqliteSampleStoreOptions {
  /** The file; created when it is absent, its folder included. */
  path: string;
  /** Samples held at most: 1..10^9, default 10^7. */
  capacity?: number;
  /** Time of samples that bring none; default: the system's clock. */
  now?: Clock;
}

/** The part of the driver that is used; it works synchronously. */
interface Statement {
  run(...values: unknown[]): { changes: number };
  all(...values: unknown[]): Record<string, unknown>[];
}
interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}
type DatabaseClass = new (path: string, options: { timeout: number }) => Database;

/** id: as JSON text, because the driver ends text at a NUL. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS samples (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    time_ms INTEGER NOT NULL,
    input BLOB NOT NULL,
    label BLOB NOT NULL,
    weight REAL,
    id TEXT,
    origin TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS samples_by_time ON samples (time_ms, position);
`;

/** The text that a JSON text stands for. */
function textOfJson(json: string, context: z.RefinementCtx): string {
  try {
    const text: unknown = JSON.parse(json);
    if (typeof text === "string") return text;
  } catch {
    // reported below, like text that is JSON of something else
  }
  context.addIssue("not the JSON of a text");
  return z.NEVER;
}

const STATEMENTS = {
  insert:
    "INSERT INTO samples (time_ms, input, label, weight, id, origin) VALUES (?, ?, ?, ?, ?, ?)",
  trim: `DELETE FROM samples WHERE position IN
    (SELECT position FROM samples ORDER BY time_ms, position LIMIT ?)`,
  range: `SELECT time_ms, input, label, weight, id, origin FROM samples
    WHERE time_ms >= ? AND time_ms < ? ORDER BY time_ms, position`,
  count: "SELECT count(*) AS n FROM samples",
  prune: "DELETE FROM samples WHERE time_ms < ?",
};

/** A row as the driver gives it; blobs come as ArrayBuffer. */
const row = z.object({
  time_ms: z.number(),
  input: z.instanceof(ArrayBuffer),
  label: z.instanceof(ArrayBuffer),
  weight: z.number().nullable(),
  id: z.string().transform(textOfJson).nullable(),
  origin: z.enum(["live", "replay", "peer"]).nullable(),
});

async function loadDriver(): Promise<DatabaseClass> {
  try {
    return (await import(DRIVER)).default as DatabaseClass;
  } catch (cause) {
    const message = `Expected the package ${DRIVER}, got none that loads; npm install ${DRIVER}.`;
    throw new DriftkeelError("DRIVER_MISSING", message, { cause });
  }
}

/**
 * A table of samples by time; one file may serve several processes. The driver works synchronously:
 * a call takes the time of its thread.
 */
export class SqliteSampleStore implements SampleStore {
  readonly #database: Database;
  readonly #statements: Record<keyof typeof STATEMENTS, Statement>;
  readonly #options: z.output<typeof optionsSchema>;
  readonly #turns = new Turns();
  #isClosed = false;

  private constructor(database: Database, options: z.output<typeof optionsSchema>) {
    this.#database = database;
    this.#statements = {
      insert: database.prepare(STATEMENTS.insert),
      trim: database.prepare(STATEMENTS.trim),
      range: database.prepare(STATEMENTS.range),
      count: database.prepare(STATEMENTS.count),
      prune: database.prepare(STATEMENTS.prune),
    };
    this.#options = options;
  }

  /**
   * Opens or creates the file. Throws OPTION_INVALID, OPTION_UNKNOWN, DRIVER_MISSING, FILE_FAILED,
   * FILE_CORRUPT (no database, or one of another format).
   */
  static async open(options: SqliteSampleStoreOptions): Promise<SqliteSampleStore> {
    const parsed = parseOptions("SqliteSampleStore", optionsSchema, options);
    const Driver = await loadDriver();
    await reportFailures(new NodeDisk()).createFolder(dirname(parsed.path));
    return attempt(parsed.path, () => {
      const database = new Driver(parsed.path, { timeout: BUSY_MS });
      try {
        prepareDatabase(database, parsed.path);
      } catch (cause) {
        database.close();
        throw cause;
      }
      return new SqliteSampleStore(database, parsed);
    });
  }

  async append(samples: readonly Sample[]): Promise<void> {
    checkInstance("samples", samples, Array);
    const stamped = stampSamples(samples, () => borderMs("now()", this.#options.now()));
    return this.#next(() => {
      this.#database.exec("BEGIN IMMEDIATE");
      try {
        this.#insert(stamped);
        this.#trim();
        this.#database.exec("COMMIT");
      } catch (cause) {
        rollBack(this.#database);
        throw cause;
      }
    });
  }

  async range(start: Moment, end: Moment): Promise<Sample[]> {
    const [from, to] = [borderMs("start", start), borderMs("end", end)];
    return this.#next(() =>
      this.#statements.range.all(from, to).map((each) => this.#sampleOf(each)),
    );
  }

  async count(): Promise<number> {
    return this.#next(() => this.#count());
  }

  async prune(end: Moment): Promise<number> {
    const to = borderMs("end", end);
    return this.#next(() => this.#statements.prune.run(to).changes);
  }

  async close(): Promise<void> {
    return this.#turns.run(async () => {
      if (this.#isClosed) return;
      this.#isClosed = true;
      attempt(this.#options.path, () => {
        // The driver lets go of its files only with its last statement: leave one file complete.
        this.#database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
        this.#database.close();
      });
    });
  }

  #next<T>(task: () => T): Promise<T> {
    return this.#turns.run(async () => {
      if (!this.#isClosed) return attempt(this.#options.path, task);
      const message = "Expected an open SqliteSampleStore, got a closed one; open it again.";
      throw new DriftkeelError("STORE_CLOSED", message);
    });
  }

  #insert(samples: readonly StampedSample[]): void {
    for (const { timeMs, sample } of samples) {
      const { input, label, weight = null, id, origin = null } = sample;
      const idText = id === undefined ? null : JSON.stringify(id);
      const blobs = [bytesOf(input), bytesOf(label)];
      this.#statements.insert.run(timeMs, ...blobs, weight, idText, origin);
    }
  }

  #trim(): void {
    const surplus = this.#count() - this.#options.capacity;
    if (surplus > 0) this.#statements.trim.run(surplus);
  }

  #count(): number {
    return Number(this.#statements.count.all()[0]?.n);
  }

  #sampleOf(record: Record<string, unknown>): Sample {
    const parsed = row.safeParse(record);
    const isWhole = (blob: ArrayBuffer) => blob.byteLength > 0 && blob.byteLength % 4 === 0;
    if (!parsed.success || !isWhole(parsed.data.input) || !isWhole(parsed.data.label)) {
      throw corrupt(this.#options.path, "a row that is no sample");
    }
    const { time_ms: timeMs, input, label, weight, id, origin } = parsed.data;
    return {
      input: new Float32Array(input),
      label: new Float32Array(label),
      ...(weight !== null && { weight }),
      timestamp: new Date(timeMs),
      ...(id !== null && { id }),
      ...(origin !== null && { origin: origin satisfies SampleOrigin }),
    };
  }
}

function prepareDatabase(database: Database, path: string): void {
  // A commit is one sync of the log; the file itself is brought up to date later.
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("PRAGMA synchronous = FULL");
  const [pragma] = database.prepare("PRAGMA user_version").all();
  const version = Number(pragma?.user_version);
  if (version !== 0 && version !== FORMAT_VERSION) {
    throw corrupt(path, `format version ${version} where this release reads ${FORMAT_VERSION}`);
  }
  database.exec(SCHEMA);
  database.exec(`PRAGMA user_version = ${FORMAT_VERSION}`);
}

/** Ends a transaction that failed; some failures have ended it already. */
function rollBack(database: Database): void {
  try {
    database.exec("ROLLBACK");
  } catch {
    // The failure before this one is what the caller must hear.
  }
}

/** f32 little endian. */
function bytesOf(values: Float32Array): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}

function corrupt(path: string, got: string, cause?: unknown): DriftkeelError {
  const message =
    `Expected ${path} to be a database of samples, got ${got}. Restore the file from a copy, or ` +
    "choose another path.";
  return new DriftkeelError("FILE_CORRUPT", message, { cause });
}

/** What `task` returns; what the driver throws as FILE_CORRUPT or FILE_FAILED. */
function attempt<T>(path: string, task: () => T): T {
  try {
    return task();
  } catch (cause) {
    if (cause instanceof DriftkeelError) throw cause;
    const code = String((cause as { code?: unknown }).code);
    const reason = (cause as Error).message;
    if (/^SQLITE_(NOTADB|CORRUPT)/.test(code)) throw corrupt(path, reason, cause);
    const message = `Expected to be able to use ${path}: ${reason}. Look at its folder and disk.`;
    throw new DriftkeelError("FILE_FAILED", message, { cause });
  }
}
