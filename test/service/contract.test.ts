// The service keeps to what /openapi.json says of it, route by route.

import { afterEach, expect, it } from "vitest";
import type { AccessKey, Scope } from "../../src/service/access.ts";
import { faultOf, type Operation, readOperations } from "./api-description.ts";
import { batch, keyOf, Served } from "./served.ts";
import { DATA_WINDOW, QUICK, SLOW, UpdateDesk } from "./update-desk.ts";

let served: Served;
afterEach(() => served.close());

/** A good request for a route: path, and body where there is one. */
type Request = [path: string, body?: unknown];

const MODEL = "/api/v1/models/signal";

/** In an order in which each finds what it needs; a job id is filled in for `{job}`. */
const GOOD: Record<string, Request> = {
  "GET /healthz": ["/healthz"],
  "GET /readyz": ["/readyz"],
  "GET /metrics": ["/metrics"],
  "GET /api/v1/schedule": ["/api/v1/schedule"],
  "POST /api/v1/models/{id}/predict": [`${MODEL}/predict`, { input: [0.5] }],
  "POST /api/v1/models/{id}/feedback": [`${MODEL}/feedback`, batch(3)],
  "GET /api/v1/models/{id}/status": [`${MODEL}/status`],
  "GET /api/v1/models/{id}/versions": [`${MODEL}/versions?limit=1`],
  "GET /api/v1/models/{id}/audit": [`${MODEL}/audit?limit=3&before=100`],
  "GET /api/v1/models/{id}/performance": [`${MODEL}/performance`],
  "GET /api/v1/models/{id}/stability": [`${MODEL}/stability`],
  "POST /api/v1/models/{id}/rollback": [`${MODEL}/rollback`, {}],
  "POST /api/v1/models/{id}/freeze": [`${MODEL}/freeze`, { reason: "test" }],
  "POST /api/v1/models/{id}/unfreeze": [`${MODEL}/unfreeze`, {}],
  "POST /api/v1/models/online-update": [
    "/api/v1/models/online-update",
    { model_id: "signal", data_window: DATA_WINDOW, ...QUICK },
  ],
  "GET /api/v1/jobs": ["/api/v1/jobs?limit=5"],
  "GET /api/v1/jobs/{id}": ["/api/v1/jobs/{job}"],
  "DELETE /api/v1/jobs/{id}": ["/api/v1/jobs/{job}"],
};

/** Has no end; it is asked in another way. */
const EVENTS = "GET /api/v1/events";

it("describes the routes that are tested here, and no others", async () => {
  served = await Served.open();
  const names = (await readOperations(served)).map(({ name }) => name);
  expect(names.sort()).toEqual([...Object.keys(GOOD), EVENTS].sort());
});

it("answers a good request to each route as described", async () => {
  const desk = await UpdateDesk.open(SLOW);
  served = desk.served;
  const { learner } = served.host.find("signal");
  expect((await learner.update({ lr: 1e-6, signal: AbortSignal.timeout(50) })).outcome).toBe(
    "failed",
  );
  const operations = await readOperations(served);
  let job = "";
  for (const [name, [path, body]] of Object.entries(GOOD)) {
    const operation = operations.find((each) => each.name === name)!;
    if (name.endsWith("/rollback")) continue; // there is no version before the first
    const answer = await served.ask(operation.method, path.replace("{job}", job), body);
    expect({ name, fault: faultOf(operation, answer) }).toEqual({ name, fault: undefined });
    expect({ name, isGood: answer.status < 300 }).toEqual({ name, isGood: true });
    if (name.endsWith("online-update")) job = answer.json.job_id;
  }
  await desk.ended(job);
});

it("answers a rollback, and a job with its report, as described", async () => {
  const desk = await UpdateDesk.open();
  served = desk.served;
  const id = await desk.start();
  await desk.ended(id);
  const operations = await readOperations(served);
  for (const [name, path, body] of [
    ["GET /api/v1/jobs/{id}", `/api/v1/jobs/${id}`],
    ["POST /api/v1/models/{id}/rollback", `${MODEL}/rollback`, {}],
    ["GET /api/v1/models/{id}/stability", `${MODEL}/stability`],
    ["GET /api/v1/models/{id}/versions", `${MODEL}/versions`],
    ["GET /api/v1/models/{id}/audit", `${MODEL}/audit`],
    ["GET /api/v1/jobs", "/api/v1/jobs"],
  ] as const) {
    const operation = operations.find((each) => each.name === name)!;
    const answer = await served.ask(operation.method, path, body);
    expect({ name, status: answer.status, fault: faultOf(operation, answer) }).toEqual({
      ...{ name, status: 200, fault: undefined },
    });
  }
});

it("streams events as described", async () => {
  served = await Served.open();
  const operation = (await readOperations(served)).find(({ name }) => name === EVENTS)!;
  const url = "/api/v1/events";
  const { statusCode, headers, stream } = await served.app.inject({ url, payloadAsStream: true });
  expect([statusCode, headers["content-type"]]).toEqual([200, operation.answers.get("200")!.type]);
  stream().destroy();
  const unknown = await served.ask("GET", `${url}?model_id=none`);
  expect([unknown.status, faultOf(operation, unknown)]).toEqual([404, undefined]);
});

/** What a route needs; `anyone` for none. */
function scopeOf({ method, path }: Operation): Scope | "anyone" {
  if (path === "/healthz" || path === "/readyz") return "anyone";
  if (path.endsWith("/feedback")) return "write";
  return method === "GET" || path.endsWith("/predict") ? "read" : "operate";
}

it("opens each route to keys of one scope, and tells the others why not", async () => {
  const keys: AccessKey[] = [keyOf("r", ["read"]), keyOf("w", ["write"]), keyOf("o", ["operate"])];
  served = await Served.open({ keys });
  for (const operation of await readOperations(served)) {
    const { name, method, path } = operation;
    const url = path.replace("{id}", "none");
    const scope = scopeOf(operation);
    const expected = scope === "anyone" ? [200, 200, 200, 200] : [401, 403, 403, 403];
    const askers = [undefined, ...keys];
    for (const [at, key] of askers.entries()) {
      if (key?.scopes[0] === scope) continue;
      const headers = key && { authorization: `Bearer ${key.name}` };
      const answer = await served.ask(method, url, undefined, headers);
      const { status } = answer;
      const fault = faultOf(operation, answer);
      expect({ name, at, status, fault }).toEqual({
        ...{ name, at, status: expected[at], fault: undefined },
      });
      expect(answer.headers["www-authenticate"] !== undefined).toBe(status === 401);
    }
    if (scope === "anyone" || name === EVENTS) continue;
    const headers = { authorization: `Bearer ${scope[0]}` };
    const { status } = await served.ask(method, url, undefined, headers);
    expect({ name, isOpen: ![401, 403].includes(status) }).toEqual({ name, isOpen: true });
  }
});

it("answers 404 to what is no route, whatever the method", async () => {
  served = await Served.open();
  const urls = ["/nothing", "/api", "/api/v1/models", `${MODEL}/`, `${MODEL}/predict/more`, "//"];
  for (const url of urls) {
    const { status, headers, json } = await served.ask("GET", url);
    expect({ url, status }).toEqual({ url, status: 404 });
    expect(headers["content-type"]).toMatch(/^application\/problem\+json/);
    expect(json.detail).toBe("Expected a path that /openapi.json lists.");
  }
  for (const method of ["OPTIONS", "PUT", "PATCH", "TRACE", "PROPFIND"] as const) {
    for (const url of ["/healthz", `${MODEL}/status`, `${MODEL}/feedback`, "*"]) {
      const { statusCode, headers } = await served.app.inject({ method: method as "GET", url });
      expect({ method, url, statusCode }).toEqual({ method, url, statusCode: 404 });
      expect(headers["content-type"]).toMatch(/^application\/problem\+json/);
    }
  }
});

it("answers HEAD as GET without a body, and has none for events", async () => {
  served = await Served.open();
  for (const url of ["/healthz", "/readyz", "/metrics", `${MODEL}/status`, "/openapi.json"]) {
    const { statusCode, body, headers } = await served.app.inject({ method: "HEAD", url });
    expect({ url, statusCode, body }).toEqual({ url, statusCode: 200, body: "" });
    expect(Number(headers["content-length"])).toBeGreaterThan(10);
  }
  for (const [url, expected] of [
    ["/api/v1/events", 404],
    ["/api/v1/models/none/status", 404],
    [`${MODEL}/predict`, 404],
  ] as const) {
    const { statusCode } = await served.app.inject({ method: "HEAD", url });
    expect({ url, statusCode }).toEqual({ url, statusCode: expected });
  }
});

interface PostOperation {
  post?: { requestBody?: { required: boolean } };
}

it("says of each body whether it may be left out, and keeps to that", async () => {
  served = await Served.open();
  const { paths } = (await served.ask("GET", "/openapi.json")).json;
  const needed: Record<string, boolean> = {};
  for (const [path, operations] of Object.entries<PostOperation>(paths)) {
    const body = operations.post?.requestBody;
    if (!body) continue;
    needed[path.split("/").at(-1)!] = body.required === true;
    const { status } = await served.ask("POST", path.replace("{id}", "signal"));
    expect({ path, isRefused: status === 400 || status === 415 }).toEqual({
      path,
      isRefused: body.required,
    });
  }
  expect(needed).toMatchObject({ rollback: false, unfreeze: false, feedback: true });
});
