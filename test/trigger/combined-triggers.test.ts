// Several triggers as one: what they answer together and what they record.

import { describe, expect, it } from "vitest";
import { PageHinkley } from "../../src/pipeline/drift/page-hinkley.ts";
import { allOf } from "../../src/pipeline/trigger/all-of.ts";
import { anyOf } from "../../src/pipeline/trigger/any-of.ts";
import { DetectorTrigger } from "../../src/pipeline/trigger/detector-trigger.ts";
import { DriftTrigger } from "../../src/pipeline/trigger/drift-trigger.ts";
import { MinimumNewTrigger } from "../../src/pipeline/trigger/minimum-new-trigger.ts";
import { ScheduledTrigger } from "../../src/pipeline/trigger/scheduled-trigger.ts";
import type { Trigger } from "../../src/pipeline/trigger/trigger.ts";
import { drive, stateOf } from "./trigger-states.ts";

/** Gives always the same answer and counts how often it is asked. */
function constant(answer: boolean) {
  const trigger = {
    asked: 0,
    recorded: 0,
    shouldRetrain: () => {
      trigger.asked++;
      return answer;
    },
    recordSample: () => {
      trigger.recorded++;
    },
  };
  return trigger satisfies Trigger;
}

describe.each([
  ["anyOf", anyOf, [false, true, true, true]],
  ["allOf", allOf, [false, false, false, true]],
] as const)("%s", (_, combine, table) => {
  it.each([
    [false, false, table[0]],
    [false, true, table[1]],
    [true, false, table[2]],
    [true, true, table[3]],
  ])("of %s and %s is %s, and asks both", (a, b, expected) => {
    const [one, other] = [constant(a), constant(b)];
    const both = combine(one, other);
    expect(both.shouldRetrain(stateOf([]), 1)).toBe(expected);
    both.recordSample(stateOf([]), 1);
    expect([one.asked, other.asked, one.recorded, other.recorded]).toEqual([1, 1, 1, 1]);
  });

  it("of nothing is refused", () => {
    expect(() => combine()).toThrowError(expect.objectContaining({ code: "DATA_EMPTY" }));
  });

  it("counts a sample once and keeps as many losses as the largest window", () => {
    const trigger = combine(
      new ScheduledTrigger({ interval: 1, evalWindowSize: 2 }),
      new ScheduledTrigger({ interval: 1, evalWindowSize: 4 }),
      new ScheduledTrigger({ interval: 1, evalWindowSize: 3 }),
    );
    const state = stateOf([]);
    for (let i = 1; i <= 6; i++) trigger.recordSample(state, i);
    expect(state).toEqual({ sampleCount: 6, recentLosses: [3, 4, 5, 6] });
  });

  it("refuses a NaN and leaves the state as it was", () => {
    const trigger = combine(new ScheduledTrigger({ interval: 1 }));
    const state = stateOf([1]);
    expect(() => trigger.recordSample(state, Number.NaN)).toThrow(RangeError);
    expect(state).toEqual(stateOf([1]));
  });

  it("does not change when the list that it was made of does", () => {
    const list = [constant(false)];
    const trigger = combine(...list);
    list[0] = constant(true);
    expect(trigger.shouldRetrain(stateOf([]), 1)).toBe(false);
  });
});

describe("together", () => {
  it("drift waits for enough new samples, then trains", () => {
    const detector = new PageHinkley({ threshold: 5 });
    const trigger = allOf(
      new DetectorTrigger({ detector }),
      new MinimumNewTrigger({ minimumNew: 80 }),
    );
    const losses = [...new Array(50).fill(1), ...new Array(60).fill(2)];
    expect(drive(trigger, losses)).toEqual([80]);
  });

  it("drift or schedule, nested, share one state", () => {
    const config = { driftThreshold: 0.5, minSampleCount: 4, evalWindowSize: 4, cooldownMs: 0 };
    const trigger = anyOf(
      new ScheduledTrigger({ interval: 10, evalWindowSize: 9 }),
      allOf(new DriftTrigger(config), new MinimumNewTrigger({ minimumNew: 2 })),
    );
    expect(drive(trigger, [1, 1, 1, 1, 1, 4, 4, 1, 1, 1, 1])).toEqual([6, 10]);
  });
});

describe("a saved combination", () => {
  const combination = () =>
    allOf(
      new DetectorTrigger({ detector: new PageHinkley({ threshold: 5 }) }),
      anyOf(new MinimumNewTrigger({ minimumNew: 80 }), constant(false)),
    );
  const losses = [...new Array(50).fill(1), ...new Array(60).fill(2)];

  /** The samples after which it asks for a training. */
  function asks(trigger: Trigger, state: ReturnType<typeof stateOf>, values: number[]): number[] {
    return values.flatMap((loss) => {
      trigger.recordSample(state, loss);
      return trigger.shouldRetrain(state, loss) ? [state.sampleCount] : [];
    });
  }

  it("goes on as if it had not been interrupted", () => {
    const whole = asks(combination(), stateOf([]), losses);
    expect(whole.length).toBeGreaterThan(0);
    const first = combination();
    const state = stateOf([]);
    expect(asks(first, state, losses.slice(0, 60))).toEqual([]);
    const second = combination();
    second.restore!(JSON.parse(JSON.stringify(first.state!())));
    expect(asks(second, state, losses.slice(60))).toEqual(whole);
  });

  it("refuses the state of another combination and stays as it was", () => {
    const trigger = combination();
    asks(trigger, stateOf([]), losses.slice(0, 60));
    const before = JSON.stringify(trigger.state!());
    const minimum = new MinimumNewTrigger({ minimumNew: 80 }).state();
    for (const wrong of [{ triggers: [] }, { triggers: [minimum, { triggers: [] }] }, null]) {
      expect(() => trigger.restore!(wrong)).toThrow(
        expect.objectContaining({ code: "STATE_INVALID" }),
      );
      expect(JSON.stringify(trigger.state!())).toBe(before);
    }
  });
});
