// The remaining references agree with small cases worked out by hand.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  consolidateEma,
  consolidateSum,
  correctedEma,
  ewcProximalStep,
  normalizeToMeanOne,
} from "./ewc.ts";
import { expectClose } from "./expect-close.ts";
import { matmulNN, matmulNT, matmulTN } from "./matrix.ts";
import { moments } from "./moments.ts";
import { clipByGlobalNorm } from "./optimizer.ts";
import { Random } from "./random.ts";
import { rollingSharpe, sharpeOf } from "./sharpe.ts";
import { TwoPassSharpeDriftDetector } from "./sharpe-drift-detector.ts";

const DAY = new Date("2024-01-02T00:00:00Z");

describe("matrix products", () => {
  // A = [1 2 3; 4 5 6], B = [7 8; 9 10; 11 12], A B = [58 64; 139 154].
  const forms = [
    { name: "NN", multiply: matmulNN, a: [1, 2, 3, 4, 5, 6], b: [7, 8, 9, 10, 11, 12] },
    { name: "NT", multiply: matmulNT, a: [1, 2, 3, 4, 5, 6], b: [7, 9, 11, 8, 10, 12] },
    { name: "TN", multiply: matmulTN, a: [1, 4, 2, 5, 3, 6], b: [7, 8, 9, 10, 11, 12] },
  ];

  it.each(forms)("$name", ({ multiply, a, b }) => {
    const c = new Float64Array(4).fill(1);
    multiply(c, a, b, 2, 2, 3);
    expect(Array.from(c)).toEqual([58, 64, 139, 154]);
    multiply(c, a, b, 2, 2, 3, 2, true);
    expect(Array.from(c)).toEqual([174, 192, 417, 462]);
    multiply(c, a, b, 2, 2, 0);
    expect(Array.from(c)).toEqual([0, 0, 0, 0]);
  });
});

describe("generator", () => {
  interface Stream {
    seed: number;
    state: number[];
    words: number[];
    uniform: number[];
    below_bound: number;
    below: number[];
    permutation: number[];
    normal: number[];
  }
  const path = new URL("../vectors/random.json", import.meta.url);
  const streams: Stream[] = JSON.parse(readFileSync(path, "utf8"));

  it.each(streams)("seed $seed gives the stream of whole-number arithmetic", (stream) => {
    const take = <T>(values: T[], draw: (random: Random) => T) => {
      const random = new Random(stream.seed);
      return values.map(() => draw(random));
    };
    expect(Array.from(new Random(stream.seed).state)).toEqual(stream.state);
    expect(take(stream.words, (random) => random.nextU32())).toEqual(stream.words);
    expect(take(stream.uniform, (random) => random.uniform())).toEqual(stream.uniform);
    const bound = stream.below_bound;
    expect(take(stream.below, (random) => random.below(bound))).toEqual(stream.below);
    const order = new Random(stream.seed).permutation(stream.permutation.length);
    expect(Array.from(order)).toEqual(stream.permutation);
    expectClose(
      take(stream.normal, (random) => random.normal()),
      stream.normal,
      2 ** -51,
    );
  });

  it("gives the published words for the state 1, 2, 3, 4", () => {
    const random = new Random(0);
    random.state.set([1, 2, 3, 4]);
    const words = [random.nextU32(), random.nextU32(), random.nextU32(), random.nextU32()];
    expect(words).toEqual([11520, 0, 5927040, 70819200]);
  });

  it("draws normals with mean 0 and standard deviation 1", () => {
    const random = new Random(7);
    const { mean, std } = moments(Float64Array.from({ length: 20000 }, () => random.normal()));
    // Four standard errors of each.
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(20000));
    expect(Math.abs(std - 1)).toBeLessThan(4 / Math.sqrt(40000));
  });
});

describe("EWC", () => {
  it("proximal step solves its minimum: lambda F (x - baseline) + (x - theta) / lr = 0", () => {
    const theta = Float64Array.of(1, -2, 3);
    const [baseline, fisher] = [
      [0.5, 0.5, 0.5],
      [0, 2, 1e9],
    ];
    const x = Float64Array.from(theta);
    ewcProximalStep(x, baseline, fisher, 0.1, 4);
    const slope = x.map((value, p) => {
      return 4 * fisher[p]! * (value - baseline[p]!) + (value - theta[p]!) / 0.1;
    });
    expect(slope[0]).toBe(0);
    expect(Math.abs(slope[1]!)).toBeLessThan(1e-13);
    // A huge lambda lands on the baseline instead of overshooting: 2.5 / (1 + 4e8) above it.
    expectClose([x[2]! - 0.5], [2.5 / (1 + 4e8)], 1e-6);
  });

  it("consolidates by a decayed sum and by a corrected average", () => {
    const sum = Float64Array.of(2, 4);
    consolidateSum(sum, [1, 3], 0.5);
    expect(Array.from(sum)).toEqual([2, 5]);
    const ema = new Float64Array(1);
    consolidateEma(ema, [8], 0.75);
    expect([ema[0], correctedEma(ema, 0.75, 1)[0]]).toEqual([2, 8]);
    consolidateEma(ema, [1], 0.75);
    // Weights 0.75 and 1 on 8 and 1: 7 / 1.75.
    expect([ema[0], correctedEma(ema, 0.75, 2)[0]]).toEqual([1.75, 4]);
  });

  it("normalises to mean 1 and leaves zeros alone", () => {
    const fisher = Float64Array.of(0.25, 0.5, 1.25, 0);
    normalizeToMeanOne(fisher);
    expect(Array.from(fisher)).toEqual([0.5, 1, 2.5, 0]);
    const zeros = new Float64Array(2);
    normalizeToMeanOne(zeros);
    expect(Array.from(zeros)).toEqual([0, 0]);
  });
});

it("clipping scales down to the limit, never up", () => {
  const g = Float64Array.of(3, 4);
  expect(clipByGlobalNorm(g, 10)).toBe(5);
  expect(Array.from(g)).toEqual([3, 4]);
  expect(clipByGlobalNorm(g, 1)).toBe(5);
  expectClose(g, [0.6, 0.8], 1e-15);
  expect(clipByGlobalNorm(new Float64Array(2), 1)).toBe(0);
});

it("moments of nothing are 0", () => {
  expect(moments([])).toEqual({ mean: 0, std: 0 });
});

describe("Sharpe", () => {
  it("is mean / population std * sqrt(annualization)", () => {
    // Mean 2, variance 2/3.
    expectClose([sharpeOf([1, 2, 3], 4, "returns")], [2 * 2 * Math.sqrt(1.5)], 1e-15);
    expectClose([sharpeOf([5, 6, 8, 11], 4, "pnl")], [2 * 2 * Math.sqrt(1.5)], 1e-15);
  });

  it("is 0 without spread, also where the mean of equal values does not round to them", () => {
    for (const value of [0.1, -1 / 3, 1e9 + 0.7]) {
      for (let n = 0; n < 300; n++) {
        expect(sharpeOf(new Float64Array(n).fill(value), 252, "returns")).toBe(0);
      }
    }
  });

  it("keeps its digits on values around 10^9", () => {
    // 10^9 + 1 to 10^9 + 252: mean 10^9 + 126.5, variance (252^2 - 1) / 12.
    const values = Float64Array.from({ length: 252 }, (_, k) => 1e9 + 1 + k);
    const expected = (1e9 + 126.5) / Math.sqrt((252 ** 2 - 1) / 12);
    expectClose([sharpeOf(values, 1, "returns")], [expected], 1e-14);
  });

  it("is NaN until the window is full", () => {
    const options = { windowSize: 3, annualization: 1 } as const;
    const returns = rollingSharpe([1, 2, 3, 3], { ...options, input: "returns" });
    expectClose(returns.slice(2), [2 * Math.sqrt(1.5), 8 / Math.sqrt(2)], 1e-15);
    const pnl = rollingSharpe([1, 2, 4, 4], { ...options, input: "pnl" });
    expectClose(pnl.slice(2), [3, 1], 1e-15);
    expect([returns[0], returns[1], pnl[0], pnl[1]].every(Number.isNaN)).toBe(true);
  });
});

describe("Sharpe drift detector", () => {
  const options = { windowSize: 2, sigmas: 1, annualization: 1, input: "returns" } as const;

  it("needs three Sharpes and compares with the history before the current one", () => {
    const detector = new TwoPassSharpeDriftDetector(options);
    // Windows (1,3) (3,1) (1,-3): Sharpes 2, 2, -0.5; before the last mean 2, std 0.
    const alerts = [1, 3, 1, -3].map((value) => detector.observe(DAY, value));
    expect(alerts.slice(0, 3)).toEqual([undefined, undefined, undefined]);
    const expected = { timestamp: DAY, currentSharpe: -0.5, meanSharpe: 2, threshold: 2 };
    expect(alerts[3]).toEqual({ ...expected, windowSize: 2 });
    expect(Array.from(detector.window())).toEqual([1, -3]);
  });

  it("alerts below mean - sigmas * std, not at it", () => {
    const alert = (last: number) => {
      const detector = new TwoPassSharpeDriftDetector(options);
      // Windows (1,3) (3,-1) (-1,3): Sharpes 2, 0.5, 0.5; then std 0.75 around 1.25 for the third.
      return [1, 3, -1, last].map((value) => detector.observe(DAY, value))[3];
    };
    expect(alert(3)).toBeUndefined();
    expect(alert(2)?.threshold).toBe(0.5);
  });

  it("remembers ten windows of Sharpes, the current one included", () => {
    const alert = (zeros: number) => {
      const detector = new TwoPassSharpeDriftDetector(options);
      // A Sharpe of 2 from the window (1,3), zeros from (3,3), then -0.5 from (3,-9).
      detector.observe(DAY, 1);
      for (let k = 0; k <= zeros; k++) detector.observe(DAY, 3);
      return detector.observe(DAY, -9);
    };
    expectClose([alert(18)?.meanSharpe ?? 0], [2 / 19], 1e-15);
    expect(alert(19)?.meanSharpe).toBe(0);
  });

  it("defaults to 30 P&L values, one sigma, 252 periods", () => {
    const random = new Random(9);
    const defaults = new TwoPassSharpeDriftDetector();
    const explicit = { windowSize: 30, sigmas: 1, annualization: 252, input: "pnl" } as const;
    const spelled = new TwoPassSharpeDriftDetector(explicit);
    let alerts = 0;
    for (let k = 0; k < 120; k++) {
      const pnl = random.normal();
      const alert = defaults.observe(DAY, pnl);
      expect(alert).toEqual(spelled.observe(DAY, pnl));
      if (alert) alerts++;
    }
    expect(alerts).toBeGreaterThan(0);
  });

  it("starts at 0 and refuses NaN without a change", () => {
    const detector = new TwoPassSharpeDriftDetector(options);
    expect(detector.currentSharpe()).toBe(0);
    detector.observe(DAY, 5);
    expect(detector.currentSharpe()).toBe(0);
    expect(() => detector.observe(DAY, Number.NaN)).toThrow(RangeError);
    expect(Array.from(detector.window())).toEqual([5]);
  });
});
