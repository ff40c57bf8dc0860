// Events as they leave the service: server-sent events, their limits, and what is counted.

import type { Readable } from "node:stream";
import { afterEach, expect, it } from "vitest";
import { EventFeed } from "../../src/service/event-feed.ts";
import { signal } from "../config/config-file.ts";
import { Served } from "./served.ts";

let served: Served;
afterEach(() => served.close());

/** Reads until the text matches. */
async function readUntil(stream: Readable, pattern: RegExp): Promise<string> {
  let text = "";
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    text += chunk.toString();
    if (pattern.test(text)) return text;
  }
  throw new Error(`The stream ended after ${text}`);
}

it("tells listeners what happens to the models they asked for", async () => {
  served = await Served.open({ models: { signal, other: signal } });
  const open = (url: string) => served.app.inject({ url, payloadAsStream: true });
  const all = await open("/api/v1/events");
  const one = await open("/api/v1/events?model_id=other");
  expect(all.headers["content-type"]).toBe("text/event-stream");
  for (const id of ["signal", "other"]) {
    await served.ask("POST", `/api/v1/models/${id}/freeze`, { reason: `of ${id}` });
  }
  const text = await readUntil(all.stream(), /of other/);
  expect(text).toContain("event: frozen\ndata: {");
  const data = JSON.parse(/data: (.*)/.exec(text)![1]!);
  expect(data).toMatchObject({
    event_type: "frozen",
    model_id: "signal",
    details: { reason: "of signal" },
  });
  expect(data.timestamp).toMatch(/^\d{4}-\d\d-\d\dT/);
  expect(await readUntil(one.stream(), /of other/)).not.toContain("of signal");
  const unknown = await served.ask("GET", "/api/v1/events?model_id=none");
  expect(unknown.status).toBe(404);
});

it("shows that a silent stream lives, and ends it with the server", async () => {
  served = await Served.open({ limits: { heartbeatMs: 5 } });
  const { stream } = await served.app.inject({ url: "/api/v1/events", payloadAsStream: true });
  const readable = stream();
  expect(await readUntil(readable, /: heartbeat\n\n: heartbeat\n\n/)).toContain(": listening");
  const ended = readUntil(readable, /never/);
  await Promise.all([served.app.close(), expect(ended).rejects.toThrow("The stream ended")]);
});

it("has a bounded number of streams", async () => {
  served = await Served.open({ limits: { maxEventStreams: 2 } });
  const open = () => served.app.inject({ url: "/api/v1/events", payloadAsStream: true });
  await open();
  await open();
  const third = await served.ask("GET", "/api/v1/events");
  expect([third.status, third.headers["retry-after"]]).toEqual([503, "10"]);
});

it("cuts a listener off that does not read, and frees its place", async () => {
  served = await Served.open();
  const feed = new EventFeed(served, { maxEventStreams: 1, heartbeatMs: 60_000 });
  const stream = feed.open();
  const closed = new Promise((resolve) => stream.once("close", resolve));
  const { learner } = served.host.find("signal");
  const reason = "x".repeat(100_000);
  for (let count = 0; count < 11; count++) await learner.freeze(reason);
  await closed;
  expect(stream.destroyed).toBe(true);
  feed.open();
  feed.close();
});
