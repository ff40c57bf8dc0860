// What the replay buffer refuses, with which code, and that it is untouched afterwards.

import { describe, expect, it } from "vitest";
import type { Sample } from "../../src/model/sample.ts";
import {
  ReplayBuffer,
  type ReplayBufferOptions,
} from "../../src/pipeline/feedback/replay-buffer.ts";
import { filled, sampleOf } from "./replay-samples.ts";

describe("misuse", () => {
  it.each<[string, unknown, string]>([
    ["no options", undefined, "OPTION_INVALID"],
    ["no capacity", {}, "OPTION_INVALID"],
    ["capacity 0", { capacity: 0 }, "OPTION_INVALID"],
    ["a capacity past the limit", { capacity: 10_000_001 }, "OPTION_INVALID"],
    ["half a slot", { capacity: 1.5 }, "OPTION_INVALID"],
    ["a negative lockedCapacity", { capacity: 1, lockedCapacity: -1 }, "OPTION_INVALID"],
    ["a bad seed", { capacity: 1, seed: -1 }, "OPTION_INVALID"],
    ["an unknown strategy", { capacity: 1, strategy: "lifo" }, "OPTION_INVALID"],
    ["an inherited strategy", { capacity: 1, strategy: "toString" }, "OPTION_INVALID"],
    ["an unknown option", { capacty: 1 }, "OPTION_UNKNOWN"],
  ])("%s is refused at construction", (_, options, code) => {
    expect(() => new ReplayBuffer(options as ReplayBufferOptions)).toThrowError(
      expect.objectContaining({ code }),
    );
  });

  it("capacity at the limit is accepted and reserves nothing", () => {
    const buffer = new ReplayBuffer({ capacity: 10_000_000, lockedCapacity: 10_000_000 });
    expect(buffer.memoryBytes).toBe(0);
  });

  const good = sampleOf(1);
  const array = (...values: number[]) => Float32Array.from(values);
  it.each<[string, unknown, string, string]>([
    ["no sample", undefined, "ARGUMENT_TYPE", "DriftkeelTypeError"],
    ["a number", 3, "ARGUMENT_TYPE", "DriftkeelTypeError"],
    ["no input", { label: good.label }, "ARGUMENT_TYPE", "DriftkeelTypeError"],
    ["a plain array", { ...good, input: [1, 2] }, "ARGUMENT_TYPE", "DriftkeelTypeError"],
    ["doubles", { ...good, label: new Float64Array(3) }, "ARGUMENT_TYPE", "DriftkeelTypeError"],
    ["a short input", { ...good, input: array(1) }, "LENGTH_MISMATCH", "DriftkeelRangeError"],
    [
      "a long label",
      { ...good, label: array(1, 2, 3, 4) },
      "LENGTH_MISMATCH",
      "DriftkeelRangeError",
    ],
    ["a NaN", { ...good, input: array(1, Number.NaN) }, "VALUE_NOT_FINITE", "DriftkeelRangeError"],
    ["infinity", { ...good, label: array(1 / 0, 0, 0) }, "VALUE_NOT_FINITE", "DriftkeelRangeError"],
    ["-infinity", { ...good, input: array(0, -1 / 0) }, "VALUE_NOT_FINITE", "DriftkeelRangeError"],
    ["a NaN weight", { ...good, weight: Number.NaN }, "VALUE_NOT_FINITE", "DriftkeelRangeError"],
    ["an infinite weight", { ...good, weight: 1 / 0 }, "VALUE_NOT_FINITE", "DriftkeelRangeError"],
    ["a negative weight", { ...good, weight: -1e-300 }, "ARGUMENT_RANGE", "DriftkeelRangeError"],
    ["a text weight", { ...good, weight: "1" }, "ARGUMENT_TYPE", "DriftkeelTypeError"],
    [
      "a benchmark sample",
      { ...good, origin: "benchmark" },
      "SAMPLE_QUARANTINED",
      "DriftkeelRangeError",
    ],
    ["an unknown origin", { ...good, origin: "dream" }, "ARGUMENT_RANGE", "DriftkeelRangeError"],
    ["a numeric origin", { ...good, origin: 1 }, "ARGUMENT_TYPE", "DriftkeelTypeError"],
    ["a time as a number", { ...good, timestamp: 5 }, "ARGUMENT_TYPE", "DriftkeelTypeError"],
    [
      "no real date",
      { ...good, timestamp: new Date("?") },
      "ARGUMENT_RANGE",
      "DriftkeelRangeError",
    ],
    ["a numeric id", { ...good, id: 5 }, "ARGUMENT_TYPE", "DriftkeelTypeError"],
    [
      "an id of 257 characters",
      { ...good, id: "x".repeat(257) },
      "ARGUMENT_RANGE",
      "DriftkeelRangeError",
    ],
  ])("%s is refused, ordinary or locked, and changes nothing", (_, sample, code, name) => {
    const buffer = filled({ capacity: 4, lockedCapacity: 2 }, 9);
    const before = buffer.state();
    for (const locked of [false, true]) {
      expect(() => buffer.add(sample as Sample, { locked })).toThrowError(
        expect.objectContaining({ code, name }),
      );
    }
    expect(buffer.state()).toEqual(before);
  });

  it("the limits themselves are accepted: weight 0, an id of 256 characters", () => {
    const buffer = new ReplayBuffer({ capacity: 4 });
    expect(buffer.add({ ...good, weight: 0, id: "x".repeat(256) })).toBe(true);
  });

  it.each<[string, Sample]>([
    ["input", { ...good, input: array() }],
    ["label", { ...good, label: array() }],
  ])("an empty first %s is refused and fixes no length", (_, sample) => {
    const buffer = new ReplayBuffer({ capacity: 4 });
    expect(() => buffer.add(sample)).toThrowError(expect.objectContaining({ code: "DATA_EMPTY" }));
    expect(buffer.add(good)).toBe(true);
  });

  it("locking without a lockedCapacity is refused", () => {
    const buffer = new ReplayBuffer({ capacity: 4 });
    expect(() => buffer.add(good, { locked: true })).toThrowError(
      "Expected a ReplayBuffer with lockedCapacity > 0 to lock a sample in, " +
        "got lockedCapacity 0; set the option.",
    );
    expect(buffer.add(good, { locked: false })).toBe(true);
  });

  it("the length of the first sample binds the later ones, a locked first one included", () => {
    const buffer = new ReplayBuffer({ capacity: 4, lockedCapacity: 1 });
    buffer.add(good, { locked: true });
    expect(() => buffer.add({ ...good, input: array(1, 2, 3) })).toThrowError(
      "Expected sample.input of length 2 (that of the first sample), got 3.",
    );
  });

  it.each<[string, unknown, unknown, string]>([
    ["a negative count", -1, undefined, "ARGUMENT_RANGE"],
    ["half a sample", 1.5, undefined, "ARGUMENT_RANGE"],
    ["NaN", Number.NaN, undefined, "ARGUMENT_RANGE"],
    ["infinity", 1 / 0, undefined, "ARGUMENT_RANGE"],
    ["a text", "4", undefined, "ARGUMENT_TYPE"],
    ["a share above 1", 4, { lockedShare: 1.01 }, "OPTION_INVALID"],
    ["a negative share", 4, { lockedShare: -0.01 }, "OPTION_INVALID"],
    ["an unknown option", 4, { lokedShare: 0.5 }, "OPTION_UNKNOWN"],
  ])("a draw of %s is refused and draws nothing", (_, count, options, code) => {
    const buffer = filled({ capacity: 4 }, 9);
    const before = buffer.state();
    expect(() => buffer.sample(count as number, options as { lockedShare: number })).toThrowError(
      expect.objectContaining({ code }),
    );
    expect(buffer.state()).toEqual(before);
  });

  it("an unknown option of add is refused", () => {
    const buffer = new ReplayBuffer({ capacity: 4, lockedCapacity: 1 });
    expect(() => buffer.add(good, { lock: true } as never)).toThrowError(
      'Unknown ReplayBuffer.add option "lock"; did you mean "locked"?',
    );
    expect(buffer.size).toBe(0);
  });
});
