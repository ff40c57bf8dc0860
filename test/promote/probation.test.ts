// The probation: how it ends, what it skips, that it can be interrupted, and what it refuses.

import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.ts";
import { Probation, type ProbationOptions } from "../../src/pipeline/promote/probation.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

/** Feeds pairs whose difference has deviation 1 until it ends; `worse` shifts the candidate. */
function run(worse: number, options?: ProbationOptions, seed = 1): Probation {
  const random = new Random(seed);
  const probation = new Probation(options);
  for (let t = 0; t < 100_000 && probation.outcome === "running"; t++) {
    const previous = 5 + random.normal();
    probation.observe(previous, previous + worse + random.normal());
  }
  return probation;
}

describe("outcomes", () => {
  it("rolls back a candidate that is worse, before it could have passed", () => {
    const probation = run(0.5, { minSamples: 500 });
    expect(probation.outcome).toBe("rolled-back");
    expect(probation.measurements.samples).toBeLessThan(200);
    expect(probation.measurements.evidence).toBeGreaterThanOrEqual(20);
    expect(probation.measurements.meanDifference).toBeGreaterThan(0);
    expect(probation.reason).toContain("that the candidate is worse");
  });

  it("passes a candidate that is better, at minSamples and not before", () => {
    const probation = run(-0.2, { minSamples: 50 });
    expect(probation.outcome).toBe("passed");
    expect(probation.measurements.samples).toBe(50);
  });

  it("passes an identical candidate at minSamples", () => {
    const probation = new Probation({ minSamples: 3 });
    expect([1, 2, 3].map((loss) => probation.observe(loss, loss))).toEqual([
      "running",
      "running",
      "passed",
    ]);
  });

  it("is inconclusive at maxSamples while something speaks against the candidate", () => {
    // A quarter of a deviation: slow evidence, cut off on its way up.
    const probation = run(0.25, { minSamples: 40, maxSamples: 60 });
    expect(probation.outcome).toBe("inconclusive");
    expect(probation.measurements.samples).toBe(60);
    expect(probation.measurements.evidence).toBeGreaterThan(1);
    expect(probation.reason).toContain("60 samples are over");
  });

  it("watches four times minSamples by default", () => {
    const probation = new Probation({ minSamples: 20 });
    for (let t = 1; t < 80; t++) expect(probation.observe(nan, 1)).toBe("running");
    expect(probation.observe(nan, 1)).toBe("inconclusive");
  });

  it("takes higher as better for P&L", () => {
    const probation = new Probation({ input: "pnl", minSamples: 100 });
    const random = new Random(2);
    while (probation.outcome === "running") {
      const previous = random.normal();
      probation.observe(previous, previous - 1 + 0.1 * random.normal());
    }
    expect(probation.outcome).toBe("rolled-back");
    expect(probation.measurements.meanDifference).toBeGreaterThan(0);
  });

  it("needs more evidence for a lower level", () => {
    const samples = (level: number) =>
      run(0.5, { level, minSamples: 1000 }).measurements.samples as number;
    expect(samples(0.001)).toBeGreaterThan(samples(0.1));
    expect(new Probation({ level: 0.01 }).measurements.evidenceNeeded).toBe(100);
  });

  it("keeps its outcome: later samples change nothing", () => {
    for (const probation of [run(2), run(-2, { minSamples: 20 })]) {
      const state = probation.state();
      const { outcome } = probation;
      expect(probation.observe(1, nan)).toBe(outcome);
      expect(probation.observe(1, 1e9)).toBe(outcome);
      expect(probation.checkTime()).toBe(outcome);
      expect(probation.state()).toEqual(state);
    }
  });
});

describe("numbers that are not finite", () => {
  it.each([nan, inf, -inf])("rolls back at once when only the candidate gives %d", (bad) => {
    const probation = new Probation();
    expect(probation.observe(1, 1)).toBe("running");
    expect(probation.observe(1, bad)).toBe("rolled-back");
    expect(probation.reason).toContain(String(bad));
  });

  it("skips what the previous model cannot be compared on", () => {
    const probation = new Probation({ minSamples: 2 });
    expect(probation.observe(nan, 1)).toBe("running");
    expect(probation.observe(nan, nan)).toBe("running");
    expect(probation.observe(inf, 1)).toBe("running");
    expect(probation.measurements).toMatchObject({ samples: 0, skipped: 3, meanDifference: 0 });
  });

  it("does not go on for ever on skipped samples", () => {
    const probation = new Probation({ minSamples: 2, maxSamples: 5 });
    const outcomes = [1, 2, 3, 4, 5].map(() => probation.observe(nan, 1));
    expect(outcomes).toEqual(["running", "running", "running", "running", "inconclusive"]);
  });

  it("takes a difference that overflows as a large one", () => {
    const probation = new Probation();
    for (let t = 0; t < 30; t++) probation.observe(-Number.MAX_VALUE, Number.MAX_VALUE);
    expect(probation.measurements.evidence).not.toBeNaN();
    expect(probation.measurements.meanDifference).toBe(Number.MAX_VALUE);
  });
});

describe("time", () => {
  function timed(maxDurationMs: number) {
    const clock = { ms: 1000 };
    const probation = new Probation({ minSamples: 100, maxDurationMs, now: () => clock.ms });
    return { clock, probation };
  }

  it("is inconclusive when the duration is over, with or without samples", () => {
    const { clock, probation } = timed(500);
    clock.ms = 1499;
    expect(probation.checkTime()).toBe("running");
    expect(probation.observe(1, 1)).toBe("running");
    clock.ms = 1500;
    expect(probation.checkTime()).toBe("inconclusive");
    expect(probation.reason).toContain("500 ms are over");

    const other = timed(500);
    other.clock.ms = 1500;
    expect(other.probation.observe(1, 1)).toBe("inconclusive");
  });

  it("takes a Date for the time", () => {
    let date = new Date(0);
    const probation = new Probation({ maxDurationMs: 10, now: () => date });
    date = new Date(10);
    expect(probation.checkTime()).toBe("inconclusive");
  });

  it("does not ask the clock without maxDurationMs", () => {
    const now = () => {
      throw new Error("asked");
    };
    const probation = new Probation({ minSamples: 2, now });
    probation.observe(1, 1);
    expect(probation.checkTime()).toBe("running");
    expect(probation.observe(1, 1)).toBe("passed");
  });
});

describe("state and restore", () => {
  it("goes on after a restore exactly as it would have without", () => {
    const whole = run(0.2, { minSamples: 400 }, 3);
    const total = whole.measurements.samples as number;
    for (const cut of [0, 1, 10, 11, Math.floor(total / 2), total]) {
      const random = new Random(3);
      let probation = new Probation({ minSamples: 400 });
      for (let t = 0; t < total; t++) {
        if (t === cut) {
          const state = JSON.parse(JSON.stringify(probation.state()));
          probation = new Probation({ minSamples: 400 });
          probation.observe(1, 2);
          probation.restore(state);
        }
        const previous = 5 + random.normal();
        probation.observe(previous, previous + 0.2 + random.normal());
      }
      expect(probation.state()).toEqual(whole.state());
    }
  });

  it("keeps the start of a timed probation", () => {
    const options = { maxDurationMs: 100, now: () => 1050 };
    const early = new Probation({ ...options, now: () => 1000 });
    const resumed = new Probation(options);
    resumed.restore(early.state());
    expect(resumed.checkTime()).toBe("running");
    const late = new Probation({ ...options, now: () => 1100 });
    late.restore(early.state());
    expect(late.checkTime()).toBe("inconclusive");
  });

  const good = run(0, { minSamples: 20 }).state() as Record<string, unknown>;
  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["an empty object", {}],
    ["an unknown outcome", { ...good, outcome: "won" }],
    ["a broken count", { ...good, samples: -1 }],
    ["broken evidence", { ...good, evidence: { count: 1 } }],
    ["negative capital", { ...good, evidence: { count: 1, magnitude: 1, capitals: [1, 1, -1] } }],
    ["a start without a duration", { ...good, startMs: 5 }],
    ["another level", run(0, { minSamples: 20, level: 0.01 }).state()],
    ["another bound", new Probation({ minSamples: 20, bound: 9 }).state()],
    ["another input", new Probation({ minSamples: 20, input: "pnl" }).state()],
  ])("refuses %s and stays as it was", (_, state) => {
    const probation = new Probation({ minSamples: 20 });
    probation.observe(1, 1.5);
    const before = probation.state();
    expect(() => probation.restore(state)).toThrowError(
      expect.objectContaining({ code: "STATE_INVALID" }),
    );
    expect(probation.state()).toEqual(before);
  });
});

describe("misuse", () => {
  it.each<[string, object, string]>([
    ["level 0", { level: 0 }, "OPTION_INVALID"],
    ["a level above one half", { level: 0.6 }, "OPTION_INVALID"],
    ["no samples", { minSamples: 0 }, "OPTION_INVALID"],
    ["an end before the beginning", { minSamples: 10, maxSamples: 9 }, "OPTION_INVALID"],
    ["a bound of 0", { bound: 0 }, "OPTION_INVALID"],
    ["a clock that is no function", { now: 5 }, "OPTION_INVALID"],
    ["an unknown option", { minSample: 1 }, "OPTION_UNKNOWN"],
  ])("%s is refused at construction", (_, options, code) => {
    expect(() => new Probation(options)).toThrowError(expect.objectContaining({ code }));
  });

  it("refuses what is no number, and stays as it was", () => {
    const probation = new Probation();
    const before = probation.state();
    for (const [previous, candidate] of [
      ["1", 1],
      [1, undefined],
      [null, 1],
    ]) {
      expect(() => probation.observe(previous as number, candidate as number)).toThrowError(
        expect.objectContaining({ code: "ARGUMENT_TYPE" }),
      );
    }
    expect(probation.state()).toEqual(before);
  });

  it("refuses a difference beyond the bound, and allows the bound itself", () => {
    const probation = new Probation({ bound: 0.1 });
    expect(probation.observe(0.2, 0.3)).toBe("running");
    const before = probation.state();
    expect(() => probation.observe(0, 0.11)).toThrowError(
      expect.objectContaining({ code: "ARGUMENT_RANGE" }),
    );
    expect(probation.state()).toEqual(before);
  });
});
