// What the dashboard loads of a model and when, against a service whose log grows in the test.

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { AuditRecord } from "../../../src/service/dashboard/answers.ts";
import { type ModelData, ModelWatch } from "../../../src/service/dashboard/model-watch.ts";
import type { ServiceClient } from "../../../src/service/dashboard/service-client.ts";

/** Answers as the service does, from a log of as many events as the test wants. */
class GrowingService {
  readonly reads: string[] = [];
  events = 0;
  say: (text: string) => void = () => {};

  #event(seq: number): AuditRecord {
    const timestamp = new Date(1000 * seq).toISOString();
    const rest = { event_type: "drift", outcome: "drift-detected", details: null };
    return { seq, timestamp, ...rest, prev_hash: "", hash: "" };
  }

  async read(path: string): Promise<unknown> {
    this.reads.push(path);
    const url = new URL(path, "http://service");
    if (url.pathname.endsWith("/status")) return { state: "ready" };
    if (url.pathname.endsWith("/performance")) return { points: [] };
    if (url.pathname.endsWith("/versions")) return { versions: [], next_before: null };
    const end = Number(url.searchParams.get("before") ?? this.events);
    const start = Math.max(0, end - Number(url.searchParams.get("limit")));
    const events = Array.from({ length: end - start }, (_, i) => this.#event(end - 1 - i));
    return { events, next_before: start > 0 ? start : null };
  }

  async open(): Promise<ReadableStream> {
    return new ReadableStream({
      start: (controller) => {
        this.say = (text) => controller.enqueue(new TextEncoder().encode(text));
      },
    });
  }

  tell(event_type: string, seconds: number, details = {}): void {
    const timestamp = new Date(1000 * seconds).toISOString();
    this.say(`data: ${JSON.stringify({ event_type, timestamp, model_id: "m", details })}\n\n`);
  }
}

let service: GrowingService;
let watch: ModelWatch;
let data: ModelData;
const failed = vi.fn();
beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("document", { hidden: false });
  service = new GrowingService();
  watch = new ModelWatch(service as unknown as ServiceClient, "m", {
    changed: (changed) => {
      data = changed;
    },
    standsAt: () => {},
    failed,
  });
});
afterEach(() => {
  watch.stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
  expect(failed).not.toHaveBeenCalled();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const audits = () => service.reads.filter((path) => path.includes("/audit")).length;
const numbers = () => data.events.map(({ seq }) => seq);

it("reads the log again until it has the event that was told", async () => {
  service.events = 3;
  watch.start();
  await pass(5000);
  expect([numbers(), audits()]).toEqual([[2, 1, 0], 1]);
  service.tell("drift-detected", 3);
  await pass(2500);
  expect(audits()).toBe(4);
  service.events = 4;
  await pass(1000);
  expect(numbers()).toEqual([3, 2, 1, 0]);
  const looked = audits();
  await pass(20_000);
  expect(audits()).toBe(looked);
});

it("gives up on an event that never gets into the log", async () => {
  service.events = 1;
  watch.start();
  await pass(5000);
  service.tell("drift-detected", 9);
  await pass(60_000);
  expect(audits()).toBe(12);
  service.tell("job-changed", 99);
  await pass(60_000);
  expect(audits()).toBe(13);
});

it("does not read the log for the steps of an update, and shows the newest of them", async () => {
  watch.start();
  await pass(5000);
  const before = audits();
  for (let step = 1; step <= 500; step++) {
    service.tell("update-progressed", 1, { step, max_steps: 500, loss: 0.5 });
  }
  await pass(0);
  expect(data.progress).toEqual({ step: 500, maxSteps: 500, loss: 0.5 });
  expect(audits()).toBe(before);
});

it("asks for status and performance every few seconds, while somebody looks", async () => {
  watch.start();
  await pass(1000);
  const asked = () => service.reads.filter((path) => path.endsWith("/performance")).length;
  const before = asked();
  await pass(30_000);
  expect(asked() - before).toBe(10);
  vi.stubGlobal("document", { hidden: true });
  await pass(30_000);
  expect(asked() - before).toBe(10);
});

it("joins older pages without a gap, and drops them when too much came in between", async () => {
  service.events = 450;
  watch.start();
  await pass(1000);
  expect([numbers().length, data.hasOlder]).toEqual([200, true]);
  await watch.loadOlder();
  await watch.loadOlder();
  await pass(3000);
  expect(numbers()).toEqual(Array.from({ length: 450 }, (_, i) => 449 - i));
  expect(data.hasOlder).toBe(false);
  service.events = 600;
  service.tell("drift-detected", 599);
  await pass(3000);
  expect(numbers()).toEqual(Array.from({ length: 600 }, (_, i) => 599 - i));
  service.events = 1000;
  service.tell("drift-detected", 999);
  await pass(3000);
  expect(numbers()).toEqual(Array.from({ length: 200 }, (_, i) => 999 - i));
  expect(data.hasOlder).toBe(true);
});
