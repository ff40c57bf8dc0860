// What the intake locks stays in the memory of the past, however much comes after it.

import { describe, expect, it } from "vitest";
import type { Sample } from "../../src/model/sample.ts";
import { Intake, type IntakeOptions } from "../../src/pipeline/feedback/intake.ts";

const isLocked = ({ weight = 1 }: Sample) => weight >= 4;

const sample = (x: number, weight = 1): Sample => ({
  input: Float32Array.of(x),
  label: Float32Array.of(0),
  weight,
});

const options = (more: IntakeOptions = {}): IntakeOptions => ({
  trainingWindow: 4,
  holdoutWindow: 4,
  holdoutFraction: 0,
  replayCapacity: 16,
  isLocked,
  lockedCapacity: 8,
  ...more,
});

/** The inputs of what is locked in the replay memory. */
function lockedInputs(intake: Intake): number[] {
  const { lockedSize } = intake.replay!;
  const drawn = intake.replay!.sample(lockedSize, { lockedShare: 1 });
  return drawn.map(({ input }) => input[0]!).sort((a, b) => a - b);
}

describe("an intake that locks", () => {
  it("keeps locked samples through 10^5 others", () => {
    const intake = new Intake(options());
    const heavy = [-1, -2, -3, -4, -5];
    for (const x of heavy) intake.accept(sample(x, 4));
    for (let x = 1; x <= 100_000; x++) intake.accept(sample(x));
    expect(lockedInputs(intake)).toEqual([...heavy].sort((a, b) => a - b));
    expect(intake.replay!.size).toBe(16);
  });

  it("locks up to its capacity and keeps one more like any other", () => {
    const intake = new Intake(options());
    for (let x = 1; x <= 9 + 4; x++) intake.accept(sample(x, 6));
    expect(intake.replay!.lockedSize).toBe(8);
    expect(intake.replay!.size).toBe(1);
    for (let x = 100; x < 200; x++) intake.accept(sample(x, 6));
    expect(lockedInputs(intake)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("locks what leaves at the start of a chapter, on both sides", () => {
    const intake = new Intake(options({ holdoutFraction: 0.5, retentionCapacity: 4 }));
    for (let x = 1; x <= 8; x++) intake.accept(sample(x, 4));
    intake.startChapter();
    const locked = intake.replay!.lockedSize;
    expect(locked).toBeGreaterThan(0);
    expect(locked).toBeLessThan(8);
    expect(intake.retention()).toHaveLength(8 - locked);
  });

  it("knows after a restart what it has locked and goes on locking", () => {
    const intake = new Intake(options());
    for (let x = 1; x <= 10; x++) intake.accept(sample(x, x % 2 === 0 ? 4 : 1));
    const again = new Intake(options());
    again.restore(JSON.parse(JSON.stringify(intake.state())));
    for (const each of [intake, again]) {
      for (let x = 11; x <= 20; x++) each.accept(sample(x, x % 2 === 0 ? 4 : 1));
    }
    expect(again.state()).toEqual(intake.state());
    expect(lockedInputs(again)).toEqual([2, 4, 6, 8, 10, 12, 14, 16]);
  });

  it("refuses a capacity with nothing to say what is locked", () => {
    expect(() => new Intake({ lockedCapacity: 3 })).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID" }),
    );
  });

  it("refuses the state of an intake that locked another number", () => {
    const state = new Intake(options()).state();
    expect(() => new Intake(options({ lockedCapacity: 9 })).restore(state)).toThrow(
      expect.objectContaining({ code: "STATE_INVALID" }),
    );
  });
});
