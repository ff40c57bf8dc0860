// What goes to PostgreSQL and comes back, without one: options, tables, rows, records, failures.

import { describe, expect, it } from "vitest";
import { stampSamples } from "../../src/foundation.ts";
import type { LearnerEvent, Sample } from "../../src/index.ts";
import { metricsForOutbox, metricsOf } from "../../src/integrations/timescale/event-metrics.ts";
import {
  forwardedRecord,
  fromWire,
  pointsOf,
  toWire,
} from "../../src/integrations/timescale/forwarded-records.ts";
import { DatabaseOnDemand } from "../../src/integrations/timescale/index.ts";
import { MIGRATIONS } from "../../src/integrations/timescale/migrations.ts";
import { postgresFailure } from "../../src/integrations/timescale/postgres-failure.ts";
import {
  describeAddress,
  type PostgresOptions,
  parsePostgresOptions,
  poolOptions,
} from "../../src/integrations/timescale/postgres-options.ts";
import {
  columnsOf,
  placedSampleOf,
  portionsOf,
  WRITTEN_COLUMNS,
} from "../../src/integrations/timescale/sample-rows.ts";

const url = "postgres://me:secret@db.example:5433/models";

const odd: Sample = {
  input: Float32Array.of(-0, 1e-45, 3.4028234663852886e38, 0.1),
  label: Float32Array.of(-1),
  weight: -0,
  timestamp: new Date(-8.64e15),
  id: "ünï 'quoted' \0 \ud800",
  origin: "peer",
};
const plain: Sample = {
  input: Float32Array.of(1),
  label: Float32Array.of(2),
  timestamp: new Date(5),
};
const stamped = stampSamples([odd, plain], () => 0);

describe("options of a database", () => {
  it("are handed to the pool with limits", () => {
    const standard = poolOptions(parsePostgresOptions({ url }));
    expect(standard).toMatchObject({
      connectionString: url,
      max: 4,
      connectionTimeoutMillis: 10_000,
      statement_timeout: 60_000,
      idle_in_transaction_session_timeout: 60_000,
      query_timeout: 65_000,
    });
    expect(standard).not.toHaveProperty("ssl");
    const tls = { ca: "certificate" };
    expect(poolOptions(parsePostgresOptions({ url, tls }))).toMatchObject({ ssl: tls });
  });

  it("that are wrong are refused without showing a secret", () => {
    const wrong: [object, RegExp][] = [
      [{ url: "mysql://me:secret@x" }, /"url"/],
      [{ url: `${url}?sslmode=disable`, tls: true }, /parameter of TLS/],
      [{ url, schema: 'a"; DROP' }, /"schema"/],
      [{ url, maxConnections: 101 }, /from 1 to 100/],
      [{ url, migrate: "maybe" }, /"migrate"/],
      [{ url, poolSize: 1 }, /Unknown/],
      [{}, /"url"/],
    ];
    for (const [options, message] of wrong) {
      const open = () => new DatabaseOnDemand(options as PostgresOptions);
      expect(open).toThrow(message);
      expect(open).not.toThrow("secret");
    }
  });

  it("name the database in messages without its password", () => {
    expect(describeAddress(url)).toBe("me@db.example:5433/models");
    expect(describeAddress("postgres://me:p@ss:w@host/db?password=secret")).toBe("me@host/db");
    expect(describeAddress("postgresql:///db")).toBe("/db");
    expect(describeAddress("postgres://")).toBe("PostgreSQL");
  });
});

describe("tables", () => {
  const target = { address: "x", schema: "driftkeel" };
  const sql = (hasTimescale: boolean) =>
    MIGRATIONS.flatMap(({ statements }) => statements({ ...target, hasTimescale })).join("\n");

  it("are plain without TimescaleDB", () => {
    expect(sql(false)).not.toMatch(/hypertable|time_bucket|timescaledb/);
    expect(sql(false)).toContain('CREATE VIEW "driftkeel".metrics_daily');
  });

  it("are hypertables with a continuous aggregate where it is there", () => {
    expect(sql(true).match(/create_hypertable\('"driftkeel"\.(\w+)'/g)?.length).toBe(2);
    expect(sql(true)).toContain("timescaledb.continuous");
    expect(sql(true)).not.toContain("CREATE VIEW");
  });
});

describe("rows of samples", () => {
  const columns = Object.keys(WRITTEN_COLUMNS);
  /** Rows as the driver would give them. */
  const rowsOf = () => {
    const arrays = columnsOf(stamped);
    return stamped.map((_, index) => {
      const values = arrays.map((array) => array[index]);
      const row = Object.fromEntries(columns.map((name, at) => [name, values[at]]));
      return { ...row, time_ms: String(row.time_ms), weight: numberOf(row.weight), position: "7" };
    });
  };
  const numberOf = (weight: unknown) => (weight === null ? null : Number(weight));

  it("bring every bit and every field back, out of buffers at any offset", () => {
    const shifted = rowsOf().map((row) => {
      const bytes = Buffer.from((row as unknown as { input: Buffer }).input);
      return { ...row, input: Buffer.concat([Buffer.from([9]), bytes]).subarray(1) };
    });
    for (const rows of [rowsOf(), shifted]) {
      const [first, second] = rows.map(placedSampleOf);
      expect(first).toEqual({ position: 7, timeMs: -8.64e15, sample: odd });
      expect(second?.sample).toEqual(plain);
    }
  });

  it("that are none are found out", () => {
    const [good] = rowsOf();
    expect(placedSampleOf(good!)).toBeDefined();
    const bad = [{ input: Buffer.alloc(3) }, { label: Buffer.alloc(0) }, { id: "no JSON" }];
    for (const change of [...bad, { id: "7" }, { origin: "benchmark" }, { time_ms: 1 }]) {
      expect(placedSampleOf({ ...good!, ...change })).toBeUndefined();
    }
  });

  it("go in portions that one statement can send", () => {
    const many = (count: number, floats: number) =>
      stampSamples(
        Array.from({ length: count }, () => ({ ...plain, input: new Float32Array(floats) })),
        () => 0,
      );
    const sizes = (samples: ReturnType<typeof many>) =>
      [...portionsOf(samples)].map((portion) => portion.length);
    expect(sizes([])).toEqual([]);
    expect(sizes(many(2000, 1))).toEqual([2000]);
    expect(sizes(many(2001, 1))).toEqual([2000, 1]);
    expect(sizes(many(5, 500_000))).toEqual([2, 2, 1]);
    expect(sizes(many(2, 2_000_000))).toEqual([1, 1]);
  });
});

describe("records on their way", () => {
  it("bring samples back bit for bit through JSON", () => {
    const back = stamped.map((each) => fromWire(JSON.parse(JSON.stringify(toWire(each)))));
    expect(back).toEqual([odd, plain]);
  });

  it("bring the numbers of events that count", () => {
    const at = 1_700_000_000_000;
    const promoted: LearnerEvent = {
      type: "promoted",
      at,
      modelId: "signal",
      versionId: "v",
      reason: "",
      measurements: { lossAfter: 0.5, bad: Number.NaN },
    };
    const drift: LearnerEvent = {
      type: "drift-detected",
      at,
      modelId: "signal",
      value: 2,
      measurements: {},
    };
    const points = [...metricsOf(promoted), ...metricsOf(drift)];
    expect(points.map(({ name, value }) => [name, value])).toEqual([
      ["promoted", 1],
      ["promoted.lossAfter", 0.5],
      ["drift-detected", 1],
      ["drift-detected.value", 2],
    ]);
    const step = {
      type: "update-progressed",
      at,
      modelId: "signal",
      step: 1,
      maxSteps: 2,
      loss: 1,
    };
    expect(metricsOf(step as LearnerEvent)).toEqual([]);
    const record = forwardedRecord.parse(JSON.parse(JSON.stringify(metricsForOutbox(points))));
    expect(record.kind === "metrics" && pointsOf(record)).toEqual(points);
  });
});

describe("a failure", () => {
  it.each([
    [{ code: "28P01", message: "auth" }, "FILE_FAILED", "refuses the password"],
    [{ code: "3D000", message: "no db" }, "FILE_FAILED", "no such database"],
    [{ code: "42P01", message: "no table" }, "FILE_CORRUPT", "tables of this release"],
    [{ code: "42703", message: "no column" }, "FILE_CORRUPT", "no column"],
    [{ code: "57014", message: "late" }, "FILE_FAILED", "statementTimeoutMs"],
    [{ code: "ECONNREFUSED", message: "refused" }, "FILE_FAILED", "nothing listens"],
    [new Error("something else"), "FILE_FAILED", "something else"],
    ["text", "FILE_FAILED", "text"],
  ])("%j is %s and says why", (cause, code, text) => {
    const error = postgresFailure("me@host/db", "driftkeel", cause);
    expect(error).toMatchObject({ code, cause });
    expect(error.message).toContain(text);
    expect(error.message).toContain("me@host/db");
    expect(postgresFailure("other", "other", error)).toBe(error);
  });
});
