// Training once enough samples are new.

import { describe, expect, it } from "vitest";
import { MinimumNewTrigger } from "../../src/pipeline/trigger/minimum-new-trigger.ts";
import { clockAt, drive, stateOf } from "./trigger-states.ts";

describe("MinimumNewTrigger", () => {
  it("is true from the minimum on, again and again, until a training starts", () => {
    const trigger = new MinimumNewTrigger({ minimumNew: 3 });
    const state = stateOf([]);
    const ask = () => {
      trigger.recordSample(state, 1);
      return trigger.shouldRetrain(state, 1);
    };
    expect([ask(), ask(), ask(), ask()]).toEqual([false, false, true, true]);
    state.lastTriggerTime = 5;
    expect([ask(), ask(), ask(), ask()]).toEqual([false, false, true, true]);
  });

  it("alone trains on every so many samples", () => {
    expect(drive(new MinimumNewTrigger({ minimumNew: 4 }), new Array(13).fill(1))).toEqual([
      4, 8, 12,
    ]);
  });

  it("counts from the start of the training when it is asked before the sample is recorded", () => {
    const trigger = new MinimumNewTrigger({ minimumNew: 2 });
    const state = stateOf([1, 1]);
    expect(trigger.shouldRetrain(state, 1)).toBe(true);
    state.lastTriggerTime = 5;
    expect(trigger.shouldRetrain(state, 1)).toBe(false);
    for (const expected of [false, true]) {
      trigger.recordSample(state, 1);
      expect(trigger.shouldRetrain(state, 1)).toBe(expected);
    }
  });

  it("waits for the cooldown and refuses a NaN loss", () => {
    const clock = clockAt(1000);
    const trigger = new MinimumNewTrigger({ minimumNew: 1, cooldownMs: 10, now: clock.now });
    const state = stateOf([1], { lastTriggerTime: 995 });
    trigger.recordSample(state, 1);
    expect(trigger.shouldRetrain(state, 1)).toBe(false);
    clock.ms = 1005;
    expect(trigger.shouldRetrain(state, Number.NaN)).toBe(false);
    expect(trigger.shouldRetrain(state, 1)).toBe(true);
  });

  it("takes a training it has not seen for one that started just now, unless restored", () => {
    const first = new MinimumNewTrigger({ minimumNew: 3 });
    const state = stateOf([]);
    expect(drive(first, [1, 1, 1, 1], state)).toEqual([3]);
    const forgetful = new MinimumNewTrigger({ minimumNew: 3 });
    const resumed = new MinimumNewTrigger({ minimumNew: 3 });
    resumed.restore(JSON.parse(JSON.stringify(first.state())));
    expect(drive(resumed, [1, 1, 1], structuredClone(state))).toEqual([6]);
    expect(drive(forgetful, [1, 1, 1], structuredClone(state))).toEqual([7]);
  });

  it.each([undefined, {}, { lastTriggerMs: null }, { lastTriggerMs: "0", countAtTrigger: 0 }])(
    "refuses the state %o and keeps its own",
    (state) => {
      const trigger = new MinimumNewTrigger({ minimumNew: 2 });
      drive(trigger, [1, 1, 1, 1, 1]);
      const before = trigger.state();
      expect(() => trigger.restore(state)).toThrow(/MinimumNewTrigger state/);
      expect(trigger.state()).toEqual(before);
      expect(before).toEqual({ lastTriggerMs: 4, countAtTrigger: 4 });
    },
  );

  it.each([undefined, {}, { minimumNew: 0 }, { minimumNew: 1, interval: 3 }])(
    "refuses the options %o",
    (options) => {
      expect(() => new MinimumNewTrigger(options as { minimumNew: number })).toThrow(
        /MinimumNewTrigger option/,
      );
    },
  );
});
