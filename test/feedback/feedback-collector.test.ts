// The feedback collector: what it writes when, what is durable, and what it does when it cannot.

import { afterEach, describe, expect, it, vi } from "vitest";
import { collectorOn, idsOf, signal } from "./collector-on-disk.ts";

describe("a flush", () => {
  it("writes one file of what was recorded, and returns it", async () => {
    const { disk, open, text } = collectorOn();
    const collector = await open();
    expect(await collector.flush()).toEqual([]);
    expect(disk.paths()).toEqual([]);
    await collector.record(signal("a"));
    await collector.record(signal("b"));
    expect(collector.buffered).toBe(2);
    expect(disk.paths()).toEqual([]);
    expect(await collector.flush()).toEqual([signal("a"), signal("b")]);
    expect(collector.buffered).toBe(0);
    expect(await text("feedback_000001.jsonl")).toBe(
      '{"timestamp":"2023-11-14T22:13:20.123Z","prediction_id":"a","predicted":[0.1,-1e-300],' +
        '"actual":[],"score":0.5}\n{"timestamp":"2023-11-14T22:13:20.123Z","prediction_id":"b",' +
        '"predicted":[0.1,-1e-300],"actual":[],"score":0.5}\n',
    );
    expect(await collector.readAll()).toEqual([signal("a"), signal("b")]);
  });

  it("happens by itself at bufferSize, and not one before", async () => {
    const { disk, open } = collectorOn();
    const collector = await open();
    for (const id of ["a", "b"]) await collector.record(signal(id));
    expect(disk.paths()).toEqual([]);
    await collector.record(signal("c"));
    expect(disk.paths()).toEqual(["/feedback/feedback_000001.jsonl"]);
    expect(collector.buffered).toBe(0);
    expect(idsOf(await collector.readAll())).toEqual(["a", "b", "c"]);
  });

  it("takes along what fills the buffer meanwhile, in order", async () => {
    const { open } = collectorOn();
    const collector = await open();
    const ids = Array.from({ length: 100 }, (_, index) => `${index}`);
    await Promise.all(ids.map((id) => collector.record(signal(id), { durable: id.endsWith("7") })));
    await collector.flush();
    expect(idsOf(await collector.readAll())).toEqual(ids);
  });

  it("goes on with the next number after a restart, over gaps and past six digits", async () => {
    const { disk, open } = collectorOn();
    const one = await open();
    await one.record(signal("a"));
    await one.close();
    await (await disk.create("/feedback/feedback_999999.jsonl")).write(new Uint8Array(0));
    for (const id of ["b", "c"]) {
      const next = await open();
      await next.record(signal(id));
      await next.close();
    }
    const files = disk.paths().map((path) => path.slice("/feedback/feedback_".length));
    expect(files.sort()).toEqual([
      "000001.jsonl",
      "1000000.jsonl",
      "1000001.jsonl",
      "999999.jsonl",
    ]);
    expect(idsOf(await (await open()).readAll())).toEqual(["a", "b", "c"]);
  });
});

describe("a durable signal", () => {
  it("has survived a power cut when it is acknowledged, and so has what came before", async () => {
    const { disk, open } = collectorOn();
    const collector = await open({ bufferSize: 10 });
    await collector.record(signal("a"));
    await collector.record(signal("b"), { durable: true });
    await collector.record(signal("c"));
    const left = disk.restart("lost");
    expect(idsOf(await (await collectorOn(left).open()).readAll())).toEqual(["a", "b"]);
    // The flush completes the same file.
    expect(idsOf(await collector.flush())).toEqual(["a", "b", "c"]);
    await collector.record(signal("d"), { durable: true });
    expect(disk.paths()).toEqual([
      "/feedback/feedback_000001.jsonl",
      "/feedback/feedback_000002.jsonl",
    ]);
  });

  it("shares its sync with those that wait beside it", async () => {
    const { disk, open } = collectorOn();
    const collector = await open({ bufferSize: 1000 });
    const all = Array.from({ length: 50 }, (_, index) => signal(`${index}`));
    await Promise.all(all.map((each) => collector.record(each, { durable: true })));
    expect(disk.trace.filter((what) => what.startsWith("sync "))).toHaveLength(1);
  });
});

describe("a write that fails", () => {
  it("keeps the signals, reports, and leaves no half line behind", async () => {
    const { disk, open, text } = collectorOn();
    const collector = await open({ bufferSize: 2 });
    await collector.record(signal("a"), { durable: true });
    const before = await text("feedback_000001.jsonl");
    disk.capacityBytes = disk.sizeBytes + 60; // half a line
    const failed = { code: "FILE_FAILED", message: expect.stringContaining("free some space") };
    await expect(collector.record(signal("b"), { durable: true })).rejects.toMatchObject(failed);
    expect(collector.lastFailure).toMatchObject(failed);
    expect(collector.buffered).toBe(2);
    expect(await text("feedback_000001.jsonl")).toBe(before);
    await expect(collector.flush()).rejects.toMatchObject(failed);
    await expect(collector.record(signal("c"))).rejects.toMatchObject(failed);
    await expect(collector.close()).rejects.toMatchObject(failed);
    disk.capacityBytes = Number.POSITIVE_INFINITY;
    expect(idsOf(await collector.flush())).toEqual(["a", "b", "c"]);
    expect(collector.lastFailure).toBe(undefined);
    expect(idsOf(await collector.readAll())).toEqual(["a", "b", "c"]);
    await collector.close();
  });

  it("at any step is made up for by the next flush, with nothing twice", async () => {
    for (let point = 0; point < 12; point++) {
      const { disk, open } = collectorOn();
      const collector = await open({ bufferSize: 9 });
      disk.failAt(disk.points + point, "EIO");
      for (const id of ["a", "b", "c"]) {
        await collector.record(signal(id), { durable: true }).catch(() => {});
      }
      await collector.flush().catch(() => {});
      await collector.flush();
      expect(idsOf(await collector.readAll()), `point ${point}`).toEqual(["a", "b", "c"]);
    }
  });

  it("for long fills the buffer to its limit, and no further", async () => {
    const { disk, open } = collectorOn();
    const collector = await open({ bufferSize: 2, maxBuffered: 4 });
    disk.isReadOnly = true;
    const outcomes = [];
    for (const id of ["a", "b", "c", "d", "e"]) {
      const outcome = collector.record(signal(id));
      outcomes.push(
        await outcome.then(
          () => "taken",
          ({ code }) => code,
        ),
      );
    }
    const failed = "FILE_FAILED";
    expect(outcomes).toEqual(["taken", failed, failed, failed, "FEEDBACK_BUFFER_FULL"]);
    disk.isReadOnly = false;
    expect(idsOf(await collector.flush())).toEqual(["a", "b", "c", "d"]);
  });
});

describe("the timer", () => {
  afterEach(() => void vi.useRealTimers());

  it("flushes every flushIntervalMs from start to stop, and once more at the end", async () => {
    vi.useFakeTimers();
    const { disk, open } = collectorOn();
    const collector = await open();
    collector.start();
    collector.start();
    await collector.record(signal("a"));
    await vi.advanceTimersByTimeAsync(999);
    expect(disk.paths()).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(disk.paths()).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(5000);
    expect(disk.paths()).toHaveLength(1);
    await collector.record(signal("b"));
    await collector.stop();
    expect(disk.paths()).toHaveLength(2);
    await collector.record(signal("c"));
    await vi.advanceTimersByTimeAsync(5000);
    expect(collector.buffered).toBe(1);
    await collector.close();
    expect(disk.paths()).toHaveLength(3);
  });

  it("tells who listens when it fails", async () => {
    vi.useFakeTimers();
    const { disk, open } = collectorOn();
    const failures: string[] = [];
    const collector = await open({ onFailure: ({ code }) => failures.push(code) });
    await collector.record(signal("a"));
    collector.start();
    disk.isReadOnly = true;
    await vi.advanceTimersByTimeAsync(2000);
    expect(failures).toEqual(["FILE_FAILED", "FILE_FAILED"]);
    disk.isReadOnly = false;
    await collector.stop();
    expect(collector.buffered).toBe(0);
  });
});
