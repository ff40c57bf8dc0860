// The members `mlflow` and `postgres` of a service's file: read, checked, secrets never shown.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { mlflowIn } from "../../src/integrations/mlflow/index.ts";
import { postgresIn, ServedRows } from "../../src/integrations/timescale/index.ts";
import { parseServiceConfig } from "../../src/service/service-config.ts";
import { signal } from "../config/config-file.ts";

const url = "https://mlflow.example";
const environment = { TOKEN: "hush-hush", ADDRESS: "postgres://me:hush-hush@db.example/models" };
const mlflow = (member: unknown) =>
  mlflowIn("f.json", JSON.stringify({ mlflow: member }), environment);
const postgres = (member: unknown) =>
  postgresIn("f.json", JSON.stringify({ postgres: member }), environment);

describe("the configuration file", () => {
  it("has no partners unless it names them", () => {
    const { partners } = parseServiceConfig("f.json", JSON.stringify({ models: { signal } }), {});
    expect(partners).toEqual({ mlflow: undefined, postgres: undefined });
  });

  it("names both, beside its models", () => {
    const members = { mlflow: { url, token_env: "TOKEN" }, postgres: { url_env: "ADDRESS" } };
    const text = JSON.stringify({ models: { signal }, ...members });
    expect(parseServiceConfig("f.json", text, environment).partners).toEqual({
      mlflow: { registry: { url, token: "hush-hush" }, outboxCapacity: 10_000 },
      postgres: { database: { url: environment.ADDRESS }, outboxCapacity: 100_000 },
    });
  });

  it.each(["mlflow", "timescale"])("is as docs/%s.md shows it", async (page) => {
    const text = await readFile(`docs/${page}.md`, "utf8");
    const [, json] = /```json\n([\s\S]*?)```/.exec(text)!;
    const shown = { MLFLOW_TRACKING_TOKEN: "t", DRIFTKEEL_POSTGRES: environment.ADDRESS };
    const { models, partners } = parseServiceConfig(page, json!, shown);
    expect([...models.keys()]).toEqual(["signal"]);
    expect(Object.values(partners).filter(Boolean).length).toBe(1);
    const { mlflow: told, postgres: kept } = JSON.parse(json!);
    expect(Object.keys(told ?? kept).every((name) => text.includes(`\`${name}\``))).toBe(true);
  });

  it("is refused at its start when a member is wrong", () => {
    const wrong: [() => unknown, RegExp][] = [
      [() => mlflow({}), /"mlflow.url"/],
      [() => mlflow({ url, tokens: 1 }), /"mlflow.tokens"/],
      [() => mlflow({ url, token_env: "ABSENT" }), /"mlflow.token_env" to name/],
      [() => mlflow({ url, password_env: "TOKEN" }), /together/],
      [() => mlflow({ url: "hush-hush" }), /"url"/],
      [() => mlflow({ url, timeout_ms: 0 }), /"timeoutMs"/],
      [() => mlflow({ url, outbox_capacity: 0 }), /"mlflow.outbox_capacity"/],
      [() => postgres({}), /"postgres.url_env"/],
      [() => postgres({ url_env: "ABSENT" }), /"postgres.url_env" to name/],
      [() => postgres({ url_env: "TOKEN" }), /"url"/],
      [() => postgres({ url_env: "ADDRESS", schema: "A b" }), /"schema"/],
      [() => postgres({ url_env: "ADDRESS", max_connections: 101 }), /"maxConnections"/],
    ];
    for (const [read, message] of wrong) {
      expect(read).toThrow(message);
      expect(read).toThrow(expect.objectContaining({ code: expect.stringMatching(/^OPTION_/) }));
      expect(read).not.toThrow("hush-hush");
    }
  });
});

describe("ServedRows, with its database out of reach", () => {
  let baseDir: string;
  beforeEach(async () => {
    baseDir = await mkdtemp(join(tmpdir(), "driftkeel-rows-"));
  });
  afterEach(() => rm(baseDir, { recursive: true }));

  const sample = { input: Float32Array.of(1), label: Float32Array.of(1) };
  // Nothing may listen on port 1.
  const database = { url: "postgres://me@127.0.0.1:1/db", connectTimeoutMs: 1000 };
  const open = (outboxCapacity: number) =>
    ServedRows.open({ settings: { database, outboxCapacity }, baseDir, now: () => 0 });

  it("keeps samples until its outbox is full, and then says so and goes on", async () => {
    const rows = await open(2);
    const failures: string[] = [];
    rows.onFailure = (error) => failures.push(`${(error as { code?: string }).code}`);
    const store = rows.samplesOf("signal", 100);
    for (let count = 0; count < 3; count++) await store.append([sample]);
    expect(rows.status()).toMatchObject({ waiting: 2, refused: 1 });
    expect(failures).toContain("OUTBOX_FULL");
    await store.close();
    await rows.close();
    const after = await open(2);
    expect(after.status().waiting).toBe(2);
    await after.close();
  });
});
