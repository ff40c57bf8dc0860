// The state of the replay buffer: it goes on exactly where it was, and takes nothing broken.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Sample } from "../../src/model/sample.ts";
import { ReplayBuffer } from "../../src/pipeline/feedback/replay-buffer.ts";
import { anyStrategy, filled, sampleOf } from "./replay-samples.ts";

describe("state", () => {
  const streams = fc.array(
    fc.record({ value: fc.integer({ min: 0, max: 30 }), class: fc.nat(2), locked: fc.boolean() }),
    { maxLength: 60 },
  );

  it("restored in mid-stream gives the same later additions and draws", () => {
    fc.assert(
      fc.property(anyStrategy, streams, streams, fc.nat(), (strategy, before, after, seed) => {
        const options = { capacity: 7, lockedCapacity: 5, strategy, seed };
        const original = new ReplayBuffer(options);
        const feed = (buffer: ReplayBuffer, stream: typeof before) =>
          stream.map((each) => [
            buffer.add(sampleOf(each.value, each.class), { locked: each.locked }),
            buffer.sample(3),
          ]);
        feed(original, before);
        const resumed = new ReplayBuffer({ ...options, seed: 1 });
        feed(resumed, after);
        resumed.restore(JSON.parse(JSON.stringify(original.state())));
        expect(resumed.state()).toEqual(original.state());
        expect(feed(resumed, after)).toEqual(feed(original, after));
        expect(resumed.state()).toEqual(original.state());
      }),
    );
  });

  it("keeps every bit and every field of a sample", () => {
    const sample: Sample = {
      input: Float32Array.of(-0, 1e-45, 3.4028234663852886e38, 0.1),
      label: Float32Array.of(-1),
      weight: 0.1,
      timestamp: new Date(1234),
      id: "ünïcode",
      origin: "replay",
    };
    const buffer = new ReplayBuffer({ capacity: 2, lockedCapacity: 2 });
    buffer.add(sample);
    buffer.add(sample, { locked: true });
    const resumed = new ReplayBuffer({ capacity: 2, lockedCapacity: 2 });
    resumed.restore(JSON.parse(JSON.stringify(buffer.state())));
    expect(resumed.sample(2, { lockedShare: 0.5 })).toEqual([sample, sample]);
    expect(resumed.timesLocked(sample)).toBe(1);
  });

  it("of an empty buffer empties another", () => {
    const buffer = filled({ capacity: 3 }, 5);
    buffer.restore(new ReplayBuffer({ capacity: 3 }).state());
    expect([buffer.size, buffer.seen]).toEqual([0, 0]);
    expect(buffer.add({ input: Float32Array.of(1), label: Float32Array.of(1) })).toBe(true);
  });

  type State = ReturnType<ReplayBuffer["state"]>;
  const edits: [string, (state: State) => unknown][] = [
    ["nothing", () => undefined],
    ["a list", () => []],
    ["another strategy", (state) => ({ ...state, strategy: "ring" })],
    ["an unknown strategy", (state) => ({ ...state, strategy: "constructor" })],
    ["another capacity", (state) => ({ ...state, capacity: 5 })],
    ["another locked capacity", (state) => ({ ...state, lockedCapacity: 3 })],
    ["a key too many", (state) => ({ ...state, extra: 1 })],
    ["no generator", ({ random: _, ...state }) => state],
    ["a dead generator", (state) => ({ ...state, random: { words: [0, 0, 0, 0], spare: null } })],
    ["no class counts", ({ placement: _, ...state }) => state],
    ["a class too few", (state) => ({ ...state, placement: { classes: [] } })],
    [
      "a class twice",
      (state) => {
        const { classes } = state.placement as { classes: unknown[] };
        return { ...state, placement: { classes: [...classes, classes[0]] } };
      },
    ],
    ["fewer seen than held", (state) => ({ ...state, seen: 3 })],
    ["a negative count", (state) => ({ ...state, seen: -1 })],
    ["too few samples", (state) => ({ ...state, ordinary: state.ordinary.slice(1) })],
    [
      "too many locked",
      (state) => ({ ...state, locked: [0, 1, 2].map((i) => lockedState(state, i)) }),
    ],
    [
      "a locked content twice",
      (state) => ({ ...state, locked: [lockedState(state, 0), lockedState(state, 0)] }),
    ],
    ["text that is no base64", (state) => withInput(state, "?")],
    ["half a number", (state) => withInput(state, "AAA=")],
    ["another length", (state) => withInput(state, "AAAAAA==")],
    ["a NaN", (state) => withInput(state, btoa("\0\0\xc0\x7f\0\0\0\0"))],
    [
      "a negative weight",
      (state) => ({
        ...state,
        ordinary: state.ordinary.map((sample) => ({ ...sample, weight: -1 })),
      }),
    ],
    [
      "a benchmark sample",
      (state) => ({
        ...state,
        ordinary: state.ordinary.map((sample) => ({ ...sample, origin: "benchmark" })),
      }),
    ],
  ];

  function lockedState(state: State, index: number) {
    return { sample: state.ordinary[index]!, times: 1 };
  }

  function withInput(state: State, input: string): State {
    return { ...state, ordinary: [...state.ordinary.slice(1), { ...state.ordinary[0]!, input }] };
  }

  it.each(edits)("with %s is refused, and the buffer stays as it was", (_, edit) => {
    const options = { capacity: 4, lockedCapacity: 2, strategy: "class-balanced" } as const;
    const saved = filled(options, 6).state();
    const buffer = filled({ ...options, seed: 5 }, 9);
    const before = buffer.state();
    expect(() => buffer.restore(edit(saved))).toThrowError(
      expect.objectContaining({ code: "STATE_INVALID" }),
    );
    expect(buffer.state()).toEqual(before);
    buffer.restore(saved);
    expect(buffer.state()).toEqual(saved);
  });
});
