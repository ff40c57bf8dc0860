// Samples and metrics of all models of a service, on their way to PostgreSQL; the member `postgres`
// of its file.

import { join } from "node:path";
import * as z from "zod/mini";
import { parseOptions } from "../../foundation.ts";
import {
  type Clock,
  DriftkeelRangeError,
  FileStore,
  type LearnerEvent,
  type SampleStore,
} from "../../index.ts";
import { Outbox, type OutboxStatus } from "../outbox/index.ts";
import { DatabaseOnDemand } from "./database-on-demand.ts";
import { deliverRows } from "./deliver-rows.ts";
import { metricsForOutbox, metricsOf } from "./event-metrics.ts";
import { ForwardedSampleStore } from "./forwarded-sample-store.ts";
import { loadDriver } from "./postgres-driver.ts";
import { type PostgresOptions, parsePostgresOptions } from "./postgres-options.ts";

const MOST_WAITING = 1_000_000;
const WAITING = `an integer from 1 to ${MOST_WAITING}`;

const inFile = z.strictObject({
  postgres: z.strictObject({
    /** Names the variable that holds the address: it has the password in it. */
    url_env: z.string(),
    tls: z.optional(z.boolean()),
    schema: z.optional(z.string()),
    migrate: z.optional(z.enum(["apply", "check"])),
    max_connections: z.optional(z.int()),
    statement_timeout_ms: z.optional(z.int()),
    outbox_capacity: z._default(
      z.int(WAITING).check(z.minimum(1, WAITING), z.maximum(MOST_WAITING, WAITING)),
      100_000,
    ),
  }),
});

/** The member `postgres`, with its secret. */
export interface PostgresSettings {
  database: PostgresOptions;
  outboxCapacity: number;
}

/**
 * The member `postgres` of a configuration file; undefined when there is none. name: what messages
 * call the file; environment: holds the address that the file names. Throws OPTION_INVALID,
 * OPTION_UNKNOWN.
 */
export function postgresIn(
  name: string,
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
): PostgresSettings | undefined {
  const json = JSON.parse(text) as { postgres?: unknown };
  if (!Object.hasOwn(json, "postgres")) return undefined;
  const { postgres } = parseOptions(name, inFile, { postgres: json.postgres });
  const { url_env, tls, schema, migrate, max_connections, statement_timeout_ms } = postgres;
  const url = environment[url_env];
  if (!url) {
    throw new DriftkeelRangeError(
      "OPTION_INVALID",
      `Expected ${name} option "postgres.url_env" to name an environment variable that holds an ` +
        "address postgres://..., got one that is not set.",
    );
  }
  const database: PostgresOptions = {
    url,
    ...(tls !== undefined && { tls }),
    ...(schema !== undefined && { schema }),
    ...(migrate !== undefined && { migrate }),
    ...(max_connections !== undefined && { maxConnections: max_connections }),
    ...(statement_timeout_ms !== undefined && { statementTimeoutMs: statement_timeout_ms }),
  };
  parsePostgresOptions(database);
  return { database, outboxCapacity: postgres.outbox_capacity };
}

/** Keeps what the models of a service learn from, and how they fare. */
export class ServedRows {
  /** Hears of what is no reason to stop: an outage, samples that found no room. */
  onFailure: (error: unknown) => void = () => {};
  readonly #database: DatabaseOnDemand;
  readonly #outbox: Outbox;
  readonly #now: Clock;

  private constructor(database: DatabaseOnDemand, outbox: Outbox, now: Clock) {
    this.#database = database;
    this.#outbox = outbox;
    this.#now = now;
  }

  /**
   * The outbox is in `<baseDir>/.outbox/postgres`. Throws DRIVER_MISSING, STORE_LOCKED,
   * FILE_CORRUPT, FILE_FAILED; not when PostgreSQL is away.
   */
  static async open(options: {
    settings: PostgresSettings;
    baseDir: string;
    now: Clock;
  }): Promise<ServedRows> {
    const { settings, baseDir, now } = options;
    await loadDriver();
    const database = new DatabaseOnDemand(settings.database);
    const store = await FileStore.open({ storagePath: join(baseDir, ".outbox", "postgres") });
    let rows: ServedRows | undefined;
    const onFailure = (error: unknown) => rows?.onFailure(error);
    try {
      const deliver = deliverRows({ database, onPassedOver: onFailure });
      const capacity = settings.outboxCapacity;
      const outbox = await Outbox.open({ store, deliver, onFailure, capacity, now });
      rows = new ServedRows(database, outbox, now);
      return rows;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** The samples of a model. */
  samplesOf(modelId: string, capacity: number): SampleStore {
    const outbox = {
      add: (record: object) => this.#add(record),
      drained: () => this.#outbox.drained(),
    };
    const now = this.#now;
    return new ForwardedSampleStore({ database: this.#database, outbox, modelId, capacity, now });
  }

  /** For `keepEvents` of the models. Throws FILE_FAILED. */
  async keep(events: readonly LearnerEvent[]): Promise<void> {
    const points = events.flatMap(metricsOf);
    if (points.length > 0) await this.#add(metricsForOutbox(points));
  }

  /** How the outbox stands. */
  status(): OutboxStatus {
    return this.#outbox.status();
  }

  /** Keeps what is under way; what PostgreSQL does not have yet waits for the next start. */
  async close(): Promise<void> {
    await this.#outbox.close();
    await this.#database.close();
  }

  /** An outbox that is full stops nobody from learning: what found no room is counted and told. */
  async #add(record: object): Promise<void> {
    try {
      await this.#outbox.add(record);
    } catch (error) {
      if ((error as { code?: string }).code !== "OUTBOX_FULL") throw error;
      this.onFailure(error);
    }
  }
}
