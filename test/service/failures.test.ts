// What the service does when something fails: problem documents, locked folders, torn batches.

import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { configureLearner } from "../../src/config/configured-learner.ts";
import { parseModelConfigs } from "../../src/config/model-config.ts";
import { DriftkeelError, DriftkeelRangeError, OnlineLearner } from "../../src/index.ts";
import { ModelHost } from "../../src/service/model-host.ts";
import { InterruptedBatch, ProblemError, problemOf } from "../../src/service/problem.ts";
import { startService } from "../../src/service/service.ts";
import { parseLimits } from "../../src/service/service-options.ts";
import { signal } from "../config/config-file.ts";
import { batch, Served } from "./served.ts";

let served: Served | undefined;
afterEach(async () => {
  await served?.close();
  served = undefined;
});

const configs = parseModelConfigs("test.json", JSON.stringify({ models: { signal } }));

it("gives each code its status, and shows no message of its own trouble", () => {
  const statusOf = (code: ConstructorParameters<typeof DriftkeelError>[0]) => {
    const { status, detail, code: told } = problemOf(new DriftkeelError(code, "in /a/folder"));
    expect({ code: told, shown: detail.includes("folder") }).toEqual({ code, shown: status < 500 });
    return status;
  };
  expect(statusOf("OPTION_INVALID")).toBe(400);
  expect(statusOf("VERSION_UNKNOWN")).toBe(404);
  expect(statusOf("UPDATE_IN_PROGRESS")).toBe(409);
  expect(statusOf("UPDATES_FROZEN")).toBe(423);
  expect(statusOf("FEEDBACK_BUFFER_FULL")).toBe(429);
  expect(statusOf("STORE_LOCKED")).toBe(503);
  expect(statusOf("FILE_FAILED")).toBe(500);
  expect(problemOf(new DriftkeelRangeError("LENGTH_MISMATCH", "too long")).status).toBe(400);
});

it("makes a problem of anything that is thrown", () => {
  for (const thrown of [new TypeError("x is undefined"), "text", 7, {}, { statusCode: 302 }]) {
    const { status, detail } = problemOf(thrown);
    expect([status, detail]).toEqual([500, "The service failed; its log says more."]);
  }
  expect(problemOf(new ProblemError(503, "Too many.")).detail).toBe("Too many.");
  const torn = new InterruptedBatch(3, new DriftkeelError("FILE_FAILED", "disk"));
  expect(problemOf(torn)).toMatchObject({ status: 500, code: "FILE_FAILED", accepted: 3 });
});

it("tells how many samples of a torn batch were learned", async () => {
  served = await Served.open();
  const sent = served.ask("POST", "/api/v1/models/signal/feedback", batch(5000));
  const { learner, path } = served.host.find("signal");
  while (learner.status().observed === 0) await new Promise(setImmediate);
  await served.host.close();
  const { status, json } = await sent;
  expect([status, json.code]).toEqual([503, "STORE_CLOSED"]);
  expect(json.accepted).toBeGreaterThan(0);
  expect(json.accepted).toBeLessThan(5000);
  const { options, dispose } = configureLearner("signal", configs.get("signal")!);
  const again = await OnlineLearner.open({ ...options, storagePath: path });
  expect(again.status().observed).toBe(json.accepted);
  await again.close();
  dispose();
});

it("reports a model whose folder another process has, and opens the others", async () => {
  served = await Served.open();
  const models = parseModelConfigs("a.json", JSON.stringify({ models: { signal, other: signal } }));
  const second = await ModelHost.open(models, {
    baseDir: served.baseDir,
    now: () => 0,
  });
  expect(second.models.map(({ id, path }) => [id, path])).toEqual([
    ["other", join(served.baseDir, "other")],
  ]);
  expect(second.failures.get("signal")).toMatchObject({ code: "STORE_LOCKED" });
  expect(() => second.find("signal")).toThrow(/could not be opened/);
  await second.close();
  await second.close();
  expect(served.host.find("signal").learner.status().state).toBe("ready");
});

it("is not ready when no model could be opened", async () => {
  const broken = { ...signal, update: { ...signal.update, alpha: 2 } };
  served = await Served.open({ models: { broken } });
  const { status, json } = await served.ask("GET", "/readyz");
  expect([status, json.status]).toEqual([503, "unavailable"]);
});

it("gives a request that does not arrive its time and no more", async () => {
  const folder = mkdtempSync(join(tmpdir(), "driftkeel-slow-"));
  const config = { name: "a.json", text: JSON.stringify({ models: { signal } }) };
  const limits = { requestTimeoutMs: 200 };
  const service = await startService({ config, baseDir: folder, port: 0, limits });
  const socket = connect(Number(new URL(service.url).port), "127.0.0.1");
  socket.write(
    "POST /api/v1/models/signal/feedback HTTP/1.1\r\nHost: localhost\r\n" +
      "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
  );
  let answer = "";
  for await (const chunk of socket) answer += chunk;
  expect(answer).toMatch(/^HTTP\/1.1 408 /);
  await service.close();
  rmSync(folder, { recursive: true, force: true });
});

it("refuses limits that are none", () => {
  expect(parseLimits({ maxEventStreams: 1 }).maxEventStreams).toBe(1);
  for (const limits of [{ bodyLimitBytes: 0 }, { heartbeatMs: 2 ** 31 }, { bodyLimit: 1 }]) {
    expect(() => parseLimits(limits)).toThrow(/limits option/);
  }
});
