// Deliveries to a webhook: retries, limits, an end in time, and PagerDuty's body.

import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type AlertMessage, pagerDutyEncoder } from "../../src/service/alerts/alert-message.ts";
import { Webhook, type WebhookParts } from "../../src/service/alerts/webhook.ts";
import { WebhookReceiver } from "./webhook-receiver.ts";

const message: AlertMessage = {
  state: "firing",
  model: "signal",
  alert: "feedback-lag",
  severity: "warning",
  summary: "seconds since the newest sample: 90000, limit 86400",
  value: 90_000,
  limit: 86_400,
  sinceMs: Date.UTC(2026, 0, 1),
  atMs: Date.UTC(2026, 0, 2),
};

let receiver: WebhookReceiver;
let webhook: Webhook;
let counts: string[];
let lines: string[];
let pauses: number[];
beforeEach(async () => {
  receiver = await WebhookReceiver.open();
  [counts, lines, pauses] = [[], [], []];
});
afterEach(async () => {
  await webhook.close(0);
  await receiver.close();
});

function open(more: Partial<WebhookParts> = {}): Webhook {
  let nowMs = 1_000_000;
  webhook = new Webhook({
    url: `${receiver.url}/secret-path`,
    encode: ({ model }, atMs) => ({ body: JSON.stringify({ model, atMs }), headers: {} }),
    timeoutMs: 5000,
    maxAttempts: 8,
    maxWaiting: 10,
    nowMs: () => {
      nowMs += 1000;
      return nowMs;
    },
    pause: async (ms) => void pauses.push(ms),
    count: (end) => counts.push(end),
    warn: (details, text) => lines.push(`${text} ${JSON.stringify(details)}`),
    ...more,
  });
  return webhook;
}

it("tries again after 500, 429 and a timeout, with growing pauses, signed anew", async () => {
  receiver.answers.push(500, 429, "never", 503);
  expect(await open({ timeoutMs: 200 }).send(message)).toBe(true);
  const bodies = await receiver.bodies(5);
  expect(new Set(bodies.map(({ atMs }) => atMs)).size).toBe(5);
  expect(pauses).toEqual([1000, 2000, 4000, 8000]);
  expect(counts).toEqual(["delivered"]);
  expect(lines.map((line) => /"problem":"([^"]*)"/.exec(line)![1])).toEqual([
    "status 500",
    "status 429",
    "TimeoutError",
    "status 503",
  ]);
});

it("gives up after its attempts, and goes on with the next message", async () => {
  receiver.answers.push(...new Array(9).fill(500));
  const ends = [open({ maxAttempts: 9 }).send(message), webhook.send({ ...message, model: "b" })];
  expect(await Promise.all(ends)).toEqual([false, true]);
  expect(counts).toEqual(["failed", "delivered"]);
  expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * 1000));
  expect((await receiver.bodies(10)).map(({ model }) => model)).toEqual([
    ...new Array(9).fill("signal"),
    "b",
  ]);
});

it("does not try again what is refused, and follows nobody elsewhere", async () => {
  const elsewhere = await WebhookReceiver.open();
  receiver.answers.push(400, 403, { location: `${elsewhere.url}/` });
  for (let count = 0; count < 3; count++) expect(await open().send(message)).toBe(false);
  expect([receiver.received.length, elsewhere.received.length]).toEqual([3, 0]);
  expect(counts).toEqual(["failed", "failed", "failed"]);
  await elsewhere.close();
});

it("lets a bounded number wait, and drops what comes then", async () => {
  receiver.answers.push("never");
  open({ maxWaiting: 2 });
  const waiting = [webhook.send(message), webhook.send({ ...message, model: "b" })];
  expect(await webhook.send({ ...message, model: "c" })).toBe(false);
  expect(counts).toEqual(["dropped"]);
  await receiver.bodies(1);
  await webhook.close(0);
  expect(await Promise.all(waiting)).toEqual([false, false]);
  expect(await webhook.send(message)).toBe(false);
  expect(receiver.received).toHaveLength(1);
});

it("delivers what waits when it is closed in time", async () => {
  receiver.answers.push(500, 500);
  const sent = open().send(message);
  await webhook.close(5000);
  expect([await sent, receiver.received.length]).toEqual([true, 3]);
});

it("breaks a pause off at the end", async () => {
  receiver.answers.push(500);
  const pause = (_: number, signal: AbortSignal) => setTimeout(60_000, undefined, { signal });
  const sent = open({ pause }).send(message);
  await receiver.bodies(1);
  await webhook.close(1);
  expect(await sent).toBe(false);
  expect(receiver.received).toHaveLength(1);
});

it("shows neither address nor body in the log", async () => {
  receiver.answers.push(500, 400);
  await open().send(message);
  const closed = await WebhookReceiver.open();
  const { url } = closed;
  await closed.close();
  await open({ url: `${url}/secret-path`, maxAttempts: 1 }).send(message);
  expect(lines).toHaveLength(3);
  expect(lines[2]).toContain("ECONNREFUSED");
  expect(lines.join()).not.toMatch(/secret-path|127\.0\.0\.1|atMs/);
});

it("speaks PagerDuty's Events API v2", () => {
  const encode = pagerDutyEncoder("host-1", "R".repeat(32));
  const firing = encode(message, 0);
  expect(firing.headers).toEqual({});
  expect(JSON.parse(firing.body)).toEqual({
    routing_key: "R".repeat(32),
    event_action: "trigger",
    dedup_key: "host-1/signal/feedback-lag",
    payload: {
      summary: "signal: seconds since the newest sample: 90000, limit 86400",
      source: "host-1",
      severity: "warning",
      timestamp: "2026-01-02T00:00:00.000Z",
      component: "signal",
      class: "feedback-lag",
      custom_details: {
        model_id: "signal",
        alert: "feedback-lag",
        value: 90_000,
        limit: 86_400,
        since: "2026-01-01T00:00:00.000Z",
      },
    },
  });
  expect(JSON.parse(encode({ ...message, state: "recovered" }, 0).body)).toEqual({
    routing_key: "R".repeat(32),
    event_action: "resolve",
    dedup_key: "host-1/signal/feedback-lag",
  });
});
