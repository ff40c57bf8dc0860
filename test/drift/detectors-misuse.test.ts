// What the detectors refuse, with which code, and that they are untouched afterwards.

import { describe, expect, it } from "vitest";
import { kinds } from "./detector-kinds.ts";
import { errorsAt } from "./streams.ts";

describe("options", () => {
  it.each<[string, object, string]>([
    ["adwin", { delta: 0 }, "OPTION_INVALID"],
    ["adwin", { delta: 1 }, "OPTION_INVALID"],
    ["adwin", { delta: 1e-101 }, "OPTION_INVALID"],
    ["adwin", { clock: 0 }, "OPTION_INVALID"],
    ["adwin", { maxBuckets: 1001 }, "OPTION_INVALID"],
    ["adwin", { minWindowLength: 0 }, "OPTION_INVALID"],
    ["adwin", { gracePeriod: -1 }, "OPTION_INVALID"],
    ["adwin", { grace: 3 }, "OPTION_UNKNOWN"],
    ["page-hinkley", { minInstances: 0 }, "OPTION_INVALID"],
    ["page-hinkley", { delta: -1 }, "OPTION_INVALID"],
    ["page-hinkley", { threshold: 0 }, "OPTION_INVALID"],
    ["page-hinkley", { alpha: 0 }, "OPTION_INVALID"],
    ["page-hinkley", { alpha: 1.1 }, "OPTION_INVALID"],
    ["page-hinkley", { mode: "sideways" }, "OPTION_INVALID"],
    ["kswin", { alpha: 0 }, "OPTION_INVALID"],
    ["kswin", { windowSize: 100_001 }, "OPTION_INVALID"],
    ["kswin", { statSize: 51 }, "OPTION_INVALID"],
    ["kswin", { windowSize: 10, statSize: 5 }, "OPTION_INVALID"],
    ["kswin", { seed: -1 }, "OPTION_INVALID"],
    ["ddm", { warmStart: 0 }, "OPTION_INVALID"],
    ["ddm", { warningThreshold: 3.1 }, "OPTION_INVALID"],
    ["eddm", { alpha: 0.8 }, "OPTION_INVALID"],
    ["eddm", { beta: 0 }, "OPTION_INVALID"],
    ["hddm-a", { driftConfidence: 0.01 }, "OPTION_INVALID"],
    ["hddm-a", { lambda: 0.1 }, "OPTION_UNKNOWN"],
    ["hddm-w", { lambda: 1 }, "OPTION_INVALID"],
    ["hddm-w", { twoSided: 1 }, "OPTION_INVALID"],
    ["cusum", { minInstances: 1 }, "OPTION_INVALID"],
    ["cusum", { slack: -0.1 }, "OPTION_INVALID"],
    ["cusum", { threshold: 0 }, "OPTION_INVALID"],
  ])("%s refuses %o", (name, options, code) => {
    expect(() => new kinds[name]!(options)).toThrowError(expect.objectContaining({ code }));
  });

  it.each<[string, object]>([
    ["adwin", { delta: 1e-100, clock: 1, maxBuckets: 1000, minWindowLength: 1, gracePeriod: 0 }],
    ["page-hinkley", { minInstances: 1, delta: 0, alpha: 1 }],
    ["kswin", { windowSize: 100_000, statSize: 50_000, seed: 2 ** 32 - 1 }],
    ["eddm", { alpha: 1, beta: 1, warmStart: 1 }],
    ["hddm-a", { driftConfidence: 0.5, warningConfidence: 0.5 }],
    ["cusum", { minInstances: 2, slack: 0 }],
  ])("%s takes %o, at the limits", (name, options) => {
    expect(new kinds[name]!(options).update(1)).toBe("stable");
  });

  it("names the option and what it may be", () => {
    const { ddm, kswin } = kinds;
    expect(() => new ddm!({ warningThreshold: 4 })).toThrow(
      'Expected Ddm option "warningThreshold" to be at most driftThreshold, got 4.',
    );
    expect(() => new kswin!({ statSize: 60 })).toThrow(
      'Expected Kswin option "statSize" to be at most half of windowSize, got 60.',
    );
    // Two samples of 5 without a common value still have the chance 2 / 252.
    expect(() => new kswin!({ windowSize: 10, statSize: 5 })).toThrow(
      /chance 0\.0079\d*\. Raise statSize or alpha\./,
    );
  });
});

describe("values", () => {
  it.each(["ddm", "eddm"])("%s takes 0 and 1 only", (name) => {
    const detector = new kinds[name]!();
    for (const value of [0.5, 2, -1, 1e-9]) {
      expect(() => detector.update(value)).toThrowError(
        expect.objectContaining({ code: "ARGUMENT_RANGE", name: "DriftkeelRangeError" }),
      );
    }
    expect(() => detector.update(true as unknown as number)).toThrowError(
      expect.objectContaining({ code: "ARGUMENT_TYPE", name: "DriftkeelTypeError" }),
    );
    expect(detector.state()).toEqual(new kinds[name]!().state());
  });

  it.each(["hddm-a", "hddm-w"])("%s takes 0 to 1 only", (name) => {
    const detector = new kinds[name]!();
    expect(detector.update(0.5)).toBe("stable");
    for (const value of [1 + 1e-9, -1e-9]) {
      expect(() => detector.update(value)).toThrow("Expected value to be a number from 0 to 1");
    }
  });

  it.each(["adwin", "cusum", "kswin", "page-hinkley"])("%s takes up to 1e100", (name) => {
    const detector = new kinds[name]!();
    for (let i = 0; i < 2000; i++) detector.update(i % 3 === 0 ? 1e100 : -1e100);
    for (const measured of Object.values(detector.measurements)) {
      expect(measured).toSatisfy(Number.isFinite);
    }
    expect(() => detector.update(1.1e100)).toThrow("Expected value to be a number from -1e100");
  });
});

describe("a saved state", () => {
  const errors = errorsAt([0.3], 200, 1);

  type State = { options: object; memory: Record<string, unknown> };
  const savedBy = (name: string): State => {
    const detector = new kinds[name]!();
    for (const value of errors) detector.update(value);
    return detector.state() as State;
  };

  it.each(Object.keys(kinds))("of %s with other options is refused", (name) => {
    const saved = savedBy(name);
    const [option, value] = Object.entries(saved.options)[0] as [string, number];
    const others = [
      { ...saved.options, [option]: value / 2 },
      { ...saved.options, extra: 1 },
    ];
    for (const options of others) {
      const detector = new kinds[name]!();
      expect(() => detector.restore({ ...saved, options })).toThrowError(
        expect.objectContaining({ code: "STATE_INVALID" }),
      );
      expect(detector.state()).toEqual(new kinds[name]!().state());
    }
  });

  it("of another kind of detector is refused by name", () => {
    expect(() => new kinds["hddm-a"]!().restore(savedBy("hddm-w"))).toThrow(
      "got the state of a detector HddmW.",
    );
  });

  const bucket = { count: 1, mean: 0, m2: 0 };
  it.each<[string, object]>([
    ["adwin", { rows: [[bucket, bucket, bucket, bucket, bucket, bucket]] }],
    ["adwin", { rows: [[{ ...bucket, count: 2 }]] }],
    ["adwin", { rows: [[{ ...bucket, m2: -1 }]] }],
    ["adwin", { rows: [[{ ...bucket, mean: 2e100 }]] }],
    ["adwin", { rows: [], extra: 1 }],
    ["kswin", { window: new Array(101).fill(0) }],
    ["kswin", { gap: 31 }],
    ["kswin", { random: { words: [0, 0, 0, 0], spare: null } }],
    ["kswin", { random: { words: [1, 2, 3], spare: null } }],
    ["ddm", { errors: { count: 3, mean: 1.5 } }],
    ["ddm", { bestRate: -0.1 }],
    ["eddm", { lastError: 201 }],
    ["eddm", { lastError: 1 }],
    ["eddm", { zone: "lost" }],
    ["hddm-a", { low: { count: 201, mean: 0 } }],
    ["hddm-a", { high: { count: 0, mean: 0 } }],
    ["hddm-a", { total: { count: 200, mean: -1 } }],
    ["hddm-w", { total: { count: 1, mean: 0, weight: 1 } }],
    ["cusum", { reference: { count: 31, mean: 0, m2: 0 } }],
    ["cusum", { rise: -1 }],
    ["page-hinkley", { up: Number.NaN }],
  ])("of %s is refused with the memory %o", (name, part) => {
    const saved = savedBy(name);
    const detector = new kinds[name]!();
    expect(() => detector.restore({ ...saved, memory: { ...saved.memory, ...part } })).toThrowError(
      expect.objectContaining({ code: "STATE_INVALID" }),
    );
    expect(detector.state()).toEqual(new kinds[name]!().state());
    detector.restore(saved);
    expect(detector.state()).toEqual(saved);
  });
});
