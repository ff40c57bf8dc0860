// Training on a schedule of samples.

import { describe, expect, it } from "vitest";
import { ScheduledTrigger } from "../../src/pipeline/trigger/scheduled-trigger.ts";
import { clockAt, drive, stateOf } from "./trigger-states.ts";

describe("ScheduledTrigger", () => {
  it("trains at each multiple of the interval, not at 0", () => {
    const trigger = new ScheduledTrigger({ interval: 5, now: () => 1e6 });
    expect(trigger.shouldRetrain(stateOf([]), 1)).toBe(false);
    expect(drive(trigger, new Array(17).fill(1))).toEqual([5, 10, 15]);
  });

  it("leaves out a turn in the cooldown", () => {
    const clock = clockAt(0);
    const trigger = new ScheduledTrigger({ interval: 2, cooldownMs: 100, now: clock.now });
    const state = stateOf([], { sampleCount: 4, lastTriggerTime: new Date(0) });
    clock.ms = 99;
    expect(trigger.shouldRetrain(state, 1)).toBe(false);
    clock.ms = 100;
    expect(trigger.shouldRetrain(state, 1)).toBe(true);
    state.sampleCount++;
    expect(trigger.shouldRetrain(state, 1)).toBe(false);
  });

  it("is false for a NaN loss, and keeps the losses it is told to", () => {
    const trigger = new ScheduledTrigger({ interval: 1, evalWindowSize: 2 });
    const state = stateOf([1, 2]);
    expect(trigger.shouldRetrain(state, Number.NaN)).toBe(false);
    trigger.recordSample(state, 3);
    expect(state).toEqual({ sampleCount: 3, recentLosses: [2, 3] });
  });

  it.each([undefined, {}, { interval: 0 }, { interval: 1.5 }, { interval: 1, minSamples: 2 }])(
    "refuses the options %o",
    (options) => {
      expect(() => new ScheduledTrigger(options as { interval: number })).toThrow(
        /ScheduledTrigger/,
      );
    },
  );
});
