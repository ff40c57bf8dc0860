// Samples in an SQLite file, through the package libsql.

import * as z from "zod/mini";
import { checkInstance } from "../../checks.ts";
import { type Clock, clock, type Moment } from "../../clock.ts";
import { DriftkeelError } from "../../errors.ts";
import type { Sample } from "../../model/sample.ts";
import { parseOptions, positiveInteger } from "../../options.ts";
import { dirname } from "../../store/built-in.ts";
import { NodeDisk } from "../../store/node-disk.ts";
import { reportFailures } from "../../store/report-failures.ts";
import { storagePath } from "../../store/storage-options.ts";
import { Turns } from "../../store/turns.ts";
import { borderMs, type SampleStore, type StampedSample, stampSamples } from "./sample-store.ts";
import {
  attempt,
  corrupt,
  type Database,
  inTransaction,
  loadDriver,
  type Statement,
} from "./sample-store-database.ts";
import {
  placedSampleOf,
  prepareDatabase,
  valuesOf,
  WRITTEN_COLUMNS,
} from "./sample-store-format.ts";
import { type PlacedSample, pagesOf, type ReadPage } from "./sample-store-pages.ts";

const BUSY_MS = 5_000;
const MAX_CAPACITY = 1_000_000_000;

const optionsSchema = z.object({
  path: storagePath,
  capacity: z._default(
    positiveInteger.check(z.maximum(MAX_CAPACITY, `at most ${MAX_CAPACITY}`)),
    10_000_000,
  ),
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

/** Rows that one statement writes: beyond this a row costs no less. */
const ROWS_PER_INSERT = 50;

const COLUMNS = WRITTEN_COLUMNS.join();
const PLACES = `(${WRITTEN_COLUMNS.map(() => "?").join()})`;
const INSERT = `INSERT INTO samples (${COLUMNS}) VALUES`;

/** In `page` two halves, as no index serves a comparison of pairs: many may share one time. */
const STATEMENTS = {
  insertOne: `${INSERT} ${PLACES}`,
  insertMany: `${INSERT} ${Array(ROWS_PER_INSERT).fill(PLACES).join()}`,
  trim: `DELETE FROM samples WHERE position IN
    (SELECT position FROM samples ORDER BY time_ms, position LIMIT ?)`,
  range: `SELECT position, ${COLUMNS} FROM samples
    WHERE time_ms >= ? AND time_ms < ? ORDER BY time_ms, position`,
  page: `SELECT position, ${COLUMNS} FROM samples
      WHERE time_ms = ?1 AND position > ?2 AND ?1 < ?3
    UNION ALL SELECT position, ${COLUMNS} FROM samples
      WHERE time_ms > ?1 AND time_ms < ?3
    ORDER BY time_ms, position LIMIT ?4`,
  count: "SELECT n FROM sample_count",
  countRange: "SELECT count(*) AS n FROM samples WHERE time_ms >= ? AND time_ms < ?",
  prune: "DELETE FROM samples WHERE time_ms < ?",
};

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
    const prepared = Object.entries(STATEMENTS).map(([name, sql]) => [name, database.prepare(sql)]);
    this.#statements = Object.fromEntries(prepared);
    this.#options = options;
  }

  /**
   * Opens or creates the file; one of an older format is upgraded: older releases refuse it then.
   * Throws OPTION_INVALID, OPTION_UNKNOWN, DRIVER_MISSING, FILE_FAILED, FILE_CORRUPT (no
   * database of samples, or one of a later format).
   */
  static async open(options: SqliteSampleStoreOptions): Promise<SqliteSampleStore> {
    const parsed = parseOptions("SqliteSampleStore", optionsSchema, options);
    const Driver = await loadDriver();
    await reportFailures(new NodeDisk()).createFolder(dirname(parsed.path));
    return attempt(parsed.path, () => {
      const database = new Driver(parsed.path, { timeout: BUSY_MS });
      try {
        prepareDatabase(database, parsed.path);
        return new SqliteSampleStore(database, parsed);
      } catch (cause) {
        database.close();
        throw cause;
      }
    });
  }

  async append(samples: readonly Sample[]): Promise<void> {
    checkInstance("samples", samples, Array);
    const stamped = stampSamples(samples, () => borderMs("now()", this.#options.now()));
    return this.#next(() => {
      inTransaction(this.#database, () => {
        this.#insert(stamped);
        this.#trim();
      });
    });
  }

  async range(start: Moment, end: Moment): Promise<Sample[]> {
    const borders = [borderMs("start", start), borderMs("end", end)];
    return this.#next(() => this.#read("range", borders).map(({ sample }) => sample));
  }

  pages(start: Moment, end: Moment, options?: { pageSize?: number }): AsyncIterable<Sample[]> {
    const read: ReadPage = ({ timeMs, position }, endMs, limit) =>
      this.#next(() => this.#read("page", [timeMs, position, endMs, limit]));
    return pagesOf(read, start, end, options);
  }

  async count(): Promise<number> {
    return this.#next(() => this.#count());
  }

  async countRange(start: Moment, end: Moment): Promise<number> {
    const borders = [borderMs("start", start), borderMs("end", end)];
    return this.#next(() => Number(this.#statements.countRange.all(borders)[0]?.n));
  }

  async prune(end: Moment): Promise<number> {
    const to = borderMs("end", end);
    return this.#next(() => this.#statements.prune.run([to]).changes);
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
    const { insertMany, insertOne } = this.#statements;
    const whole = samples.length - (samples.length % ROWS_PER_INSERT);
    for (let i = 0; i < whole; i += ROWS_PER_INSERT) {
      insertMany.run(samples.slice(i, i + ROWS_PER_INSERT).flatMap(valuesOf));
    }
    for (const each of samples.slice(whole)) insertOne.run(valuesOf(each));
  }

  #trim(): void {
    const surplus = this.#count() - this.#options.capacity;
    if (surplus > 0) this.#statements.trim.run([surplus]);
  }

  #count(): number {
    const n = this.#statements.count.all([])[0]?.n;
    if (typeof n === "number") return n;
    throw corrupt(this.#options.path, "one that does not say how many it holds");
  }

  #read(name: "range" | "page", values: number[]): PlacedSample[] {
    const { path } = this.#options;
    return this.#statements[name].all(values).map((record) => placedSampleOf(record, path));
  }
}
