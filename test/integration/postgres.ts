// Samples and metrics in a real PostgreSQL: the contract, long windows, failures, outages.
//
// `tsx test/integration/postgres.ts` prints what it checked; 1 when something was wrong, 0 also
// when there is no PostgreSQL and none can be installed, which it says.

import { monotonicMs } from "../../src/clock.ts";
import {
  DatabaseOnDemand,
  deliverRows,
  ForwardedSampleStore,
  PostgresDatabase,
  PostgresMetricsStore,
  PostgresSampleStore,
} from "../../src/integrations/timescale/index.ts";
import { sampleStoreConformance } from "../../src/testing/index.ts";
import { checkBroken } from "./postgres/broken.ts";
import { inMemoryOutbox } from "./postgres/in-memory-outbox.ts";
import { checkLongWindow } from "./postgres/long-window.ts";
import { checkOutage } from "./postgres/outage.ts";
import { findOrInstallPostgres } from "./postgres/postgres-install.ts";
import {
  check,
  checkSame,
  endServersAfter,
  freePort,
  print,
  runScript,
} from "./postgres/report.ts";
import { runPage } from "./postgres/run-page.ts";
import { checkServedOutage, SERVED_MODEL } from "./postgres/served-outage.ts";
import { PostgresServer } from "./postgres-server.ts";

const LIMIT_MS = 180_000;
const DAY_MS = 86_400_000;

/** The suite that the embedded store passes, directly and through an outbox. */
async function checkConformance(url: string): Promise<void> {
  const database = await PostgresDatabase.open({ url, schema: "contract" });
  const direct = {
    name: "PostgresSampleStore",
    open: async (modelId: string, capacity: number) =>
      new PostgresSampleStore({ database, modelId, capacity }),
    isPersistent: true,
  };
  const onDemand = new DatabaseOnDemand({ url, schema: "contract_forwarded" });
  const outbox = await inMemoryOutbox(deliverRows({ database: onDemand }));
  const forwarded = {
    name: "ForwardedSampleStore",
    open: async (modelId: string, capacity: number) =>
      new ForwardedSampleStore({ database: onDemand, outbox, modelId, capacity }),
    isPersistent: true,
  };
  for (const subject of [direct, forwarded]) {
    for (const { name, run } of sampleStoreConformance(subject)) {
      await run();
      check(name, true);
    }
  }
  await outbox.close();
  await onDemand.close();
  await database.close();
}

/** Several processes meet at a new database: here several pools, each with its connections. */
async function checkTogether(url: string): Promise<void> {
  const opening = Array.from({ length: 6 }, () =>
    PostgresDatabase.open({ url, schema: "together" }),
  );
  const databases = await Promise.all(opening);
  check("six that open a new schema at once all succeed", true);
  const stores = databases.map(
    (database) => new PostgresSampleStore({ database, modelId: "shared", capacity: 500 }),
  );
  const sample = { input: Float32Array.of(1), label: Float32Array.of(1) };
  const batch = Array.from({ length: 10 }, () => sample);
  await Promise.all(
    stores.map(async (store) => {
      for (let call = 0; call < 20; call++) await store.append(batch);
      await store.prune(0);
    }),
  );
  checkSame(
    "their samples are counted right at the capacity",
    [await stores[0]!.count(), (await stores[1]!.range(0, 8e15)).length],
    [500, 500],
  );
  await Promise.all(databases.map((database) => database.close()));
}

/** Numbers over days. */
async function checkMetrics(database: PostgresDatabase): Promise<void> {
  const metrics = new PostgresMetricsStore({ database });
  const start = Date.UTC(2026, 0, 1);
  const points = Array.from({ length: 72 }, (_, hour) => ({
    time: start + hour * 3_600_000,
    modelId: "signal",
    name: "loss",
    value: hour,
  }));
  await metrics.record(points);
  await metrics.record(points.slice(0, 5));
  const window = { modelId: "signal", name: "loss", start, end: start + 3 * DAY_MS };
  const read = await metrics.range(window);
  checkSame(
    "metrics come back in the order of time",
    read.map(({ value }) => value),
    points.map(({ value }) => value),
  );
  const days = await metrics.daily({ ...window, end: start + 2 * DAY_MS });
  checkSame(`days are summed up ${database.hasTimescale ? "by TimescaleDB" : "by a view"}`, days, [
    { day: new Date(start), count: 24, mean: 11.5, min: 0, max: 23 },
    { day: new Date(start + DAY_MS), count: 24, mean: 35.5, min: 24, max: 47 },
  ]);
  checkSame("old ones are forgotten", await metrics.prune(start + DAY_MS), 24);
}

/** Limits hold: a pool that is too small waits, a statement that takes too long ends. */
async function checkLimits(url: string): Promise<void> {
  const database = await PostgresDatabase.open({ url, maxConnections: 2, statementTimeoutMs: 500 });
  const began = monotonicMs();
  const error = await database.rows("SELECT pg_sleep(30)").catch((cause: Error) => cause.message);
  check(
    `a statement ends at its limit: ${error}`,
    /statementTimeoutMs/.test(`${error}`) && monotonicMs() - began < 5000,
  );
  const twenty = Array.from({ length: 20 }, () =>
    database.rows(
      "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'driftkeel'",
    ),
  );
  const most = Math.max(...(await Promise.all(twenty)).map(([row]) => Number(row?.n)));
  checkSame("the pool has no more connections than it may", most, 2);
  await database.close();
}

/** A service with PostgreSQL has every sample there, in order, whatever happened meanwhile. */
async function checkServed(server: PostgresServer): Promise<void> {
  process.env.DRIFTKEEL_TEST_POSTGRES = server.url();
  await checkServedOutage({
    name: "postgres",
    member: { url_env: "DRIFTKEEL_TEST_POSTGRES", schema: "served" },
    stop: () => server.stop(),
    start: () => server.start(),
    async verify(sent) {
      const [row] = await server.query(
        `SELECT count(*) AS n, count(DISTINCT time_ms) AS times, bool_and(in_order) AS in_order
          FROM (SELECT time_ms, time_ms > lag(time_ms, 1, 0::bigint) OVER (ORDER BY position)
            AS in_order FROM served.samples WHERE model_id = '${SERVED_MODEL}') AS rows`,
      );
      const expected = { n: `${sent}`, times: `${sent}`, in_order: true };
      checkSame(`all ${sent} samples are there, once and in order`, row, expected);
      const [metrics] = await server.query(
        "SELECT count(*)::int AS n FROM served.metrics WHERE name = 'promoted'",
      );
      check(`${metrics?.n} promotions are told as metrics`, Number(metrics?.n) > 2);
    },
  });
}

async function main(): Promise<void> {
  const found = findOrInstallPostgres();
  if ("skipped" in found) return print(`SKIPPED: ${found.skipped}`);
  print(found.version);
  const startMs = monotonicMs();
  const server = await PostgresServer.create(found, await freePort());
  const callOff = endServersAfter(LIMIT_MS, () => server.remove());
  try {
    const url = server.url();
    await checkConformance(url);
    await checkTogether(url);
    await checkLimits(url);
    const database = await PostgresDatabase.open({ url });
    print(`      TimescaleDB is ${database.hasTimescale ? "" : "not "}there`);
    await checkMetrics(database);
    const page = runPage("docs/timescale.md", ["postgres://driftkeel@127.0.0.1/models", url]);
    check(
      "the code of docs/timescale.md runs",
      page.startsWith("1\n") && /mean: 0.25/.test(page),
      page,
    );
    await checkLongWindow(database);
    await database.close();
    await checkBroken(server);
    await checkOutage(server);
    await checkServed(server);
    print(`All checks passed in ${Math.round((monotonicMs() - startMs) / 1000)} s.`);
  } finally {
    callOff();
    await server.remove();
  }
}

await runScript(main);
