// Who may ask the service: keys and their scopes, and this machine alone without them.

import { afterEach, describe, expect, it } from "vitest";
import { isLoopback } from "../../src/service/access.ts";
import { startService } from "../../src/service/service.ts";
import { parseServiceConfig } from "../../src/service/service-config.ts";
import { signal } from "../config/config-file.ts";
import { keyOf, Served } from "./served.ts";

const MODEL = "/api/v1/models/signal";
const row = { input: [1], label: [1] };

let served: Served | undefined;
afterEach(async () => {
  await served?.close();
  served = undefined;
});

describe("with keys", () => {
  /** Each route and the one scope that opens it. */
  const routes: ["GET" | "POST", string, object | undefined, string][] = [
    ["POST", `${MODEL}/predict`, { input: [1] }, "read"],
    ["GET", `${MODEL}/status`, undefined, "read"],
    ["GET", `${MODEL}/versions`, undefined, "read"],
    ["GET", `${MODEL}/audit`, undefined, "read"],
    ["GET", "/metrics", undefined, "read"],
    ["POST", `${MODEL}/feedback`, row, "write"],
    ["POST", `${MODEL}/freeze`, { reason: "test" }, "operate"],
    ["POST", `${MODEL}/unfreeze`, undefined, "operate"],
    ["POST", `${MODEL}/rollback`, undefined, "operate"],
  ];

  it("opens each route to keys of its scope alone", async () => {
    const keys = [keyOf("r", ["read"]), keyOf("w", ["write"]), keyOf("o", ["operate"])];
    served = await Served.open({ keys });
    for (const [method, url, body, scope] of routes) {
      for (const { name, scopes } of keys) {
        const headers = { authorization: `Bearer ${name}` };
        const { status } = await served.ask(method, url, body, headers);
        const isOpen = scopes[0] === scope;
        expect({ url, name, isOpen: status !== 403 }).toEqual({ url, name, isOpen });
        expect(status).not.toBe(401);
      }
      const { status, headers, json } = await served.ask(method, url, body);
      expect([status, json.status]).toEqual([401, 401]);
      expect(headers["www-authenticate"]).toContain("Bearer");
    }
    const asked = await served.ask("GET", "/api/v1/events");
    expect(asked.status).toBe(401);
  });

  it("knows no other key, and looks at the key before the body", async () => {
    served = await Served.open({ keys: [keyOf("secret", ["write"])] });
    const status = async (authorization: string, body = "{") =>
      (await served!.ask("POST", `${MODEL}/feedback`, body, { authorization })).status;
    expect(await status("Bearer secret")).toBe(400);
    for (const wrong of ["Bearer secre", "Bearer ", "Basic secret", "secret", "Bearer a b", ""]) {
      expect({ wrong, status: await status(wrong) }).toEqual({ wrong, status: 401 });
    }
    expect(await status(`Bearer ${keyOf("secret", ["write"]).sha256}`)).toBe(401);
  });

  it("answers health and readiness without one, and logs none", async () => {
    const lines: string[] = [];
    const log = { write: (text: string) => void lines.push(text) };
    served = await Served.open({ keys: [keyOf("secret", ["read"])], log });
    for (const url of ["/healthz", "/readyz", "/openapi.json"]) {
      expect((await served.ask("GET", url)).status).toBe(200);
    }
    await served.ask("GET", `${MODEL}/status`, undefined, { authorization: "Bearer secret" });
    await served.ask("GET", `${MODEL}/status`, undefined, { authorization: "Bearer wrong-one" });
    expect(lines.join("")).toContain(`${MODEL}/status`);
    expect(lines.join("")).not.toMatch(/secret|wrong-one/);
  });
});

describe("without keys", () => {
  it("answers requests to and from this machine only", async () => {
    served = await Served.open();
    const status = async (headers: object) =>
      (await served!.ask("POST", `${MODEL}/unfreeze`, undefined, headers)).status;
    expect(await status({ host: "127.0.0.1:8600", origin: "http://localhost:3000" })).toBe(200);
    expect(await status({ host: "[::1]:8600" })).toBe(200);
    expect(await status({ host: "evil.example:8600" })).toBe(403);
    expect(await status({ host: "127.0.0.1.evil.example" })).toBe(403);
    expect(await status({ origin: "https://evil.example" })).toBe(403);
    expect(await status({ origin: "null" })).toBe(403);
  });

  it("does not listen beyond it", async () => {
    const config = { name: "a.json", text: JSON.stringify({ models: { signal } }) };
    for (const host of ["0.0.0.0", "::", "192.168.1.2", "example.org"]) {
      const start = startService({ config, baseDir: "nowhere", host, port: 0 });
      await expect(start).rejects.toMatchObject({ code: "OPTION_INVALID" });
    }
    const far = ["128.0.0.1", "127.evil.example", "localhost.evil.example", ""];
    expect(far.filter(isLoopback)).toEqual([]);
    expect(["127.0.0.1", "127.9.9.9", "::1", "localhost"].filter(isLoopback)).toHaveLength(4);
  });
});

describe("keys in the file", () => {
  const { sha256 } = keyOf("a", ["read"]);
  const parse = (keys: unknown) =>
    parseServiceConfig("a.json", JSON.stringify({ models: { signal }, keys }));

  it("are read beside the models", () => {
    const keys = [{ name: "a", sha256, scopes: ["read", "operate"] }];
    const config = parse(keys);
    expect([config.keys, [...config.models.keys()]]).toEqual([keys, ["signal"]]);
    const none = parseServiceConfig("a.json", JSON.stringify({ models: { signal } }));
    expect(none.keys).toEqual([]);
  });

  it("are refused when wrong, without being shown", () => {
    const key = { name: "a", sha256, scopes: ["read"] };
    const wrong: [unknown, RegExp][] = [
      [[], /keys.*an array of 1 to 1000 keys/],
      ["a", /keys.*an array of 1 to 1000 keys/],
      [[{ ...key, scope: ["read"] }], /Unknown a.json option "keys\[0\].scope"; did you mean/],
      [[{ ...key, scopes: [] }], /keys\[0\].scopes.*at least 1 scope/],
      [[{ ...key, scopes: ["admin"] }], /keys\[0\].scopes\[0\]/],
      [[{ ...key, sha256: "hunter2" }], /keys\[0\].sha256.*got a text of 7 characters/],
      [[{ ...key, sha256: sha256.toUpperCase() }], /keys\[0\].sha256/],
      [[key, { ...key, name: "b" }], /a different sha256/],
      [[key, { ...key, sha256: "0".repeat(64) }], /a different name/],
    ];
    for (const [keys, message] of wrong) {
      expect(() => parse(keys)).toThrow(message);
      expect(() => parse(keys)).not.toThrow(/hunter2/);
    }
    expect(() => parseServiceConfig("a.json", "{")).toThrow(/a.json to be JSON/);
    expect(() => parseServiceConfig("a.json", "[]")).toThrow(/to be an object/);
  });
});
