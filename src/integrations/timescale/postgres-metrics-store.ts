// Numbers of models over time in PostgreSQL, and their days.

import * as z from "zod/mini";
import {
  borderMs,
  checkInstance,
  millisecondsOf,
  parseOptions,
  positiveInteger,
} from "../../foundation.ts";
import { DriftkeelRangeError, type Moment } from "../../index.ts";
import { modelIdOption } from "../model-id-option.ts";
import { PostgresDatabase } from "./postgres-database.ts";

/** The years 1 to 9999: what the database and everything that reads it can write as a date. */
const [EARLIEST_MS, LATEST_MS] = [-62_135_596_800_000, 253_402_300_799_999];
const MAX_LIMIT = 100_000;
const NAME = "a text of 1 to 128 characters without a NUL";

const optionsSchema = z.object({
  database: z.custom<PostgresDatabase>(
    (value) => value instanceof PostgresDatabase,
    "a PostgresDatabase",
  ),
});
const pointSchema = z.object({
  time: z.custom<Moment>((value) => value instanceof Date || typeof value === "number", "a moment"),
  modelId: modelIdOption,
  name: z.string(NAME).check(z.regex(/^[^\0]{1,128}$/s, NAME)),
  value: z.number("a finite number"),
});
const windowSchema = z.object({
  modelId: modelIdOption,
  name: z.string(NAME),
  start: pointSchema.shape.time,
  end: pointSchema.shape.time,
  limit: z._default(
    positiveInteger.check(z.maximum(MAX_LIMIT, `an integer from 1 to ${MAX_LIMIT}`)),
    10_000,
  ),
});

/** A number of a model at one time; for each model, name and millisecond there is one. */
export interface MetricPoint {
  /** In the years 1 to 9999. */
  time: Moment;
  modelId: string;
  /** 1 to 128 characters. */
  name: string;
  /** Finite. */
  value: number;
}

/** Which numbers are asked for: of [start, end). */
export interface MetricWindow {
  modelId: string;
  name: string;
  start: Moment;
  end: Moment;
  /** At most so many, the earliest ones: 1..100,000, default 10,000. */
  limit?: number;
}

/** The numbers of one day. */
export interface MetricDay {
  /** Midnight UTC, when it begins. */
  day: Date;
  count: number;
  mean: number;
  min: number;
  max: number;
}

/**
 * Metrics of many models; several processes may use one database. A day's numbers come from a
 * continuous aggregate where TimescaleDB is there, from a view otherwise.
 *
 * Every method throws STORE_CLOSED after its database was closed, and FILE_FAILED.
 */
export class PostgresMetricsStore {
  readonly #database: PostgresDatabase;

  /** Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options: { database: PostgresDatabase }) {
    this.#database = parseOptions("PostgresMetricsStore", optionsSchema, options).database;
  }

  /**
   * Keeps numbers, all of them or none; one that is there already for its time is replaced, so that
   * the same may be sent again. Throws ARGUMENT_TYPE, ARGUMENT_RANGE, OPTION_INVALID,
   * OPTION_UNKNOWN.
   */
  async record(points: readonly MetricPoint[]): Promise<void> {
    checkInstance("points", points, Array);
    // Of two with the same key in one statement the last one counts, as it would in two.
    const byKey = new Map(points.map(checkedPoint).map((row) => [row.slice(0, 3).join("\0"), row]));
    const columns = [0, 1, 2, 3].map((at) => Array.from(byKey.values(), (row) => row[at]));
    const metrics = this.#database.table("metrics");
    await this.#database.rows(
      `INSERT INTO ${metrics} (time, model_id, name, value)
        SELECT to_timestamp(ms / 1000.0), model_id, name, value
        FROM unnest($1::bigint[], $2::text[], $3::text[], $4::float8[])
          AS rows (ms, model_id, name, value)
        ON CONFLICT (model_id, name, time) DO UPDATE SET value = excluded.value`,
      columns,
    );
  }

  /** In the order of time. Throws OPTION_INVALID, OPTION_UNKNOWN, ARGUMENT_RANGE. */
  async range(window: MetricWindow): Promise<{ time: Date; value: number }[]> {
    const rows = await this.#read(window, "time", "metrics", "value");
    return rows.map(({ ms, value }) => ({ time: new Date(Number(ms)), value: Number(value) }));
  }

  /** The days that begin in the window. Throws OPTION_INVALID, OPTION_UNKNOWN, ARGUMENT_RANGE. */
  async daily(window: MetricWindow): Promise<MetricDay[]> {
    const rows = await this.#read(window, "day", "metrics_daily", "count, mean, min, max");
    return rows.map(({ ms, count, mean, min, max }) => ({
      day: new Date(Number(ms)),
      count: Number(count),
      mean: Number(mean),
      min: Number(min),
      max: Number(max),
    }));
  }

  /** Forgets what lies before `end`; days go with it. Throws ARGUMENT_TYPE, ARGUMENT_RANGE. */
  async prune(end: Moment): Promise<number> {
    const to = timeMs("end", end);
    const metrics = this.#database.table("metrics");
    const sql = `WITH gone AS (DELETE FROM ${metrics} WHERE time < to_timestamp($1 / 1000.0)
      RETURNING 1) SELECT count(*) AS n FROM gone`;
    return Number((await this.#database.rows(sql, [to]))[0]?.n);
  }

  #read(window: MetricWindow, time: "time" | "day", table: string, columns: string) {
    const parsed = parseOptions("PostgresMetricsStore window", windowSchema, window);
    const { modelId, name, limit } = parsed;
    const borders = [timeMs("start", parsed.start), timeMs("end", parsed.end)];
    return this.#database.rows(
      `SELECT round(extract(epoch FROM ${time}) * 1000) AS ms, ${columns}
        FROM ${this.#database.table(table)} WHERE model_id = $1 AND name = $2
          AND ${time} >= to_timestamp($3 / 1000.0) AND ${time} < to_timestamp($4 / 1000.0)
        ORDER BY ${time} LIMIT $5`,
      [modelId, name, ...borders, limit],
    );
  }
}

function checkedPoint(point: MetricPoint): [number, string, string, number] {
  const { time, modelId, name, value } = parseOptions("metric point", pointSchema, point);
  return [timeMs("time", time), modelId, name, value];
}

function timeMs(name: string, moment: Moment): number {
  const ms = borderMs(name, millisecondsOf(name, moment));
  if (ms >= EARLIEST_MS && ms <= LATEST_MS) return ms;
  throw new DriftkeelRangeError(
    "ARGUMENT_RANGE",
    `Expected ${name} to be a moment of the years 1 to 9999, got ${ms} ms since 1970.`,
  );
}
