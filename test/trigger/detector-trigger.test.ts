// Training after drift that a detector found.

import { describe, expect, it } from "vitest";
import type { DriftDetector, DriftState } from "../../src/pipeline/drift/drift-detector.ts";
import { PageHinkley } from "../../src/pipeline/drift/page-hinkley.ts";
import { DetectorTrigger } from "../../src/pipeline/trigger/detector-trigger.ts";
import { clockAt, drive, stateOf } from "./trigger-states.ts";

/** Says drift at the losses 9, a warning at 5. */
class NineDetector implements DriftDetector {
  seen: number[] = [];
  readonly measurements = {};
  update(value: number): DriftState {
    this.seen.push(value);
    if (value === 9) return "drift";
    return value === 5 ? "warning" : "stable";
  }
  reset(): void {
    this.seen = [];
  }
  state(): unknown {
    return [...this.seen];
  }
  restore(state: unknown): void {
    if (!Array.isArray(state)) throw new TypeError("no");
    this.seen = [...state];
  }
}

const create = (options: object = {}) => {
  const detector = new NineDetector();
  const clock = clockAt(1000);
  const trigger = new DetectorTrigger({ detector, now: clock.now, ...options });
  return { trigger, detector, clock };
};

describe("DetectorTrigger", () => {
  it("trains at drift, not at a warning, and shows the detector each loss once", () => {
    const { trigger, detector } = create();
    expect(drive(trigger, [1, 5, 9, 1, 1, 9])).toEqual([3, 6]);
    expect(detector.seen).toEqual([1, 5, 9, 1, 1, 9]);
  });

  it("works with any detector", () => {
    const trigger = new DetectorTrigger({ detector: new PageHinkley({ threshold: 5 }) });
    const losses = [...new Array(50).fill(1), ...new Array(20).fill(2)];
    const [first] = drive(trigger, losses);
    expect(first).toBeGreaterThan(50);
    expect(first).toBeLessThan(60);
  });

  it("stays true until a training starts", () => {
    const { trigger } = create();
    const state = stateOf([]);
    const answers = [1, 9, 1].map((loss) => trigger.shouldRetrain(state, loss));
    expect(answers).toEqual([false, true, true]);
    state.lastTriggerTime = new Date(500);
    expect(trigger.shouldRetrain(state, 1)).toBe(false);
    expect(trigger.shouldRetrain(state, 9)).toBe(true);
  });

  it("acts on drift in a cooldown when it ends", () => {
    const { trigger, clock } = create({ cooldownMs: 100 });
    const state = stateOf([], { lastTriggerTime: new Date(950) });
    expect(trigger.shouldRetrain(state, 9)).toBe(false);
    clock.ms = 1050;
    expect(trigger.shouldRetrain(state, 1)).toBe(true);
  });

  it("waits for minSampleCount, and has watched until then", () => {
    const { trigger } = create({ minSampleCount: 4 });
    expect(drive(trigger, [1, 9, 1, 1, 1])).toEqual([4]);
  });

  it("does not show a NaN to the detector", () => {
    const { trigger, detector } = create();
    const state = stateOf([]);
    trigger.shouldRetrain(state, 9);
    expect(trigger.shouldRetrain(state, Number.NaN)).toBe(false);
    expect(detector.seen).toEqual([9]);
    expect(trigger.shouldRetrain(state, 1)).toBe(true);
  });

  it("goes on with pending drift and the detector after a restore", () => {
    const original = create({ cooldownMs: 100 });
    const state = stateOf([], { lastTriggerTime: new Date(950) });
    original.trigger.shouldRetrain(state, 9);
    const resumed = create({ cooldownMs: 100 });
    resumed.trigger.restore(JSON.parse(JSON.stringify(original.trigger.state())));
    expect(resumed.detector.seen).toEqual([9]);
    resumed.clock.ms = 1050;
    expect(resumed.trigger.shouldRetrain(state, 1)).toBe(true);
    resumed.trigger.restore(create().trigger.state());
    expect(resumed.trigger.shouldRetrain(state, 1)).toBe(false);
  });

  it.each([undefined, {}, { detector: [] }, { detector: 5, pending: null }, { pending: {} }])(
    "refuses the state %o and keeps its own",
    (state) => {
      const { trigger } = create();
      trigger.shouldRetrain(stateOf([]), 9);
      const before = trigger.state();
      expect(() => trigger.restore(state)).toThrow(TypeError);
      expect(trigger.state()).toEqual(before);
    },
  );

  it("records like any other", () => {
    const { trigger } = create({ evalWindowSize: 1 });
    const state = stateOf([1]);
    trigger.recordSample(state, 2);
    expect(state).toEqual({ sampleCount: 2, recentLosses: [2] });
  });

  it.each([undefined, {}, { detector: {} }, { detector: 3 }])(
    "refuses the options %o",
    (options) => {
      expect(() => new DetectorTrigger(options as { detector: DriftDetector })).toThrow(
        "to be a drift detector",
      );
    },
  );
});
