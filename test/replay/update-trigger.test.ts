// Updates start on drift or on schedule, not before the held-out days are full, not in a cool-down.

import { describe, expect, it } from "vitest";
import { type TriggerDecision, UpdateTrigger } from "../../src/replay/update-trigger.ts";

/** What the trigger decides on days 1 to `days`, with drift on the given ones. */
function decisions(
  days: number,
  drift: number[],
  options = { scheduleDays: 10, cooldownDays: 3, minDays: 5 },
): Record<number, TriggerDecision> {
  const trigger = new UpdateTrigger(options);
  const decided: Record<number, TriggerDecision> = {};
  for (let day = 1; day <= days; day++) {
    const decision = trigger.decide(drift.includes(day));
    if (decision !== "none") decided[day] = decision;
  }
  return decided;
}

describe("UpdateTrigger", () => {
  it("follows the schedule by itself", () => {
    expect(decisions(35, [])).toEqual({ 10: "schedule", 20: "schedule", 30: "schedule" });
  });

  it("starts on drift, from the first allowed day on", () => {
    expect(decisions(9, [4, 5])).toEqual({ 4: "too-early", 5: "drift" });
  });

  it("cools down for cooldownDays days after an update, and no longer", () => {
    const decided = decisions(14, [9, 10, 11, 12, 13]);
    const cooling = { 10: "cooling-down", 11: "cooling-down", 12: "cooling-down" };
    expect(decided).toEqual({ 9: "drift", ...cooling, 13: "drift" });
  });

  it("is not kept from cooling by what it turned away", () => {
    expect(decisions(10, [6, 7, 8, 9, 10])[10]).toBe("drift");
  });

  it("names drift first when both fall on one day", () => {
    expect(decisions(10, [10])).toEqual({ 10: "drift" });
  });
});
