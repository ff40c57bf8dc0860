// The tables, and how a database gets them: step by step, once, whoever comes first.

import type { Query } from "./postgres-driver.ts";
import { wrongTables } from "./postgres-failure.ts";

/** Where tables are made, and what is there to make them with. */
export interface MigrationTarget {
  /** For messages. */
  address: string;
  /** Checked to be a plain name. */
  schema: string;
  /** Whether TimescaleDB is installed in the database. */
  hasTimescale: boolean;
}

interface Migration {
  name: string;
  statements(target: MigrationTarget): string[];
}

/** A week, in the milliseconds that `samples` is partitioned by. */
const CHUNK_MS = 604_800_000;

/**
 * time_ms: milliseconds since 1970, as no time type holds every Date. input, label: f32 little
 * endian. id: as JSON text, because text has no NUL. sample_counts: a row for each model; who
 * changes samples of a model holds its row, so that positions grow in the order of the commits.
 */
const samples: Migration = {
  name: "samples",
  statements: ({ schema, hasTimescale }) => [
    `CREATE SEQUENCE "${schema}".sample_positions`,
    `CREATE TABLE "${schema}".samples (
      model_id text NOT NULL,
      position bigint NOT NULL DEFAULT nextval('"${schema}".sample_positions'),
      time_ms bigint NOT NULL,
      input bytea NOT NULL,
      label bytea NOT NULL,
      weight float8,
      id text,
      origin text
    )`,
    ...(hasTimescale
      ? [
          `SELECT create_hypertable('"${schema}".samples', 'time_ms',
            chunk_time_interval => ${CHUNK_MS}, create_default_indexes => false)`,
        ]
      : []),
    `CREATE INDEX samples_by_time ON "${schema}".samples (model_id, time_ms, position)`,
    `CREATE TABLE "${schema}".sample_counts (model_id text PRIMARY KEY, n bigint NOT NULL)`,
  ],
};

const dailyColumns = `model_id, name, count(*) AS count, avg(value) AS mean,
  min(value) AS min, max(value) AS max`;

/** A day begins at midnight UTC. The continuous aggregate adds what it does not hold yet. */
const metrics: Migration = {
  name: "metrics",
  statements: ({ schema, hasTimescale }) => [
    `CREATE TABLE "${schema}".metrics (
      time timestamptz NOT NULL,
      model_id text NOT NULL,
      name text NOT NULL,
      value float8 NOT NULL,
      PRIMARY KEY (model_id, name, time)
    )`,
    ...(hasTimescale
      ? [
          `SELECT create_hypertable('"${schema}".metrics', 'time',
            chunk_time_interval => INTERVAL '7 days')`,
          `CREATE MATERIALIZED VIEW "${schema}".metrics_daily
            WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
            SELECT time_bucket(INTERVAL '1 day', time) AS day, ${dailyColumns}
            FROM "${schema}".metrics GROUP BY 1, 2, 3 WITH NO DATA`,
          `SELECT add_continuous_aggregate_policy('"${schema}".metrics_daily',
            start_offset => NULL, end_offset => INTERVAL '1 hour',
            schedule_interval => INTERVAL '1 hour')`,
        ]
      : [
          `CREATE VIEW "${schema}".metrics_daily AS
            SELECT date_trunc('day', time, 'UTC') AS day, ${dailyColumns}
            FROM "${schema}".metrics GROUP BY 1, 2, 3`,
        ]),
  ],
};

/** The last delivery that each sender has made: one that is sent again is known by it. */
const deliveries: Migration = {
  name: "deliveries",
  statements: ({ schema }) => [
    `CREATE TABLE "${schema}".deliveries (
      sender text PRIMARY KEY,
      sequence bigint NOT NULL,
      delivered_at timestamptz NOT NULL DEFAULT now()
    )`,
  ],
};

/** In order; only ever added to, as databases out there have the first ones. */
export const MIGRATIONS: readonly Migration[] = [samples, metrics, deliveries];

/** Any number that nobody else locks on in this way; with the schema's it is the lock's key. */
const LOCK = 1_684_432_741;

/** The number of steps that a database has had; 0 for a new one. */
async function versionOf(query: Query, { schema }: MigrationTarget): Promise<number> {
  const table = `"${schema}".migrations`;
  const { rows } = await query("SELECT to_regclass($1) IS NOT NULL AS there", [table]);
  if (rows[0]?.there !== true) return 0;
  const found = await query(`SELECT coalesce(max(version), 0) AS version FROM ${table}`);
  return Number(found.rows[0]?.version);
}

/**
 * Whether the database has every table of this release. Throws FILE_CORRUPT for one that a later
 * release has changed.
 */
export async function isUpToDate(query: Query, target: MigrationTarget): Promise<boolean> {
  const version = await versionOf(query, target);
  if (version <= MIGRATIONS.length) return version === MIGRATIONS.length;
  const { address, schema } = target;
  throw wrongTables(
    address,
    schema,
    `version ${version} of a later release, where this one knows up to ${MIGRATIONS.length}`,
  );
}

/** FILE_CORRUPT, for a database that is behind and is only to be looked at. */
export async function behind(query: Query, target: MigrationTarget): Promise<Error> {
  const version = await versionOf(query, target);
  const got =
    version === 0
      ? "no tables"
      : `version ${version} of an older release, not ${MIGRATIONS.length}`;
  return wrongTables(target.address, target.schema, got);
}

/** Makes what is missing. To be called in a transaction; another process waits for its end. */
export async function migrate(query: Query, target: MigrationTarget): Promise<void> {
  const { schema } = target;
  await query("SELECT pg_advisory_xact_lock($1, hashtext($2))", [LOCK, schema]);
  if (await isUpToDate(query, target)) return; // somebody was first
  await query(`CREATE SCHEMA IF NOT EXISTS "${schema}"`);
  await query(`CREATE TABLE IF NOT EXISTS "${schema}".migrations (
    version int PRIMARY KEY,
    name text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
  )`);
  const from = await versionOf(query, target);
  for (const [index, { name, statements }] of [...MIGRATIONS.entries()].slice(from)) {
    for (const statement of statements(target)) await query(statement);
    const insert = `INSERT INTO "${schema}".migrations (version, name) VALUES ($1, $2)`;
    await query(insert, [index + 1, name]);
  }
}
