// A database that may be out of reach when the process starts: opened with the first use.

import { DriftkeelError } from "../../index.ts";
import { PostgresDatabase } from "./postgres-database.ts";
import { type PostgresOptions, parsePostgresOptions } from "./postgres-options.ts";

/** Opens a database when it is first needed, and again after it could not be. */
export class DatabaseOnDemand {
  readonly #options: PostgresOptions;
  #opening: Promise<PostgresDatabase> | undefined;
  #isClosed = false;

  /** Connects to nothing yet. Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options: PostgresOptions) {
    parsePostgresOptions(options);
    this.#options = { ...options };
  }

  /** The database. Throws as `PostgresDatabase.open`, and STORE_CLOSED after `close`. */
  async get(): Promise<PostgresDatabase> {
    if (this.#isClosed) {
      const message = "Expected an open DatabaseOnDemand, got a closed one; make another.";
      throw new DriftkeelError("STORE_CLOSED", message);
    }
    this.#opening ??= PostgresDatabase.open(this.#options).catch((error) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  /** Closes the database if it was opened; again does nothing. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const database = await this.#opening?.catch(() => undefined);
    await database?.close();
  }
}
