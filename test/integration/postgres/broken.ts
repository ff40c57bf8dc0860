// What can be wrong with a database, and what is said of it.

import {
  PostgresDatabase,
  PostgresMetricsStore,
  PostgresSampleStore,
} from "../../../src/integrations/timescale/index.ts";
import type { PostgresServer } from "../postgres-server.ts";
import { check, checkRefused, checkSame, freePort } from "./report.ts";

const sample = { input: Float32Array.of(1), label: Float32Array.of(1), timestamp: new Date(1) };

/** Each failure has a code and says what to do; no message has the password. */
export async function checkBroken(server: PostgresServer): Promise<void> {
  const opening =
    (options: Parameters<typeof server.url>[0], more: object = {}) =>
    () =>
      PostgresDatabase.open({ url: server.url(options), connectTimeoutMs: 3000, ...more });
  await checkRefused(
    "a wrong password",
    "FILE_FAILED",
    /^(?!.*not the password).*refuses the password/,
    opening({ password: "not the password" }),
  );
  await checkRefused(
    "a database that is not there",
    "FILE_FAILED",
    /no such database/,
    opening({ database: "absent" }),
  );
  const nowhere = `postgres://somebody@127.0.0.1:${await freePort()}/postgres`;
  await checkRefused("nothing listens", "FILE_FAILED", /nothing listens there/, () =>
    PostgresDatabase.open({ url: nowhere }),
  );
  await checkRefused(
    "TLS that the server does not speak",
    "FILE_FAILED",
    /SSL/,
    opening({}, { tls: true }),
  );
  await checkRefused(
    "a schema that nobody has made",
    "FILE_CORRUPT",
    /no tables/,
    opening({}, { schema: "unmade", migrate: "check" }),
  );
  await checkSchemas(server);
  await checkRights(server);
}

/** Tables that are missing, older, or of a later release. */
async function checkSchemas(server: PostgresServer): Promise<void> {
  const url = server.url();
  const schema = "broken";
  const database = await PostgresDatabase.open({ url, schema });
  const store = new PostgresSampleStore({ database, modelId: "signal" });
  await store.append([sample]);
  await server.query('DROP TABLE "broken".samples');
  await checkRefused("a missing table", "FILE_CORRUPT", /"broken.samples" does not exist/, () =>
    store.range(0, 9),
  );
  await checkRefused("a missing table when writing", "FILE_CORRUPT", /does not exist/, () =>
    store.append([sample]),
  );
  checkSame("a transaction that failed left nothing", await store.count(), 1);
  await database.close();

  // As the first release left it: one step of three.
  await server.query(
    "DROP VIEW broken.metrics_daily; DROP TABLE broken.metrics, broken.deliveries; " +
      "DELETE FROM broken.migrations WHERE version > 1",
  );
  const look = () => PostgresDatabase.open({ url, schema, migrate: "check" });
  await checkRefused("an old schema", "FILE_CORRUPT", /version 1 of an older release/, look);
  const upgraded = await PostgresDatabase.open({ url, schema });
  await new PostgresMetricsStore({ database: upgraded }).record([
    { time: 1, modelId: "signal", name: "loss", value: 1 },
  ]);
  await upgraded.close();
  check(
    "an old schema is brought up to date",
    (await look().then((each) => each.close())) === undefined,
  );
  await server.query("INSERT INTO broken.migrations (version, name) VALUES (99, 'later')");
  const later = /version 99 of a later release/;
  await checkRefused("a schema of a later release", "FILE_CORRUPT", later, look);
  await checkRefused("and nothing is changed in it", "FILE_CORRUPT", later, () =>
    PostgresDatabase.open({ url, schema }),
  );
}

/** A user who may use the tables, but make none; and one who may do nothing. */
async function checkRights(server: PostgresServer): Promise<void> {
  await (await PostgresDatabase.open({ url: server.url(), schema: "shared" })).close();
  await server.query(
    "CREATE ROLE app LOGIN PASSWORD 'secret'; CREATE ROLE stranger LOGIN PASSWORD 'secret'; " +
      "GRANT USAGE ON SCHEMA shared TO app; " +
      "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA shared TO app; " +
      "GRANT USAGE ON ALL SEQUENCES IN SCHEMA shared TO app",
  );
  const app = await PostgresDatabase.open({
    url: server.url({ user: "app", password: "secret" }),
    schema: "shared",
  });
  const store = new PostgresSampleStore({ database: app, modelId: "signal" });
  await store.append([sample]);
  checkSame("a user without the right to make tables uses them", await store.count(), 1);
  await app.close();
  await checkRefused("a user without rights", "FILE_FAILED", /may not do that/, () =>
    PostgresDatabase.open({
      url: server.url({ user: "stranger", password: "secret" }),
      schema: "shared",
    }),
  );
}
