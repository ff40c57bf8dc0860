// Every route of the service: what it answers, and what it refuses.

import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { configureLearner } from "../../src/config/configured-learner.ts";
import { parseModelConfigs } from "../../src/config/model-config.ts";
import { OnlineLearner } from "../../src/index.ts";
import { signal } from "../config/config-file.ts";
import { batch, Served } from "./served.ts";

const MODEL = "/api/v1/models/signal";

let served: Served;
afterEach(() => served.close());

it("predicts with the active version and counts it", async () => {
  served = await Served.open();
  const { status, json } = await served.ask("POST", `${MODEL}/predict`, { input: [0.5] });
  expect(status).toBe(200);
  const { learner } = served.host.find("signal");
  const { output, versionId } = learner.predict(Float32Array.of(0.5));
  expect(json).toMatchObject({ model_id: "signal", version_id: versionId, output: [...output] });
  expect(json.prediction_id).toMatch(/^[0-9a-f-]{36}$/);
  const metrics = await served.ask("GET", "/metrics");
  expect(metrics.text).toContain('driftkeel_predictions_total{model="signal"} 1\n');
});

it("acknowledges feedback only when a crash would not lose it", async () => {
  served = await Served.open();
  const one = { input: [0.5], label: [1], weight: 2, timestamp: "2026-11-20T00:00:00Z", id: "a" };
  const first = await served.ask("POST", `${MODEL}/feedback`, one);
  expect([first.status, first.json]).toEqual([202, { model_id: "signal", accepted: 1 }]);
  const many = await served.ask("POST", `${MODEL}/feedback`, `${batch(150)}\n`);
  expect([many.status, many.json.accepted]).toEqual([202, 150]);
  const metrics = await served.ask("GET", "/metrics");
  expect(metrics.text).toContain('driftkeel_feedback_total{model="signal"} 151\n');
  await served.app.close();
  await served.host.close();
  const config = parseModelConfigs("test.json", JSON.stringify({ models: { signal } }));
  const { options, dispose } = configureLearner("signal", config.get("signal")!);
  const storagePath = join(served.baseDir, "signal");
  const learner = await OnlineLearner.open({ ...options, storagePath });
  expect(learner.status().observed).toBe(151);
  await learner.close();
  dispose();
});

it("learns nothing of a batch with one bad line, and names the line", async () => {
  served = await Served.open();
  const good = batch(3);
  const cases: [string, string][] = [
    [`${good}{"input":[1,2],"label":[1]}\n`, "input of length 1"],
    [
      `${good}{"input":[1],"label":["x"]}\n`,
      'Expected line 4 member "label[0]" to be a finite 32-bit',
    ],
    [`${good}{"input":[1],"lable":[1]}\n`, 'Unknown line 4 member "lable"; did you mean "label"?'],
    [`${good}{"input":\n`, "Expected line 4 to be a JSON object."],
    [`${good}7\n`, "Expected line 4 to be an object, got 7."],
    ["\n", "Expected at least 1 line, got none."],
  ];
  for (const [body, detail] of cases) {
    const { status, json, headers } = await served.ask("POST", `${MODEL}/feedback`, body);
    expect({ body, status, detail: json.detail }).toMatchObject({ body, status: 400 });
    expect(json.detail).toContain(detail);
    expect(headers["content-type"]).toContain("application/problem+json");
  }
  expect(served.host.find("signal").learner.status().observed).toBe(0);
});

it("refuses what is no sample, no JSON, too large, or of an unknown kind", async () => {
  served = await Served.open({ limits: { bodyLimitBytes: 1000 } });
  const status = async (body: unknown, headers: object = {}, path = `${MODEL}/feedback`) =>
    (await served.ask("POST", path, body, headers)).status;
  expect(await status({ input: [1] })).toBe(400);
  expect(await status([{ input: [1], label: [1] }])).toBe(400);
  expect(await status("{", { "content-type": "application/json" })).toBe(400);
  expect(await status('{"__proto__":{}}', { "content-type": "application/json" })).toBe(400);
  expect(await status("input=1", { "content-type": "text/plain" })).toBe(415);
  expect(await status({ input: ["1"] }, {}, `${MODEL}/predict`)).toBe(400);
  expect(await status({ input: [1, 2] }, {}, `${MODEL}/predict`)).toBe(400);
  expect(await status({ input: [1e39] }, {}, `${MODEL}/predict`)).toBe(400);
  const row = '{"input":[1],"label":[1]}';
  expect(await status(row + " ".repeat(1000 - row.length))).toBe(202);
  expect(await status(row + " ".repeat(1001 - row.length))).toBe(413);
});

it("lets a bounded number of samples wait, and says when to come back", async () => {
  served = await Served.open({ limits: { maxWaitingSamples: 100 } });
  const tooMany = await served.ask("POST", `${MODEL}/feedback`, batch(101));
  expect([tooMany.status, tooMany.json.title]).toEqual([413, "Payload Too Large"]);
  const answers = await Promise.all([
    served.ask("POST", `${MODEL}/feedback`, batch(100)),
    served.ask("POST", `${MODEL}/feedback`, batch(1)),
  ]);
  expect(answers.map(({ status }) => status).sort()).toEqual([202, 429]);
  expect(answers.find(({ status }) => status === 429)?.headers["retry-after"]).toBe("1");
  expect((await served.ask("POST", `${MODEL}/feedback`, batch(100))).status).toBe(202);
});

it("pages through versions and audit log, newest first", async () => {
  served = await Served.open();
  const { json: status } = await served.ask("GET", `${MODEL}/status`);
  expect(status).toMatchObject({ model_id: "signal", state: "ready", observed: 0 });
  const { json: versions } = await served.ask("GET", `${MODEL}/versions`);
  expect(versions).toMatchObject({
    versions: [{ version_id: status.version_id, sequence: 1, parent: null, is_active: true }],
    next_before: null,
  });
  await served.ask("POST", `${MODEL}/freeze`, { reason: "holiday" });
  const all = (await served.ask("GET", `${MODEL}/audit`)).json.events;
  expect(all[0]).toMatchObject({ event_type: "safe-mode", outcome: "frozen" });
  const pages = [];
  let next: number | null = all[0].seq + 1;
  while (next !== null) {
    const { json } = await served.ask("GET", `${MODEL}/audit?limit=1&before=${next}`);
    pages.push(...json.events);
    next = json.next_before;
  }
  expect(pages).toEqual(all);
  for (const query of ["limit=0", "limit=1001", "limit=x", "before=-1", "page=2"]) {
    expect((await served.ask("GET", `${MODEL}/audit?${query}`)).status).toBe(400);
  }
});

it("freezes, unfreezes and rolls back", async () => {
  served = await Served.open();
  const post = (action: string, body?: object) => served.ask("POST", `${MODEL}/${action}`, body);
  expect((await post("freeze", { reason: "" })).status).toBe(400);
  expect((await post("freeze", { reason: "holiday" })).json.state).toBe("frozen");
  expect((await post("feedback", { input: [1], label: [1] })).status).toBe(202);
  expect((await post("unfreeze")).json.state).toBe("ready");
  const none = await post("rollback");
  expect([none.status, none.json.code]).toEqual([409, "NO_SNAPSHOT"]);
  const unknown = await post("rollback", { version_id: "20200101-000000-0000" });
  expect([unknown.status, unknown.json.code]).toEqual([404, "VERSION_UNKNOWN"]);
  const { learner } = served.host.find("signal");
  const before = learner.status().versionId;
  await served.ask("POST", `${MODEL}/feedback`, batch(200));
  expect((await learner.update()).outcome).toBe("promoted");
  expect(learner.status().versionId).not.toBe(before);
  expect((await post("rollback")).json.version_id).toBe(before);
  const { text } = await served.ask("GET", "/metrics");
  expect(text).toContain('driftkeel_rollbacks_total{model="signal"} 1\n');
  expect(text).toMatch(/driftkeel_updates_total\{model="signal",outcome="promoted"\} 1\n/);
  expect(text).toMatch(/driftkeel_update_duration_seconds_count\{model="signal"\} 1\n/);
  expect(text).toContain("process_cpu_seconds_total");
});

it("answers 404 for models, paths and methods that there are not", async () => {
  served = await Served.open();
  const urls = ["/api/v1/models/none/status", "/api/v1/models/..%2f/status", "/api/v1/none"];
  for (const url of urls) {
    const { status, json } = await served.ask("GET", url);
    expect({ url, status, json }).toMatchObject({ url, status: 404, json: { status: 404 } });
  }
  const { json } = await served.ask("GET", "/api/v1/models/signa/status");
  expect(json.detail).toBe('Expected the id of a declared model (signal), got "signa".');
  expect((await served.ask("GET", `${MODEL}/predict`)).status).toBe(404);
  expect((await served.ask("GET", "/api/v1/models/%zz/status")).status).toBe(400);
});

it("serves the other models when one cannot be opened, and hides why", async () => {
  const broken = { ...signal, ewc: { lambda: 1 }, update: { ...signal.update, alpha: 2 } };
  const lines: string[] = [];
  const log = { write: (text: string) => void lines.push(text) };
  served = await Served.open({ models: { signal, broken }, log });
  expect((await served.ask("GET", "/readyz")).json).toEqual({
    status: "degraded",
    models: ["signal"],
    failed: ["broken"],
  });
  expect((await served.ask("GET", `${MODEL}/status`)).status).toBe(200);
  const { status, text } = await served.ask("GET", "/api/v1/models/broken/status");
  expect(status).toBe(503);
  expect(text).not.toContain("alpha");
});

it("tells nothing of the inside when it fails itself", async () => {
  const lines: string[] = [];
  served = await Served.open({ log: { write: (text: string) => void lines.push(text) } });
  await served.host.close();
  const { status, text, json } = await served.ask("POST", `${MODEL}/predict`, { input: [1] });
  expect([status, json.code]).toEqual([503, "STORE_CLOSED"]);
  expect(text).not.toContain("OnlineLearner");
  expect(lines.join("")).toContain("OnlineLearner");
});

it("is healthy and describes itself as OpenAPI 3.1", async () => {
  served = await Served.open();
  expect((await served.ask("GET", "/healthz")).json).toEqual({ status: "ok" });
  expect((await served.ask("GET", "/readyz")).json.status).toBe("ready");
  const { json } = await served.ask("GET", "/openapi.json");
  expect(json.openapi).toBe("3.1.0");
  const actions = ["audit", "feedback", "freeze", "performance", "predict", "rollback"].concat([
    "stability",
    "status",
    "unfreeze",
    "versions",
  ]);
  expect(Object.keys(json.paths).sort()).toEqual(
    [
      ...actions.map((action) => `/api/v1/models/{id}/${action}`),
      "/api/v1/models/online-update",
      "/api/v1/jobs",
      "/api/v1/jobs/{id}",
      "/api/v1/schedule",
      "/api/v1/events",
      "/healthz",
      "/metrics",
      "/readyz",
    ].sort(),
  );
  const body = json.paths["/api/v1/models/{id}/feedback"].post.requestBody.content;
  expect(Object.keys(body)).toEqual(["application/json", "application/x-ndjson"]);
  expect(body["application/json"].schema.required).toEqual(["input", "label"]);
});
