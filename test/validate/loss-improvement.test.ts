// LossImprovement: what its bound is, how often it errs, and what it does at the edges.

import { describe, expect, it } from "vitest";
import { upToChance } from "../../bench/quality/table.ts";
import { Random } from "../../src/core/random.ts";
import { Network } from "../../src/model/network.ts";
import { NetworkLearnable } from "../../src/model/network-learnable.ts";
import {
  LossImprovement,
  type LossImprovementOptions,
} from "../../src/pipeline/validate/loss-improvement.ts";
import { snapshotOf as measured } from "../../src/pipeline/validate/snapshot-of.ts";
import { series, snapshotOf } from "./snapshots.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

/** The verdict on differences from losses of 2. */
function judge(differences: readonly number[], options?: LossImprovementOptions) {
  const before = snapshotOf({ losses: series(...differences.map(() => 2)) });
  const after = snapshotOf({ losses: series(...differences.map((value) => 2 + value)) });
  return new LossImprovement(options).validate(before, after);
}

/** Draws with mean 0. */
type Draw = (random: Random) => number;
const exponential: Draw = (random) => -Math.log(1 - random.uniform()) - 1;
const draws: Record<string, Draw> = {
  normal: (random) => random.normal(),
  "Student's t, 3 degrees": (random) => {
    const square = random.normal() ** 2 + random.normal() ** 2 + random.normal() ** 2;
    return random.normal() / Math.sqrt(square / 3);
  },
  "skewed to harm": exponential,
  "skewed to gains": (random) => -exponential(random),
};

const RUNS = 2000;

/** Share of runs, in percent, that pass when the true mean difference is `mean`. */
function passed(draw: Draw, mean: number, samples: number, options?: LossImprovementOptions) {
  const random = new Random(7);
  let count = 0;
  for (let run = 0; run < RUNS; run++) {
    const differences = Array.from({ length: samples }, () => mean + draw(random));
    if (judge(differences, options).pass) count++;
  }
  return (100 * count) / RUNS;
}

describe("LossImprovement passes what did not help", () => {
  const cases = Object.keys(draws).flatMap((name) =>
    [30, 200].map((samples): [string, number] => [name, samples]),
  );

  it.each(cases)("at most as often as its level: %s, %i samples", (name, samples) => {
    const share = passed(draws[name]!, 0, samples);
    // Skewness towards gains makes the bound too high, never too low.
    expect(share).toBeLessThanOrEqual(upToChance(10, RUNS));
    expect(share).toBeGreaterThan(2);
  });

  it("at its own level", () => {
    expect(passed(draws.normal!, 0, 30, { level: 0.02 })).toBeLessThanOrEqual(upToChance(2, RUNS));
    expect(passed(draws.normal!, 0, 30, { level: 0.5 })).toBeGreaterThan(45);
  });

  it("when it rose by the limit, not by less than nothing", () => {
    const at = (mean: number) => passed(draws.normal!, mean, 200, { maxDelta: 0.2 });
    expect(at(0.2)).toBeLessThanOrEqual(upToChance(10, RUNS));
    expect(at(0)).toBeGreaterThan(85);
  });
});

describe("LossImprovement", () => {
  it("passes what helped, more often the more samples there are", () => {
    const shares = [30, 100, 400].map((samples) => passed(draws.normal!, -0.2, samples));
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares[2]).toBeGreaterThan(99);
  });

  it("takes the bound of Student for symmetric differences", () => {
    // mean -1, deviation 0.5, n = 9: t(0.9; 8) = 1.396815.
    const root = Math.sqrt((0.25 * 8) / 6);
    const differences = [-root, root, 0, -root, root, 0, -root, root, 0].map((d) => d - 1);
    const { measurements, reason, pass } = judge(differences);
    expect(pass).toBe(true);
    expect(measurements.lossDifference).toBeCloseTo(-1, 12);
    expect(measurements.lossDifferenceError).toBeCloseTo(0.5 / 3, 12);
    expect(measurements.lossDifferenceUpper).toBeCloseTo(-1 + (1.396815 * 0.5) / 3, 6);
    expect(reason).toContain("on 9 samples and at most by -0.7672 with confidence 0.9");
  });

  it("raises the bound by the skewness to harm only", () => {
    const rare = (sign: number) => [...Array(15).fill(-0.1 * sign), sign];
    const [harm, gain] = [1, -1].map((sign) => judge(rare(sign)).measurements);
    const [t, skewness, n] = [1.340606, 14 / Math.sqrt(15), 16];
    const student = (m: Record<string, number>) => m.lossDifference! + t * m.lossDifferenceError!;
    const term = (skewness * (2 * t * t + 1)) / (6 * Math.sqrt(n));
    expect(gain!.lossDifferenceUpper).toBeCloseTo(student(gain!), 5);
    expect(harm!.lossDifferenceUpper).toBeCloseTo(
      student(harm!) + term * harm!.lossDifferenceError!,
      5,
    );
  });

  it("judges equal differences by themselves, the limit included", () => {
    const same = (value: number) => Array<number>(8).fill(value);
    expect(judge(same(0)).pass).toBe(true);
    expect(judge(same(0.1), { maxDelta: 0.1 }).pass).toBe(true);
    expect(judge(same(0.1001), { maxDelta: 0.1 }).pass).toBe(false);
    expect(judge(same(-0.1), { maxDelta: -0.1 }).pass).toBe(true);
  });

  it("needs 8 samples", () => {
    expect(judge(Array(8).fill(-1)).pass).toBe(true);
    const { pass, reason } = judge(Array(7).fill(-1));
    expect(pass).toBe(false);
    expect(reason).toContain("7 values, at least 8 needed");
  });

  const sound = [1, 1, 1, 1, 1, 1, 1, 1];
  const lower = sound.map((value) => value / 2);
  it.each<[string, number[], number[], boolean]>([
    ["NaN before", [...sound, nan], [...lower, 0], false],
    ["NaN after", [...sound, 1], [...lower, nan], false],
    ["infinity after", [...sound, 1], [...lower, inf], false],
    ["infinity on both sides", [...sound, inf], [...lower, inf], false],
    ["infinity before", [...sound, inf], [...lower, 9], true],
    ["minus infinity before", [...sound, -inf], [...lower, 0], false],
    ["infinity and NaN before", [nan, ...sound, inf], [0, ...lower, 0], false],
    ["infinity before and few samples", [inf, 1], [0, 0], false],
    ["another number of samples", [...sound, 1], lower, false],
    ["differences beyond f64", [...sound, 1e308], [...lower, -1e308], false],
  ])("on %s", (_, before, after, pass) => {
    const [one, other] = [before, after].map((losses) => snapshotOf({ losses: series(...losses) }));
    expect(new LossImprovement().validate(one!, other!).pass).toBe(pass);
  });

  it("takes a level from 1e-6 to 0.5 and a finite limit", () => {
    for (const level of [1e-6, 0.5]) expect(() => new LossImprovement({ level })).not.toThrow();
    const wrong = [{ level: 0.9e-6 }, { level: 0.501 }, { maxDelta: nan }, { maxDelta: inf }];
    for (const options of wrong) {
      expect(() => new LossImprovement(options)).toThrowError(
        expect.objectContaining({ code: "OPTION_INVALID" }),
      );
    }
    expect(() => new LossImprovement({ levels: 0.1 } as never)).toThrowError(
      expect.objectContaining({ code: "OPTION_UNKNOWN" }),
    );
  });
});

describe("a snapshot", () => {
  it("holds the loss of every held-out sample, whose mean is the loss", async () => {
    const network = new Network({ inputSize: 2, layers: [{ name: "out", size: 1 }], seed: 1 });
    const version = new NetworkLearnable({ network, lr: 0.1 }).initial();
    const random = new Random(1);
    const holdout = Array.from({ length: 20 }, () => ({
      input: Float32Array.of(random.normal(), random.normal()),
      label: Float32Array.of(random.normal()),
    }));
    const { loss, losses } = await measured(version, { holdout, retention: [] });
    expect(losses).toHaveLength(20);
    expect(losses![3]).toBe(version.loss([holdout[3]!]));
    expect(losses!.reduce((sum, value) => sum + value / 20, 0)).toBeCloseTo(loss, 5);
    version.dispose();
    network.dispose();
  });
});
