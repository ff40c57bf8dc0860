// How the dashboard listens: events cut anywhere, growing pauses, dead lines, no hammering.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EventText } from "../../../src/service/dashboard/event-text.ts";
import { LiveEvents, type LiveState } from "../../../src/service/dashboard/live-events.ts";
import { Problem } from "../../../src/service/dashboard/service-client.ts";
import { Throttle } from "../../../src/service/dashboard/throttle.ts";

it("an event is the same wherever its text is cut", () => {
  const text =
    ': listening\n\nevent: frozen\ndata: {"a":"ü: 1"}\n\ndata: 1\r\ndata: 2\r\n\r\n: h\n\n';
  for (let size = 1; size <= text.length; size++) {
    const reader = new EventText();
    const found: string[] = [];
    for (let at = 0; at < text.length; at += size) {
      found.push(...reader.push(text.slice(at, at + size)));
    }
    expect(found).toEqual(['{"a":"ü: 1"}', "1\n2"]);
  }
});

describe("over time", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("pauses grow up to a limit, and a stream that opened makes them short again", async () => {
    const attempts: number[] = [];
    const opens = [9, 10];
    const live = new LiveEvents({
      open: async () => {
        attempts.push(Date.now());
        if (!opens.includes(attempts.length)) throw new TypeError("refused");
        return new ReadableStream({ start: (controller) => controller.close() });
      },
      hear: () => {},
      standsAt: () => {},
      failed: () => {},
    });
    void live.run();
    await vi.advanceTimersByTimeAsync(80_000);
    live.stop();
    const pauses = attempts.slice(1).map((at, index) => at - attempts[index]!);
    expect(pauses.slice(0, 8)).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
    expect(pauses.slice(8, 11)).toEqual([500, 500, 1000]);
  });

  it("comes back when the service says, and at once when somebody looks again", async () => {
    const open = vi.fn(async () => {
      throw new Problem(503, "too many streams", 10_000);
    });
    const failed = vi.fn();
    const live = new LiveEvents({ open, hear: () => {}, standsAt: () => {}, failed });
    void live.run();
    await vi.advanceTimersByTimeAsync(9999);
    expect(open).toHaveBeenCalledTimes(1);
    expect(failed.mock.lastCall).toEqual([expect.objectContaining({ status: 503 })]);
    await vi.advanceTimersByTimeAsync(1);
    expect(open).toHaveBeenCalledTimes(2);
    live.retryNow();
    await vi.advanceTimersByTimeAsync(0);
    expect(open).toHaveBeenCalledTimes(3);
    live.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(open).toHaveBeenCalledTimes(3);
  });

  it("a line without a sign of life is given up, one with heartbeats is not", async () => {
    const states: LiveState[] = [];
    let send: ((text: string) => void) | undefined;
    const live = new LiveEvents({
      open: async (signal) =>
        new ReadableStream({
          start(controller) {
            send = (text) => controller.enqueue(new TextEncoder().encode(text));
            signal.addEventListener("abort", () => controller.error(signal.reason));
          },
        }),
      hear: () => {},
      standsAt: (state) => states.push(state),
      failed: () => {},
    });
    void live.run();
    for (let beat = 0; beat < 10; beat++) {
      await vi.advanceTimersByTimeAsync(15_000);
      send!(": heartbeat\n\n");
    }
    expect(states).toEqual(["connecting", "live"]);
    await vi.advanceTimersByTimeAsync(45_000);
    expect(states).toEqual(["connecting", "live", "reconnecting"]);
    live.stop();
  });

  it("a task that many ask for runs once more, after a rest", async () => {
    const runs: number[] = [];
    const task = async () => {
      runs.push(Date.now());
      await new Promise((resolve) => setTimeout(resolve, 100));
    };
    const throttle = new Throttle(task, 1000);
    const start = Date.now();
    for (let asked = 0; asked < 50; asked++) {
      throttle.request();
      await vi.advanceTimersByTimeAsync(10);
    }
    await vi.advanceTimersByTimeAsync(10_000);
    expect(runs.map((at) => at - start)).toEqual([0, 1100]);
    throttle.request();
    throttle.request();
    throttle.stop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(runs).toHaveLength(3);
  });
});
