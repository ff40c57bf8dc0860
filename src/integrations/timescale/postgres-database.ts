// A pool of connections to one PostgreSQL database whose tables are those of this release.

import { isTypedError } from "../../foundation.ts";
import { DriftkeelError } from "../../index.ts";
import { behind, isUpToDate, type MigrationTarget, migrate } from "./migrations.ts";
import { loadDriver, type Pool, type PoolClient, type Query, type Row } from "./postgres-driver.ts";
import { postgresFailure } from "./postgres-failure.ts";
import {
  describeAddress,
  type ParsedPostgresOptions,
  type PostgresOptions,
  parsePostgresOptions,
  poolOptions,
} from "./postgres-options.ts";

/** Senders that have delivered nothing for so long are forgotten. */
const FORGET_SENDERS = "365 days";

/**
 * What stores of samples and metrics share: one pool, for all models of a process. Several
 * processes may use one database. A connection that breaks is replaced with the next call.
 */
export class PostgresDatabase {
  readonly #pool: Pool;
  readonly #target: MigrationTarget;
  #closing: Promise<void> | undefined;

  private constructor(pool: Pool, target: MigrationTarget) {
    this.#pool = pool;
    this.#target = target;
  }

  /**
   * Connects, and makes the tables that are missing; those of an older release are brought up to
   * date. With TimescaleDB in the database they are made as hypertables and daily numbers as a
   * continuous aggregate. Throws OPTION_INVALID, OPTION_UNKNOWN, DRIVER_MISSING, FILE_FAILED (out
   * of reach, refused), FILE_CORRUPT (tables of a later release; with migrate `check` also none,
   * or older ones).
   */
  static async open(options: PostgresOptions): Promise<PostgresDatabase> {
    const parsed = parsePostgresOptions(options);
    const Pool = await loadDriver();
    const pool = new Pool(poolOptions(parsed));
    // A connection that breaks while nobody uses it: the next call gets another.
    pool.on("error", () => {});
    pool.on("connect", (client) => client.on("error", () => {}));
    const address = describeAddress(parsed.url);
    try {
      const { rows } = await pool.query("SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'");
      const target = { address, schema: parsed.schema, hasTimescale: rows.length > 0 };
      const database = new PostgresDatabase(pool, target);
      await database.#prepare(parsed);
      return database;
    } catch (cause) {
      await pool.end().catch(() => {});
      throw postgresFailure(address, parsed.schema, cause);
    }
  }

  /** Whether TimescaleDB is installed in the database. */
  get hasTimescale(): boolean {
    return this.#target.hasTimescale;
  }

  /** `user@host/database`, for messages. */
  get address(): string {
    return this.#target.address;
  }

  /** The name of a table, as statements take it. */
  table(name: string): string {
    return `"${this.#target.schema}".${name}`;
  }

  /** The rows that one statement gives. Throws STORE_CLOSED, FILE_FAILED, FILE_CORRUPT. */
  async rows(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.#attempt(async () => (await this.#pool.query(sql, values)).rows);
  }

  /**
   * Does `task` in a transaction: all of it takes effect, or none. When this throws FILE_FAILED
   * after a cut connection, it may have taken effect all the same. Throws as `rows`.
   */
  async transaction<T>(task: (query: Query) => Promise<T>): Promise<T> {
    return this.#attempt(async () => {
      const client = await this.#pool.connect();
      try {
        await client.query("BEGIN");
        const result = await task((sql, values) => client.query(sql, values));
        await client.query("COMMIT");
        client.release();
        return result;
      } catch (cause) {
        await giveBack(client, cause);
        throw cause;
      }
    });
  }

  /** Waits for what is under way and closes every connection; again does nothing. */
  close(): Promise<void> {
    this.#closing ??= this.#pool.end();
    return this.#closing;
  }

  async #prepare({ migrate: mode }: ParsedPostgresOptions): Promise<void> {
    const query: Query = (sql, values) => this.#pool.query(sql, values);
    if (!(await isUpToDate(query, this.#target))) {
      if (mode === "check") throw await behind(query, this.#target);
      await this.transaction((inside) => migrate(inside, this.#target));
    }
    if (mode === "check") return;
    const deliveries = this.table("deliveries");
    await query(`DELETE FROM ${deliveries} WHERE delivered_at < now() - $1::interval`, [
      FORGET_SENDERS,
    ]);
  }

  async #attempt<T>(task: () => Promise<T>): Promise<T> {
    if (this.#closing) {
      const message = "Expected an open PostgresDatabase, got a closed one; open it again.";
      throw new DriftkeelError("STORE_CLOSED", message);
    }
    try {
      return await task();
    } catch (cause) {
      throw postgresFailure(this.#target.address, this.#target.schema, cause);
    }
  }
}

/** A connection whose transaction failed; one that is cut, or cannot even end that, is closed. */
async function giveBack(client: PoolClient, cause: unknown): Promise<void> {
  const hasAnswered = isTypedError(cause) || /^\w{5}$/.test(`${(cause as { code?: string }).code}`);
  if (!hasAnswered) return client.release(true);
  try {
    await client.query("ROLLBACK");
    client.release();
  } catch {
    client.release(true);
  }
}
