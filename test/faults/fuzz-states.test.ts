// Every saved state, given anything: taken whole, so that the work goes on, or STATE_INVALID and
// nothing has changed.

import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.ts";
import type { DriftDetector } from "../../src/pipeline/drift/drift-detector.ts";
import { Kswin } from "../../src/pipeline/drift/kswin.ts";
import { SharpeDriftDetector } from "../../src/pipeline/drift/sharpe-drift-detector.ts";
import { ReplayBuffer } from "../../src/pipeline/feedback/replay-buffer.ts";
import { Probation } from "../../src/pipeline/promote/probation.ts";
import { SafeMode } from "../../src/pipeline/promote/safe-mode.ts";
import { kinds } from "../drift/detector-kinds.ts";
import { fuzz, INPUTS, jsonValues, liveValues, wrongData } from "./fuzz-inputs.ts";

const values = [...jsonValues, ...liveValues];

/** What can be saved and restored. */
interface Restorable {
  state(): unknown;
  restore(state: unknown): void;
}

/** Something with a state, how it goes on, and another one that a state is restored into. */
interface Subject {
  valid: unknown;
  target: Restorable;
  goOn: () => unknown;
}

function checkStates(subjects: readonly Subject[]): void {
  let current = subjects[0]!;
  const before = subjects.map(({ target }) => JSON.stringify(target.state()));
  const make = (random: Random): unknown => {
    current = subjects[random.below(subjects.length)]!;
    return wrongData(random, current.valid, values);
  };
  const parse = (state: unknown, random: Random): void => {
    const { target, goOn } = current;
    const index = subjects.indexOf(current);
    try {
      target.restore(state);
    } catch (error) {
      // Looking at every state would take most of the time.
      const isLookedAt = random.below(8) === 0;
      if (isLookedAt && JSON.stringify(target.state()) !== before[index]) {
        throw new Error("A refused state has changed something.", { cause: error });
      }
      throw error;
    }
    goOn();
    // What it has become is itself a state.
    const text = JSON.stringify(target.state());
    target.restore(JSON.parse(text));
    before[index] = text;
  };
  const outcomes = fuzz(make, parse, ["STATE_INVALID"]);
  expect(outcomes.get("taken")).toBeGreaterThan(INPUTS / 1000);
}

/** A subject whose state was taken after `use`; another one takes states and goes on by `goOn`. */
function subjectOf<T extends Restorable>(
  create: () => T,
  use: (one: T) => void,
  goOn = use,
): Subject {
  const [saved, target] = [create(), create()];
  use(saved);
  const valid = JSON.parse(JSON.stringify(saved.state()));
  return { valid, target, goOn: () => goOn(target) };
}

const detectors: (() => DriftDetector)[] = [
  ...Object.values(kinds).map((Kind) => () => new Kind()),
  () => new Kswin({ windowSize: 20, statSize: 10 }),
  () => new SharpeDriftDetector(),
];

describe(`any state, ${INPUTS} times`, { timeout: 120_000 }, () => {
  it("of any drift detector", () => {
    const random = new Random(3);
    const feed = (count: number) => (detector: DriftDetector) => {
      for (let i = 0; i < count; i++) detector.update(random.below(2));
    };
    const subjects = detectors.map((create) => subjectOf(create, feed(40), feed(4)));
    checkStates(subjects);
  });

  it("of a ReplayBuffer under any strategy", () => {
    const sample = (value: number) => ({
      input: Float32Array.of(value),
      label: Float32Array.of(value % 2, 1 - (value % 2)),
      weight: 0.5,
      timestamp: new Date(value),
      id: "a",
    });
    const use = (buffer: ReplayBuffer) => {
      for (let i = 0; i < 5; i++) buffer.add(sample(i));
      buffer.add(sample(9), { locked: true });
    };
    const goOn = (buffer: ReplayBuffer) => {
      const [held] = buffer.sample(1);
      if (held !== undefined) buffer.add(held);
      if (buffer.sample(2).length > 2) throw new Error("More samples than were asked for.");
    };
    const strategies = ["reservoir", "ring", "class-balanced"] as const;
    const bufferOf = (strategy: (typeof strategies)[number]) => () =>
      new ReplayBuffer({ capacity: 3, lockedCapacity: 2, strategy });
    checkStates(strategies.map((strategy) => subjectOf(bufferOf(strategy), use, goOn)));
  });

  it("of a Probation", () => {
    const use = (probation: Probation) => {
      for (let i = 0; i < 20; i++) probation.observe(i % 3, i % 2);
    };
    checkStates([
      subjectOf(() => new Probation({ now: () => 0 }), use),
      subjectOf(() => new Probation({ now: () => 0, maxDurationMs: 5, minSamples: 5 }), use),
    ]);
  });

  it("of a SafeMode", () => {
    const create = () => new SafeMode({ now: () => 0 });
    const look = (safeMode: SafeMode) => safeMode.remainingMs;
    const frozen = subjectOf(create, (safeMode) => safeMode.enter());
    checkStates([subjectOf(create, look), frozen]);
  });
});
