// Samples in PostgreSQL, as hypertable where TimescaleDB is there.

import * as z from "zod/mini";
import {
  borderMs,
  checkCount,
  checkId,
  checkInstance,
  clock,
  type PlacedSample,
  pagesOf,
  parseOptions,
  positiveInteger,
  type SampleKey,
  stampSamples,
  Turns,
} from "../../foundation.ts";
import {
  type Clock,
  DriftkeelError,
  type Moment,
  type Sample,
  type SampleStore,
} from "../../index.ts";
import { modelIdOption } from "../model-id-option.ts";
import { PostgresDatabase } from "./postgres-database.ts";
import type { Query, Row } from "./postgres-driver.ts";
import { columnsOf, placedSampleOf, portionsOf, WRITTEN_COLUMNS } from "./sample-rows.ts";

const MAX_CAPACITY = 1_000_000_000_000;
const CAPACITY = `at most ${MAX_CAPACITY}`;
/** The option `capacity`. */
export const CAPACITY_OPTION = z._default(
  positiveInteger.check(z.maximum(MAX_CAPACITY, CAPACITY)),
  1_000_000_000,
);

const optionsSchema = z.object({
  database: z.custom<PostgresDatabase>(
    (value) => value instanceof PostgresDatabase,
    "a PostgresDatabase",
  ),
  modelId: modelIdOption,
  capacity: CAPACITY_OPTION,
  now: clock,
});

/** What `PostgresSampleStore` takes. */
export interface PostgresSampleStoreOptions {
  /** Stays open when the store is closed. */
  database: PostgresDatabase;
  /** Whose samples these are: the tables hold those of many. */
  modelId: string;
  /** Samples held at most: 1..10^12, default 10^9. */
  capacity?: number;
  /** Time of samples that bring none; default: the system's clock. */
  now?: Clock;
}

/** A batch that may be sent again: by whom, and its number, which grows with each. */
export interface Delivery {
  sender: string;
  sequence: number;
}

const COLUMNS = Object.keys(WRITTEN_COLUMNS).join(", ");
const PLACES = Object.values(WRITTEN_COLUMNS).map((type, index) => `$${index + 2}::${type}`);
const WINDOW = "model_id = $1 AND time_ms >= $2 AND time_ms < $3";
const IN_ORDER = "ORDER BY time_ms, position";

/** By name; in `trim` no row is named by its place, which differs between parts of a hypertable. */
function statementsOf(database: PostgresDatabase) {
  const table = (name: string) => database.table(name);
  const [samples, counts, deliveries] = ["samples", "sample_counts", "deliveries"].map(table);
  return {
    /** Also holds the model's row until the transaction ends. */
    add: `INSERT INTO ${counts} AS counts (model_id, n) VALUES ($1, $2)
      ON CONFLICT (model_id) DO UPDATE SET n = counts.n + $2 RETURNING n`,
    insert: `INSERT INTO ${samples} (model_id, ${COLUMNS})
      SELECT $1, ${COLUMNS} FROM unnest(${PLACES.join()})
      WITH ORDINALITY AS rows (${COLUMNS}, nth) ORDER BY nth`,
    trim: `DELETE FROM ${samples} WHERE model_id = $1 AND (time_ms, position) IN
      (SELECT time_ms, position FROM ${samples} WHERE model_id = $1 ${IN_ORDER} LIMIT $2)`,
    prune: `DELETE FROM ${samples} WHERE model_id = $1 AND time_ms < $2`,
    range: `SELECT position, ${COLUMNS} FROM ${samples} WHERE ${WINDOW} ${IN_ORDER}`,
    page: `SELECT position, ${COLUMNS} FROM ${samples}
      WHERE model_id = $1 AND (time_ms, position) > ($2, $3) AND time_ms < $4
      ${IN_ORDER} LIMIT $5`,
    count: `SELECT n FROM ${counts} WHERE model_id = $1`,
    countRange: `SELECT count(*) AS n FROM ${samples} WHERE ${WINDOW}`,
    deliver: `INSERT INTO ${deliveries} AS last (sender, sequence) VALUES ($1, $2)
      ON CONFLICT (sender) DO UPDATE SET sequence = $2, delivered_at = now()
      WHERE last.sequence < $2`,
  };
}

/**
 * The samples of one model, in tables that hold those of many; several processes may use them. The
 * calls of one store take turns, so that it needs one connection at a time.
 */
export class PostgresSampleStore implements SampleStore {
  readonly #options: z.output<typeof optionsSchema>;
  readonly #statements: ReturnType<typeof statementsOf>;
  readonly #turns = new Turns();
  #isClosed = false;

  /** Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options: PostgresSampleStoreOptions) {
    this.#options = parseOptions("PostgresSampleStore", optionsSchema, options);
    this.#statements = statementsOf(this.#options.database);
  }

  async append(samples: readonly Sample[]): Promise<void> {
    await this.#append(samples, undefined);
  }

  /**
   * The same for a batch that is sent again when nobody knows whether it arrived: it is kept once.
   * A sender sends one batch after the other, each with a larger number. Returns whether it was
   * new. Throws as `append`, and ID_INVALID.
   */
  async appendOnce(samples: readonly Sample[], delivery: Delivery): Promise<boolean> {
    const { sender, sequence } = delivery;
    checkId("delivery.sender", sender);
    checkCount("delivery.sequence", sequence, 1);
    return this.#append(samples, [sender, sequence]);
  }

  async range(start: Moment, end: Moment): Promise<Sample[]> {
    const borders = [borderMs("start", start), borderMs("end", end)];
    return this.#next(async () => {
      const { database, modelId } = this.#options;
      const rows = await database.rows(this.#statements.range, [modelId, ...borders]);
      return this.#placed(rows).map(({ sample }) => sample);
    });
  }

  pages(start: Moment, end: Moment, options?: { pageSize?: number }): AsyncIterable<Sample[]> {
    return pagesOf((after, endMs, limit) => this.page(after, endMs, limit), start, end, options);
  }

  /** One page of `pages`: the first `limit` samples behind a place and before `endMs`. */
  page({ timeMs, position }: SampleKey, endMs: number, limit: number): Promise<PlacedSample[]> {
    const values = [this.#options.modelId, timeMs, position, endMs, limit];
    return this.#together(async (query) => {
      // Without statistics of the table a page would be planned as a sort of all that follow it.
      await query("SET LOCAL enable_sort = off");
      return this.#placed((await query(this.#statements.page, values)).rows);
    });
  }

  async count(): Promise<number> {
    return this.#next(() => this.#number("count", []));
  }

  async countRange(start: Moment, end: Moment): Promise<number> {
    const borders = [borderMs("start", start), borderMs("end", end)];
    return this.#next(() => this.#number("countRange", borders));
  }

  async prune(end: Moment): Promise<number> {
    const to = borderMs("end", end);
    return this.#together(async (query) => {
      await this.#add(query, 0);
      return this.#remove(query, "prune", to);
    });
  }

  async close(): Promise<void> {
    return this.#turns.run(async () => {
      this.#isClosed = true;
    });
  }

  async #append(samples: readonly Sample[], delivery: unknown[] | undefined): Promise<boolean> {
    checkInstance("samples", samples, Array);
    const { now, capacity, modelId } = this.#options;
    const stamped = stampSamples(samples, () => borderMs("now()", now()));
    const { insert, deliver } = this.#statements;
    return this.#together(async (query) => {
      const total = await this.#add(query, stamped.length);
      if (delivery && (await query(deliver, delivery)).rowCount === 0) {
        await this.#add(query, -stamped.length);
        return false;
      }
      for (const portion of portionsOf(stamped)) {
        await query(insert, [modelId, ...columnsOf(portion)]);
      }
      if (total > capacity) await this.#remove(query, "trim", total - capacity);
      return true;
    });
  }

  /** Counts samples, and keeps others from changing those of this model. Returns how many. */
  async #add(query: Query, samples: number): Promise<number> {
    const { rows } = await query(this.#statements.add, [this.#options.modelId, samples]);
    return Number(rows[0]?.n);
  }

  async #remove(query: Query, name: "trim" | "prune", bound: number): Promise<number> {
    const { rowCount } = await query(this.#statements[name], [this.#options.modelId, bound]);
    await this.#add(query, -(rowCount ?? 0));
    return rowCount ?? 0;
  }

  #placed(rows: readonly Row[]): PlacedSample[] {
    return rows.map((row) => {
      const placed = placedSampleOf(row);
      if (placed) return placed;
      const message =
        `Expected samples at ${this.#options.database.address}, got a row that is none, position ` +
        `${row.position}. Remove it, or restore the table from a copy.`;
      throw new DriftkeelError("FILE_CORRUPT", message);
    });
  }

  async #number(name: "count" | "countRange", values: number[]): Promise<number> {
    const { database, modelId } = this.#options;
    const [row] = await database.rows(this.#statements[name], [modelId, ...values]);
    return Number(row?.n ?? 0);
  }

  #together<T>(task: (query: Query) => Promise<T>): Promise<T> {
    return this.#next(() => this.#options.database.transaction(task));
  }

  #next<T>(task: () => Promise<T>): Promise<T> {
    return this.#turns.run(async () => {
      if (!this.#isClosed) return task();
      const message = "Expected an open PostgresSampleStore, got a closed one; make another.";
      throw new DriftkeelError("STORE_CLOSED", message);
    });
  }
}
