// When rising losses start a training, and what keeps them from it.

import { describe, expect, it } from "vitest";
import { DriftTrigger } from "../../src/pipeline/trigger/drift-trigger.ts";
import { clockAt, stateOf } from "./trigger-states.ts";

const clock = clockAt(1_000_000);
const options = {
  driftThreshold: 0.5,
  minSampleCount: 0,
  evalWindowSize: 10,
  cooldownMs: 1000,
  now: clock.now,
};
const trigger = new DriftTrigger(options);

describe("shouldRetrain", () => {
  it.each<[string, number[], boolean]>([
    ["a rise beyond the threshold", [1, 1, 2, 2], true],
    ["a rise of exactly the threshold", [2, 2, 3, 3], false],
    ["a smaller rise", [2, 2, 2, 3], false],
    ["a fall", [2, 2, 1, 1], false],
    ["equal losses", [1, 1, 1, 1], false],
    ["two losses", [1, 2], true],
    ["one loss", [9], false],
    ["no losses", [], false],
    // Earlier mean 1, recent mean 4/3; with the middle one in the earlier half it would be 1 and 2.
    ["an odd one, which is recent", [1, 1, 0, 2, 2], false],
    ["an odd one that decides", [1, 1, 2, 2, 1], true],
    ["a mean of 0 before", [0, 0, 5, 5], false],
    ["a mean of 0 before from both signs", [-1, 1, 5, 5], false],
    ["a NaN before", [Number.NaN, 1, 9, 9], false],
    ["a NaN after", [1, 1, 9, Number.NaN], false],
  ])("with %s: %j is %s", (_, losses, expected) => {
    expect(trigger.shouldRetrain(stateOf(losses), 1)).toBe(expected);
  });

  it("is false for a loss that is no finite number", () => {
    for (const loss of [Number.NaN, 1 / 0, -1 / 0]) {
      expect(trigger.shouldRetrain(stateOf([1, 9]), loss)).toBe(false);
    }
  });

  it("is false below minSampleCount", () => {
    const patient = new DriftTrigger({ ...options, minSampleCount: 100 });
    expect(patient.shouldRetrain(stateOf([1, 9], { sampleCount: 99 }), 9)).toBe(false);
    expect(patient.shouldRetrain(stateOf([1, 9], { sampleCount: 100 }), 9)).toBe(true);
  });

  it("is false inside the cooldown, whose end is outside", () => {
    for (const [passed, expected] of [
      [0, false],
      [999, false],
      [1000, true],
      [-5, false],
    ] as const) {
      const lastTriggerTime = new Date(clock.ms - passed);
      expect(trigger.shouldRetrain(stateOf([1, 9], { lastTriggerTime }), 9)).toBe(expected);
      const inMs = stateOf([1, 9], { lastTriggerTime: clock.ms - passed });
      expect(trigger.shouldRetrain(inMs, 9)).toBe(expected);
    }
    expect(trigger.shouldRetrain(stateOf([1, 9], { lastTriggerTime: null }), 9)).toBe(true);
  });

  it("looks at its own window when more losses were kept", () => {
    // All six rise; the last two do not.
    const state = stateOf([1, 1, 1, 9, 9, 9]);
    expect(trigger.shouldRetrain(state, 9)).toBe(true);
    const near = new DriftTrigger({ ...options, evalWindowSize: 2 });
    expect(near.shouldRetrain(state, 9)).toBe(false);
  });

  it("leaves the state alone", () => {
    const state = Object.freeze(stateOf([1, 9]));
    Object.freeze(state.recentLosses);
    expect(trigger.shouldRetrain(state, 9)).toBe(true);
  });

  it("takes the system's clock by default", () => {
    const { now: _, ...others } = options;
    const timed = new DriftTrigger({ ...others, cooldownMs: 3_600_000 });
    const at = (ms: number) => stateOf([1, 9], { lastTriggerTime: Date.now() + ms });
    expect(timed.shouldRetrain(at(-7_200_000), 9)).toBe(true);
    expect(timed.shouldRetrain(at(-1_800_000), 9)).toBe(false);
  });

  it("refuses times that are none", () => {
    const ask = (lastTriggerTime: unknown, now: () => unknown = clock.now) =>
      new DriftTrigger({ ...options, now: now as () => Date }).shouldRetrain(
        stateOf([1, 9], { lastTriggerTime: lastTriggerTime as Date }),
        9,
      );
    expect(() => ask("2026-01-01")).toThrow('to be a Date or milliseconds since 1970, got "2026');
    expect(() => ask(new Date(Number.NaN))).toThrow("got Invalid Date.");
    expect(() => ask(0, () => Number.NaN)).toThrow("Expected now() to be a valid moment, got NaN.");
  });
});

describe("recordSample", () => {
  it("counts, appends and trims to evalWindowSize", () => {
    const state = stateOf([]);
    for (let i = 1; i <= 12; i++) trigger.recordSample(state, i);
    expect(state).toEqual({ sampleCount: 12, recentLosses: [3, 4, 5, 6, 7, 8, 9, 10, 11, 12] });
  });

  it("trims a state that came with more", () => {
    const state = stateOf(Array.from({ length: 30 }, (_, i) => i));
    trigger.recordSample(state, 99);
    expect(state.recentLosses).toEqual([21, 22, 23, 24, 25, 26, 27, 28, 29, 99]);
  });

  it.each([Number.NaN, 1 / 0, "1", undefined])("refuses %s and changes nothing", (loss) => {
    const state = stateOf([1, 2]);
    expect(() => trigger.recordSample(state, loss as number)).toThrow(/finite number/);
    expect(state).toEqual(stateOf([1, 2]));
  });
});

describe("options", () => {
  it.each<[object | undefined, string]>([
    [undefined, "OPTION_INVALID"],
    [{ driftThreshold: -1 }, "OPTION_INVALID"],
    [{ driftThreshold: Number.NaN }, "OPTION_INVALID"],
    [{ minSampleCount: 0.5 }, "OPTION_INVALID"],
    [{ evalWindowSize: 0 }, "OPTION_INVALID"],
    [{ evalWindowSize: 1_000_001 }, "OPTION_INVALID"],
    [{ cooldownMs: -1 }, "OPTION_INVALID"],
    [{ now: 5 }, "OPTION_INVALID"],
    [{ coolDownMs: 1 }, "OPTION_UNKNOWN"],
  ])("refuses %o", (wrong, code) => {
    const create = () => new DriftTrigger((wrong && { ...options, ...wrong }) as typeof options);
    expect(create).toThrowError(expect.objectContaining({ code }));
  });

  it("takes a window of a million losses", () => {
    expect(() => new DriftTrigger({ ...options, evalWindowSize: 1_000_000 })).not.toThrow();
  });
});
