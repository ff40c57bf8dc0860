// Online EWC protects what a finished task needs, and tells where a task ends.

import { describe, expect, it } from "vitest";
import {
  cycleAlarms,
  gradientAlarms,
  lossDelay,
} from "../../../bench/background/boundary-alarms.ts";
import { OnlineEwc } from "../../../src/learners/background/index.ts";

const refused = (code: string) => expect.objectContaining({ code });
const f32 = (...values: number[]) => new Float32Array(values);

describe("the penalty", () => {
  it("is 0 before the first boundary, and around the weights of the last one afterwards", () => {
    using ewc = new OnlineEwc(f32(0, 0), { lambda: 2 });
    ewc.learn(f32(1, 2));
    expect(ewc.isActive).toBe(false);
    expect(ewc.penalty(f32(3, 3))).toBe(0);
    expect(ewc.consolidate(f32(1, 1))).toBe(true);
    expect(ewc.penalty(f32(1, 1))).toBe(0);
    expect(ewc.penalty(f32(2, 3))).toBeCloseTo(1 * 1 + 4 * 4, 5);
    ewc.consolidate(f32(2, 3));
    expect(ewc.penalty(f32(2, 3))).toBe(0);
  });

  it("reads the Fisher of the boundary, not what is learned since", () => {
    using ewc = new OnlineEwc(f32(0), { lambda: 2 });
    ewc.learn(f32(1));
    ewc.consolidate(f32(0));
    ewc.learn(f32(10));
    expect(ewc.penalty(f32(1))).toBeCloseTo(1, 6);
  });

  it("averages Fishers with decay and without a bias towards 0", () => {
    using ewc = new OnlineEwc(f32(0), { lambda: 2, fisherDecay: 0.5 });
    ewc.learn(f32(2, 2)); // two samples
    ewc.consolidate(f32(0));
    expect(ewc.penalty(f32(1))).toBeCloseTo(4, 5);
    ewc.learn(f32(1));
    ewc.consolidate(f32(0));
    expect(ewc.penalty(f32(1))).toBeCloseTo((0.25 * 4 + 0.5 * 1) / 0.75, 5);
  });

  it("pulls weights back in a proximal step, each by its Fisher", () => {
    using ewc = new OnlineEwc(f32(0, 0), { lambda: 10 });
    const weights = f32(1, 1);
    ewc.proximalStep(weights, 0.1);
    expect([...weights]).toEqual([1, 1]);
    ewc.learn(f32(1, 0));
    ewc.consolidate(f32(0, 0));
    ewc.proximalStep(weights, 0.1);
    expect([...weights]).toEqual([0.5, 1]);
  });

  it("has nothing to protect without a Fisher, and says so", () => {
    using ewc = new OnlineEwc(f32(0));
    expect(ewc.consolidate(f32(1))).toBe(false);
    expect(ewc.isActive).toBe(false);
  });

  it("goes on where its state was taken", () => {
    using ewc = new OnlineEwc(f32(0, 0), { lambda: 3 });
    const none = new Float32Array(0);
    ewc.learn(f32(1, 2));
    ewc.consolidate(f32(1, 1));
    ewc.judge({ losses: [0.1, 0.9, 0.4], reference: none, fresh: none });
    using copy = OnlineEwc.fromState(JSON.parse(JSON.stringify(ewc.state())));
    for (const each of [ewc, copy]) {
      each.learn(f32(3, 1));
      each.judge({ losses: Array(40).fill(0.5), reference: none, fresh: none });
    }
    expect(copy.state()).toEqual(ewc.state());
    expect(copy.penalty(f32(4, 4))).toBe(ewc.penalty(f32(4, 4)));
  });

  it("refuses wrong lengths, losses and states", () => {
    using ewc = new OnlineEwc(f32(0, 0));
    const none = new Float32Array(0);
    expect(() => ewc.learn(f32(1, 2, 3))).toThrow(refused("LENGTH_MISMATCH"));
    expect(() => ewc.penalty(f32(1))).toThrow(refused("LENGTH_MISMATCH"));
    expect(() => ewc.consolidate(f32(1))).toThrow(refused("LENGTH_MISMATCH"));
    expect(() => ewc.judge({ losses: [2], reference: none, fresh: none })).toThrow(
      refused("ARGUMENT_RANGE"),
    );
    expect(() => ewc.judge({ losses: [], reference: none, fresh: f32(1) })).toThrow(
      refused("LENGTH_MISMATCH"),
    );
    expect(() => OnlineEwc.fromState({})).toThrow(refused("STATE_INVALID"));
    const broken = { ...ewc.state(), average: "?" };
    expect(() => OnlineEwc.fromState(broken)).toThrow(refused("FILE_CORRUPT"));
  });
});

describe("the boundary test", () => {
  it("alarms on equal gradients about as often as it is asked to", () => {
    const { alarms, trials } = gradientAlarms(600, 0.02);
    // 12 expected with a standard deviation of 3.4.
    expect(alarms / trials).toBeGreaterThan(0.005);
    expect(alarms / trials).toBeLessThan(0.04);
  });

  it("finds a moved mean of the gradients in every window", () => {
    expect(gradientAlarms(50, 1e-4, 0.5).alarms).toBe(50);
  });

  it("says nothing on fewer gradients than the approximation needs", () => {
    using ewc = new OnlineEwc(f32(0));
    const evidence = ewc.judge({
      losses: [],
      reference: new Float32Array(29),
      fresh: new Float32Array(100).fill(1),
    });
    expect(evidence).toEqual({
      isBoundary: false,
      byLosses: false,
      byGradients: false,
      statistic: Number.NaN,
    });
  });

  it("hears a rise of the losses within 100 values and seldom without one", () => {
    const seeds = Array.from({ length: 40 }, (_, seed) => seed);
    const delays = seeds.map((seed) => lossDelay(seed, 500, 0.4));
    expect(delays.filter((delay) => delay > 0 && delay <= 100).length).toBe(40);
    const alarms = seeds.filter((seed) => Number.isFinite(lossDelay(seed, 1000, 0)));
    expect(alarms.length).toBeLessThanOrEqual(1);
  });

  it("is silent through cycles of one task", () => {
    expect(cycleAlarms([1, 2, 3], 10)).toEqual({ alarms: 0, trials: 30 });
  }, 60_000);
});
