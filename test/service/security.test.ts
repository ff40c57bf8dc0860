// What a hostile client tries: ids that lead elsewhere, members that reach prototypes, headers of
// its own in answers, secrets out of answers and logs, more requests than its share.

import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { parseModelConfigs } from "../../src/config/model-config.ts";
import { ProblemError } from "../../src/service/problem.ts";
import { RateLimit } from "../../src/service/rate-limit.ts";
import { parseLimits } from "../../src/service/service-options.ts";
import { signal } from "../config/config-file.ts";
import { batch, keyOf, Served } from "./served.ts";

const MODEL = "/api/v1/models/signal";

let served: Served | undefined;
afterEach(async () => {
  await served?.close();
  served = undefined;
});

describe("ids", () => {
  it("in the configuration name folders below the base, whatever they are", () => {
    const parse = (id: string) => parseModelConfigs("a.json", `{"models":{"${id}":${text}}}`);
    const text = JSON.stringify(signal);
    for (const id of ["..", "../up", ".jobs", ".samples", "a/b", "a\\\\b", "", "a\\u0000", "é"]) {
      expect(() => parse(id), id).toThrow(/names of 1 to 128 of A-Z a-z 0-9/);
    }
    expect([...parse("constructor").keys()]).toEqual(["constructor"]);
  });

  it("in a request reach the declared models and their jobs alone", async () => {
    served = await Served.open();
    const before = filesBelow(served.baseDir);
    const ids = [
      ...["..", "%2e%2e", "..%2f..%2fetc%2fpasswd", "signal%2f..%2fsignal", ".jobs", ".samples"],
      ...["__proto__", "constructor", "toString", "signal%00", "SIGNAL", "%E2%80%AE", "signal."],
    ];
    for (const id of ids) {
      for (const [method, url] of [
        ["GET", `/api/v1/models/${id}/status`],
        ["GET", `/api/v1/models/${id}/versions`],
        ["GET", `/api/v1/models/${id}/audit`],
        ["GET", `/api/v1/jobs/${id}`],
        ["DELETE", `/api/v1/jobs/${id}`],
        ["POST", `/api/v1/models/${id}/unfreeze`],
      ] as const) {
        const { status } = await served.ask(method, url);
        expect({ method, url, status }).toEqual({ method, url, status: 404 });
      }
    }
    const versions = ["../current", "/etc/passwd", "..", "__proto__", "a\0b"];
    for (const version_id of versions) {
      const { status } = await served.ask("POST", `${MODEL}/rollback`, { version_id });
      expect({ version_id, isRefused: status === 400 || status === 404 }).toEqual({
        ...{ version_id, isRefused: true },
      });
    }
    expect(filesBelow(served.baseDir)).toEqual(before);
  });

  it("that are names of prototypes are models like others", async () => {
    served = await Served.open({ models: { constructor: signal, toString: signal } });
    for (const id of ["constructor", "toString"]) {
      const { status, json } = await served.ask("POST", `/api/v1/models/${id}/feedback`, batch(5));
      expect([status, json]).toEqual([202, { model_id: id, accepted: 5 }]);
      const answer = await served.ask("GET", `/api/v1/models/${id}/status`);
      expect(answer.json.model_id).toBe(id);
    }
    expect((await served.ask("GET", "/api/v1/models/valueOf/status")).status).toBe(404);
  });

  it("add no header and no line to an answer or the log", async () => {
    const lines: string[] = [];
    served = await Served.open({ log: { write: (line) => void lines.push(line) } });
    const evil = "x%0d%0aInjected:%201%0d%0a%0d%0a";
    for (const url of [
      `/api/v1/models/${evil}/status`,
      `/api/v1/jobs/${evil}`,
      `/api/v1/events?model_id=${evil}`,
      `${MODEL}/audit?before=${evil}`,
    ]) {
      const { status, headers } = await served.ask("GET", url);
      expect([400, 404]).toContain(status);
      expect(Object.keys(headers)).not.toContain("injected");
      expect(JSON.stringify(headers)).not.toMatch(/[\r\n]|njected/);
    }
    const body = { model_id: "signal", data_window: { start: "2026-09-20", end: "2026-11-20" } };
    const key = { "idempotency-key": "a\r\nInjected: 1" };
    const { status } = await served.ask("POST", "/api/v1/models/online-update", body, key);
    expect(status).toBe(400);
    for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
  });
});

/** Names and sizes. */
function filesBelow(folder: string): [string, number][] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => [name, statSync(join(folder, name)).size]);
}

describe("members that reach prototypes", () => {
  it("are refused wherever they stand, and reach none", async () => {
    served = await Served.open();
    const json = { "content-type": "application/json" };
    const window = '"data_window":{"start":"2026-09-20","end":"2026-11-20"';
    const cases: [string, string, object?][] = [
      [`${MODEL}/predict`, '{"input":[1],"__proto__":{"polluted":1}}', json],
      [`${MODEL}/predict`, '{"__proto__":{"input":[1]}}', json],
      [`${MODEL}/predict`, '{"constructor":{"prototype":{"polluted":1}},"input":[1]}', json],
      [`${MODEL}/feedback`, '{"input":[1],"label":[1],"__proto__":{"weight":1}}'],
      [`${MODEL}/feedback`, '{"__proto__":{"input":[1],"label":[1]}}'],
      [`${MODEL}/feedback`, '{"input":{"__proto__":[1],"length":1},"label":[1]}'],
      [`${MODEL}/freeze`, '{"__proto__":{"reason":"x"}}', json],
      ["/api/v1/models/online-update", `{"model_id":"signal",${window},"__proto__":1}}`, json],
      [
        "/api/v1/models/online-update",
        `{"model_id":"signal",${window}},"__proto__":{"dry_run":true}}`,
        json,
      ],
    ];
    for (const [url, body, headers] of cases) {
      const { status } = await served.ask("POST", url, body, headers);
      expect({ body, status }).toEqual({ body, status: 400 });
    }
    for (const query of ["__proto__=1", "__proto__[limit]=5", "constructor=1"]) {
      const { status } = await served.ask("GET", `${MODEL}/audit?${query}`);
      expect({ query, status }).toEqual({ query, status: 400 });
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(served.host.find("signal").learner.status()).toMatchObject({
      observed: 0,
      state: "ready",
    });
    expect(served.jobs.list()).toEqual([]);
  });
});

describe("secrets and places", () => {
  it("show in no answer, and no secret in the log", async () => {
    const lines: string[] = [];
    const key = keyOf("a-very-secret-key", ["read", "write", "operate"]);
    const log = { write: (line: string) => void lines.push(line) };
    served = await Served.open({ keys: [key], log });
    const answers: string[] = [];
    const authorization = `Bearer ${key.name}`;
    const asked: ["GET" | "POST", string, unknown?][] = [
      ["GET", "/readyz"],
      ["GET", "/openapi.json"],
      ["GET", "/"],
      ["GET", "/metrics"],
      ["GET", `${MODEL}/status`],
      ["GET", `${MODEL}/audit`],
      ["GET", `${MODEL}/versions`],
      ["GET", "/api/v1/models/none/status"],
      ["POST", `${MODEL}/feedback`, "{"],
      ["POST", `${MODEL}/feedback`, batch(2)],
      ["POST", `${MODEL}/rollback`, {}],
    ];
    const askAll = async () => {
      for (const [method, url, body] of asked) {
        for (const headers of [{ authorization }, { authorization: "Bearer wrong-secret" }, {}]) {
          const answer = await served!.ask(method, url, body, headers);
          answers.push(answer.text + JSON.stringify(answer.headers));
        }
      }
    };
    await askAll();
    await served.host.close();
    rmSync(join(served.baseDir, "signal"), { recursive: true }); // now much fails inside
    await askAll();
    expect(lines.join("")).toContain("STORE_CLOSED");
    for (const text of [...answers, ...lines]) {
      expect(text).not.toMatch(/very-secret|wrong-secret/);
      expect(text).not.toContain(key.sha256);
    }
    for (const text of answers) {
      expect(text).not.toContain(served.baseDir);
      expect(text).not.toMatch(/\.ts:\d|node_modules| at \w+ \(/);
    }
  });
});

describe("another site in this machine's browser", () => {
  it("is refused under any name that is not this machine's", async () => {
    served = await Served.open();
    const status = async (headers: object) =>
      (await served!.ask("GET", `${MODEL}/status`, undefined, headers)).status;
    const far = [
      ...["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example"],
      ...["127.0.0.1@evil.example", "evil.example#127.0.0.1", "[::2]", "0.0.0.0", "10.0.0.1"],
      ...[" ", "localhost.", "127.0.0.1:99999", "a b", "/", "[::1"],
    ];
    for (const host of far)
      expect({ host, status: await status({ host }) }).toEqual({ host, status: 403 });
    for (const origin of [
      "http://evil.example",
      "null",
      "file://",
      "http://127.0.0.1@evil.example",
    ]) {
      expect({ origin, status: await status({ origin }) }).toEqual({ origin, status: 403 });
    }
    for (const host of ["127.0.0.1", "localhost:8600", "[::1]:8600", "LOCALHOST", "127.1"]) {
      expect({ host, status: await status({ host }) }).toEqual({ host, status: 200 });
    }
  });
});

describe("the rate limit", () => {
  const limits = { requestsPerSecond: 10, requestBurst: 5 };

  it("lets a burst through and then the steady rate, for each client by itself", () => {
    let nowMs = 1000;
    const limit = new RateLimit(limits, () => nowMs);
    const refused = (client = "a") => {
      try {
        limit.take(client);
        return undefined;
      } catch (error) {
        return error as ProblemError;
      }
    };
    for (let count = 0; count < 5; count++) expect(refused()).toBeUndefined();
    expect(refused()).toBeInstanceOf(ProblemError);
    expect(refused()).toMatchObject({ status: 429, headers: { "Retry-After": "1" } });
    expect(refused("b")).toBeUndefined();
    nowMs += 99;
    expect(refused()).toBeDefined();
    nowMs += 1;
    expect(refused()).toBeUndefined();
    expect(refused()).toBeDefined();
    nowMs += 10_000; // no more than a burst is ever saved up
    for (let count = 0; count < 5; count++) expect(refused()).toBeUndefined();
    expect(refused()).toBeDefined();
  });

  it("says after how many seconds there is room", () => {
    const limit = new RateLimit({ requestsPerSecond: 1, requestBurst: 1 }, () => 0);
    limit.take("a");
    expect(() => limit.take("a")).toThrow(ProblemError);
    const slow = new RateLimit({ requestsPerSecond: 0.2, requestBurst: 1 }, () => 0);
    slow.take("a");
    try {
      slow.take("a");
    } catch (error) {
      expect(error).toMatchObject({ headers: { "Retry-After": "5" } });
    }
  });

  it("remembers a bounded number of clients, those that asked last", () => {
    const limit = new RateLimit({ requestsPerSecond: 1, requestBurst: 1 }, () => 0);
    for (let client = 0; client < 10_001; client++) limit.take(`client ${client}`);
    expect(limit.clients).toBe(10_000);
    limit.take("client 0"); // forgotten, so it has its burst again
    expect(() => limit.take("client 10000")).toThrow(ProblemError);
  });

  it("is asked for every request by key or address, health excepted", async () => {
    const keys = [keyOf("r", ["read"]), keyOf("s", ["read"])];
    served = await Served.open({ keys, limits: { requestsPerSecond: 1, requestBurst: 3 } });
    const status = async (url: string, headers = {}) =>
      (await served!.ask("GET", url, undefined, headers)).status;
    const authorization = "Bearer r";
    for (let count = 0; count < 3; count++) {
      expect(await status(`${MODEL}/status`, { authorization })).toBe(200);
    }
    const refused = await served.ask("GET", "/nothing", undefined, { authorization });
    expect([refused.status, refused.json.title]).toEqual([429, "Too Many Requests"]);
    expect(refused.headers["retry-after"]).toBe("1");
    expect(refused.headers["content-type"]).toMatch(/^application\/problem\+json/);
    expect(await status(`${MODEL}/status`, { authorization: "Bearer s" })).toBe(200);
    // Guesses at keys come from one address.
    const guesses = [];
    for (let count = 0; count < 4; count++) {
      guesses.push(await status(`${MODEL}/status`, { authorization: `Bearer guess-${count}` }));
    }
    expect(guesses).toEqual([401, 401, 401, 429]);
    for (let count = 0; count < 10; count++) expect(await status("/healthz")).toBe(200);
  });

  it("has defaults, and refuses what is no limit", () => {
    expect(parseLimits({})).toMatchObject({ requestsPerSecond: 5000, requestBurst: 10_000 });
    for (const wrong of [{ requestsPerSecond: 0 }, { requestBurst: 0.5 }, { requestBurst: 1e7 }]) {
      expect(() => parseLimits(wrong)).toThrow(/an integer/);
    }
  });
});
