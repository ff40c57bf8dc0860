// The replay buffer: what locking promises, what a draw may hold, and that nothing is shared with
// the caller.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Sample } from "../../src/model/sample.ts";
import { ReplayBuffer } from "../../src/pipeline/feedback/replay-buffer.ts";
import { ALL, filled, heldBy, sampleOf, strategies, valuesOf } from "./replay-samples.ts";

function lockedIn(buffer: ReplayBuffer): number[] {
  const ordinary = new Set(heldBy(buffer));
  const all = valuesOf(buffer.sample(ALL, { lockedShare: 1 }));
  return all.filter((value) => !ordinary.has(value)).sort((a, b) => a - b);
}

describe("locked samples", () => {
  it.each(strategies)("%s: survive 100,000 ordinary additions", (strategy) => {
    const buffer = new ReplayBuffer({ capacity: 20, lockedCapacity: 5, strategy });
    for (let i = 0; i < 5; i++) expect(buffer.add(sampleOf(-1 - i), { locked: true })).toBe(true);
    for (let i = 0; i < 100_000; i++) buffer.add(sampleOf(i, i % 3));
    expect(lockedIn(buffer)).toEqual([-5, -4, -3, -2, -1]);
    expect(buffer.size).toBe(20);
    expect(buffer.seen).toBe(100_000);
  });

  it("are turned away beyond lockedCapacity, and none is replaced", () => {
    const buffer = new ReplayBuffer({ capacity: 1, lockedCapacity: 3 });
    const kept = [1, 2, 3, 4, 5].map((value) => buffer.add(sampleOf(value), { locked: true }));
    expect(kept).toEqual([true, true, true, false, false]);
    expect(buffer.lockedSize).toBe(3);
    expect(lockedIn(buffer)).toEqual([1, 2, 3]);
    expect(buffer.timesLocked(sampleOf(4))).toBe(0);
    expect([buffer.size, buffer.seen]).toEqual([0, 0]);
  });

  it("of the same content take one place and are counted, also when the store is full", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 60 }), (stream) => {
        const buffer = new ReplayBuffer({ capacity: 1, lockedCapacity: 4 });
        const times = new Map<number, number>();
        for (const value of stream) {
          const isHeld = times.has(value) || times.size < 4;
          expect(buffer.add(sampleOf(value), { locked: true })).toBe(isHeld);
          if (isHeld) times.set(value, (times.get(value) ?? 0) + 1);
        }
        expect(buffer.lockedSize).toBe(times.size);
        for (let value = 0; value <= 5; value++) {
          expect(buffer.timesLocked(sampleOf(value))).toBe(times.get(value) ?? 0);
        }
      }),
    );
  });

  it("of the same input and another label are different", () => {
    const buffer = new ReplayBuffer({ capacity: 1, lockedCapacity: 4 });
    buffer.add(sampleOf(1, 0), { locked: true });
    buffer.add(sampleOf(1, 1), { locked: true });
    expect(buffer.lockedSize).toBe(2);
  });

  it("keep what they were first locked with, except for a larger weight", () => {
    const buffer = new ReplayBuffer({ capacity: 1, lockedCapacity: 4 });
    const lock = (more: Partial<Sample>) =>
      buffer.add({ ...sampleOf(1), ...more }, { locked: true });
    const locked = () => buffer.sample(1, { lockedShare: 1 })[0]!;
    lock({ id: "first" });
    expect(locked()).toEqual({ ...sampleOf(1), id: "first" });
    lock({ id: "second", weight: 4 });
    expect(locked()).toEqual({ ...sampleOf(1), id: "first", weight: 4 });
    lock({ weight: 2 });
    expect(locked().weight).toBe(4);
    expect(buffer.timesLocked(sampleOf(1))).toBe(3);
  });

  it("do not count as seen, so that they leave the reservoir uniform", () => {
    const plain = filled({ capacity: 5, lockedCapacity: 9 }, 0);
    const mixed = filled({ capacity: 5, lockedCapacity: 9 }, 0);
    for (let i = 0; i < 100; i++) {
      plain.add(sampleOf(i));
      mixed.add(sampleOf(i));
      mixed.add(sampleOf(1000 + i), { locked: true });
    }
    expect(mixed.state().ordinary).toEqual(plain.state().ordinary);
  });
});

describe("a draw", () => {
  const draws = fc.record({
    capacity: fc.integer({ min: 1, max: 20 }),
    ordinary: fc.integer({ min: 0, max: 30 }),
    locked: fc.integer({ min: 0, max: 15 }),
    count: fc.integer({ min: 0, max: 50 }),
    lockedShare: fc.double({ min: 0, max: 1, noNaN: true }),
    seed: fc.nat(),
  });

  it("holds at most floor(lockedShare * count) locked ones and no sample twice", () => {
    fc.assert(
      fc.property(draws, ({ capacity, ordinary, locked, count, lockedShare, seed }) => {
        const buffer = filled({ capacity, lockedCapacity: 15, seed }, ordinary);
        for (let i = 0; i < locked; i++) buffer.add(sampleOf(-1 - i), { locked: true });
        const values = valuesOf(buffer.sample(count, { lockedShare }));
        const lockedDrawn = values.filter((value) => value < 0).length;
        expect(new Set(values).size).toBe(values.length);
        expect(lockedDrawn).toBe(Math.min(Math.floor(lockedShare * count), buffer.lockedSize));
        expect(values.length - lockedDrawn).toBe(Math.min(count - lockedDrawn, buffer.size));
      }),
    );
  });

  it("gives locked ones a quarter unless told otherwise", () => {
    const buffer = filled({ capacity: 50, lockedCapacity: 50 }, 50);
    for (let i = 0; i < 50; i++) buffer.add(sampleOf(-1 - i), { locked: true });
    const lockedOf = (count: number) =>
      valuesOf(buffer.sample(count)).filter((value) => value < 0).length;
    expect([0, 3, 4, 7, 8, 40].map(lockedOf)).toEqual([0, 0, 1, 1, 2, 10]);
  });

  it("takes each held sample equally often, at each place", () => {
    const buffer = filled({ capacity: 8 }, 8);
    const counts = new Array<number>(24).fill(0);
    const runs = 16_000;
    for (let i = 0; i < runs; i++) {
      for (const [place, value] of valuesOf(buffer.sample(3)).entries())
        counts[8 * place + value]!++;
    }
    // Each of 8 samples at each of 3 places: mean 2000, standard deviation 42.
    for (const count of counts) expect(Math.abs(count - runs / 8)).toBeLessThan(5 * 42);
  });

  it("leaves the buffer as it was, but for the generator", () => {
    const buffer = filled({ capacity: 8 }, 30);
    const { random: before, ...contents } = buffer.state();
    buffer.sample(4);
    const { random: after, ...contentsAfter } = buffer.state();
    expect(contentsAfter).toEqual(contents);
    expect(after).not.toEqual(before);
  });

  it("from an empty buffer is empty", () => {
    expect(new ReplayBuffer({ capacity: 1 }).sample(5)).toEqual([]);
  });
});

describe("copies", () => {
  const full: Sample = {
    ...sampleOf(1),
    weight: 2,
    timestamp: new Date(5),
    id: "a",
    origin: "peer",
  };
  const drawn = (buffer: ReplayBuffer) => buffer.sample(2, { lockedShare: 0.5 });

  it.each([false, true])("what was handed in can change without effect (locked: %s)", (locked) => {
    const buffer = new ReplayBuffer({ capacity: 1, lockedCapacity: 1 });
    const given = { ...full, input: full.input.slice(), label: full.label.slice() };
    given.timestamp = new Date(5);
    buffer.add(given, { locked });
    given.input[0] = 9;
    given.label[0] = 9;
    given.weight = 9;
    given.timestamp.setTime(9);
    expect(drawn(buffer)).toEqual([full]);
  });

  it.each([false, true])("what was handed out can change without effect (locked: %s)", (locked) => {
    const buffer = new ReplayBuffer({ capacity: 1, lockedCapacity: 1 });
    buffer.add(full, { locked });
    const [sample] = drawn(buffer);
    sample!.input[0] = 9;
    sample!.label[0] = 9;
    sample!.timestamp!.setTime(9);
    expect(drawn(buffer)).toEqual([full]);
  });

  it("of a view into a larger or shared array hold only the sample", () => {
    const shared = new Float32Array(new SharedArrayBuffer(40));
    shared.set([7, 1, 2, 0, 0, 1, 7]);
    const buffer = new ReplayBuffer({ capacity: 1 });
    buffer.add({ input: shared.subarray(1, 3), label: shared.subarray(3, 6) });
    const [sample] = buffer.sample(1);
    expect(sample).toEqual({ input: Float32Array.of(1, 2), label: Float32Array.of(0, 0, 1) });
    expect(sample!.input.buffer).toBeInstanceOf(ArrayBuffer);
    expect(sample!.input.buffer.byteLength).toBe(8);
  });
});

describe("clear", () => {
  it.each(strategies)("%s: forgets samples, lengths and counts", (strategy) => {
    const options = { capacity: 4, lockedCapacity: 2, strategy };
    const buffer = filled(options, 9);
    buffer.add(sampleOf(50), { locked: true });
    buffer.clear();
    const { random: _, ...cleared } = buffer.state();
    expect(new ReplayBuffer(options).state()).toMatchObject(cleared);
    expect([buffer.size, buffer.lockedSize, buffer.seen, buffer.memoryBytes]).toEqual([0, 0, 0, 0]);
    expect(buffer.sample(9)).toEqual([]);
    for (let i = 0; i < 4; i++) {
      expect(buffer.add({ input: Float32Array.of(i), label: Float32Array.of(0) })).toBe(true);
    }
    expect(buffer.size).toBe(4);
  });

  it("lets the generator go on", () => {
    const buffer = filled({ capacity: 4 }, 9);
    const { random } = buffer.state();
    buffer.clear();
    expect(buffer.state().random).toEqual(random);
  });
});
