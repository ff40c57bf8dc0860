// The feedback collector: what it reads back, and what it refuses.

import { describe, expect, it } from "vitest";
import {
  FeedbackCollector,
  type FeedbackCollectorOptions,
} from "../../src/pipeline/feedback/feedback-collector.ts";
import type { FeedbackSignal } from "../../src/pipeline/feedback/feedback-signal.ts";
import { collectorOn, idsOf, signal } from "./collector-on-disk.ts";

describe("reading", () => {
  const valid =
    '{"timestamp":"2023-11-14T22:13:20.123Z","prediction_id":"x","predicted":[],' +
    '"actual":[],"score":1}';

  async function withFile(content: string | Uint8Array, name = "feedback_000005.jsonl") {
    const { disk, open } = collectorOn();
    await disk.createFolder("/feedback");
    const file = await disk.create(`/feedback/${name}`);
    await file.write(typeof content === "string" ? new TextEncoder().encode(content) : content);
    return open({ readOnly: true });
  }

  it.each(["{", valid.slice(0, -1), "\0\0\0", '{"timestamp"'])(
    "skips the torn last line %j and reports it",
    async (rest) => {
      const reader = await withFile(`${valid}\n${rest}`);
      expect(idsOf(await reader.readAll())).toEqual(["x"]);
      expect(reader.tornLines).toEqual([{ file: "feedback_000005.jsonl", line: 2 }]);
    },
  );

  it("takes a whole last line without its line feed", async () => {
    const reader = await withFile(`${valid}\n${valid}`);
    expect(await reader.readAll()).toHaveLength(2);
    expect(reader.tornLines).toEqual([]);
  });

  it.each([
    ["no JSON", `${valid}\nbroken\n${valid}\n`, 2],
    ["an empty line", `\n${valid}\n`, 1],
    ["a member too many", `${valid.replace("{", '{"a":1,')}\n`, 1],
    ["a member too few", `${valid.replace(',"score":1', "")}\n`, 1],
    ["another time", `${valid.replace("2023-11-14T22:13:20.123Z", "yesterday")}\n`, 1],
    ["a day that is none", `${valid.replace("2023-11-14", "2023-02-30")}\n`, 1],
    ["a number that JSON cannot hold", `${valid.replace("[]", "[1e999]")}\n`, 1],
    ["an altered line feed", `${valid}\n${valid}\x0b`, 2],
  ])("refuses %s, naming file and line", async (_, content, line) => {
    await expect((await withFile(content)).readAll()).rejects.toMatchObject({
      code: "FEEDBACK_CORRUPT",
      message: expect.stringContaining(`line ${line} of feedback_000005.jsonl`),
    });
  });

  it.each(["notes.txt", "feedback_5.jsonl", "feedback_000005.jsonl.bak", "feedback_0000005.jsonl"])(
    "ignores the file %s",
    async (name) => {
      expect(await (await withFile("not ours", name)).readAll()).toEqual([]);
    },
  );
});

describe("misuse", () => {
  it.each([
    {},
    { bufferSize: 0, flushIntervalMs: 1, storagePath: "/x" },
    { bufferSize: 1_000_001, flushIntervalMs: 1, storagePath: "/x" },
    { bufferSize: 1, flushIntervalMs: 0, storagePath: "/x" },
    { bufferSize: 1, flushIntervalMs: 2 ** 31, storagePath: "/x" },
    { bufferSize: 2, flushIntervalMs: 1, storagePath: "/x", maxBuffered: 1 },
    { bufferSize: 1, flushIntervalMs: 1, storagePath: "/x", size: 1 },
  ])("the options %j are refused", async (options) => {
    await expect(FeedbackCollector.open(options as FeedbackCollectorOptions)).rejects.toMatchObject(
      {
        code: expect.stringMatching(/^OPTION_(INVALID|UNKNOWN)$/),
      },
    );
  });

  it("what is no signal is refused and not taken", async () => {
    const collector = await collectorOn().open();
    const bad: object[] = [
      { timestamp: new Date(Number.NaN) },
      { timestamp: new Date(-1e14) },
      { timestamp: "2023-11-14T22:13:20.123Z" },
      { predictionId: "" },
      { predictionId: "x".repeat(257) },
      { predicted: [Number.NaN] },
      { actual: [Number.POSITIVE_INFINITY] },
      { actual: Float32Array.of(1) },
      { actual: Array(65_537).fill(0) },
      { score: "1" },
      { prediction_id: "x" },
    ];
    for (const change of bad) {
      const recording = collector.record({ ...signal("a"), ...change } as FeedbackSignal);
      await expect(recording).rejects.toMatchObject({
        code: expect.stringMatching(/^(OPTION_(INVALID|UNKNOWN)|ARGUMENT_RANGE)$/),
      });
    }
    expect(collector.buffered).toBe(0);
    await collector.record({ ...signal("x".repeat(256)), actual: Array(65_536).fill(0) });
  });

  it("of a recorded signal changes nothing", async () => {
    const collector = await collectorOn().open();
    const mine = signal("a");
    await collector.record(mine);
    mine.predicted.push(9);
    mine.timestamp.setTime(0);
    expect(await collector.flush()).toEqual([signal("a")]);
  });

  it("by two writers, by a reader and after close is refused", async () => {
    const { open } = collectorOn();
    const collector = await open();
    await expect(open()).rejects.toMatchObject({ code: "STORE_LOCKED" });
    const reader = await open({ readOnly: true });
    const readOnly = { code: "STORE_READ_ONLY" };
    await expect(reader.record(signal("a"))).rejects.toMatchObject(readOnly);
    await expect(reader.flush()).rejects.toMatchObject(readOnly);
    expect(() => reader.start()).toThrowError(expect.objectContaining(readOnly));
    await reader.close();
    const recording = collector.record(signal("a"), { durable: true });
    const closing = collector.close();
    const closed = { code: "STORE_CLOSED" };
    await expect(collector.record(signal("b"))).rejects.toMatchObject(closed);
    await Promise.all([recording, closing, collector.close()]);
    await expect(collector.flush()).rejects.toMatchObject(closed);
    await expect(collector.readAll()).rejects.toMatchObject(closed);
    expect(idsOf(await (await open()).readAll())).toEqual(["a"]);
  });
});
