// The simulated market behind the quality benches: what it promises of skill, drift and regimes.

import { describe, expect, it } from "vitest";
import { degradation } from "../../bench/quality/market-skill.ts";
import { market, regimes, SimulatedMarket, skillOf } from "../../bench/quality/simulated-market.ts";

const COUNT = 20_000;

/** Skill on a day of a linear model that learned the weights of the day `known`. */
function skill(seed: number, regime: number, day: number, known: number): number {
  const world = new SimulatedMarket(seed, market);
  const now = world.observe({ regime, day }, COUNT, 1);
  const before = world.observe({ regime, day: known }, COUNT, 1);
  const weights = slopesOf(before.samples, before.expected);
  const predictions = now.samples.map(({ input }) =>
    input.reduce((sum, value, i) => sum + value * weights[i]!, 0),
  );
  return skillOf(Float32Array.from(predictions), now);
}

/** Slopes of what is linear in independent inputs of variance 1; the regime's inputs get none. */
function slopesOf(samples: { input: Float32Array }[], expected: Float64Array): number[] {
  const size = samples[0]!.input.length - 2;
  return Array.from({ length: size + 2 }, (_, i) => {
    if (i >= size) return 0;
    return samples.reduce((sum, { input }, n) => sum + (input[i]! * expected[n]!) / COUNT, 0);
  });
}

describe("the simulated market", () => {
  it("gives who knows the weights the skill that its strength says", () => {
    regimes.forEach(({ noise }, regime) => {
      // E(f p) / sqrt(E(p^2 (f^2 + noise^2)) - E(f p)^2) for p = f, normal with variance s^2.
      const s2 = market.strength ** 2;
      const exact = s2 / Math.sqrt(3 * s2 ** 2 + s2 * noise ** 2 - s2 ** 2);
      expect(Math.abs(skill(3, regime, 0, 0) / exact - 1)).toBeLessThan(0.05);
    });
  });

  it("stands still before day 0 and turns after it", () => {
    const loss = (from: number, to: number) => 1 - skill(5, 0, to, from) / skill(5, 0, to, to);
    expect(Math.abs(loss(-100, -1))).toBeLessThan(0.03);
    expect(loss(-1, 89)).toBeGreaterThan(0.05);
  });

  it("has each regime for a third of the days", () => {
    const world = new SimulatedMarket(1, market);
    const days = Array.from({ length: market.days }, (_, day) => world.regimeOf(day));
    expect(regimes.map((_, regime) => days.filter((each) => each === regime).length)).toEqual([
      30, 30, 30,
    ]);
  });

  it("is the same for the same seed and another for another", () => {
    const draw = (seed: number) =>
      new SimulatedMarket(seed, market).observe({ regime: 0, day: 4 }, 5, 0).expected;
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });
});

it("measures a skill that does not depend on the size of equal positions", () => {
  const samples = [1, -1, 1, -1].map(() => ({
    input: new Float32Array(1),
    label: new Float32Array(1),
  }));
  const observed = { samples, expected: Float64Array.of(0.1, -0.1, 0.1, -0.1), noise: 1 };
  const right = Float32Array.of(0.5, -0.5, 0.5, -0.5);
  expect(skillOf(right, observed)).toBeCloseTo(0.1, 6);
  expect(
    skillOf(
      right.map((value) => -value),
      observed,
    ),
  ).toBeCloseTo(-0.1, 6);
  expect(
    skillOf(
      right.map((value) => 100 * value),
      observed,
    ),
  ).toBeCloseTo(0.1, 6);
});

it("counts the loss of skill over the days it is asked for", () => {
  const life = { skills: [1, 0.5, 0.25], updates: [] };
  const run = {
    looks: [0, 60, 63],
    unchanged: [1, 1, 1],
    best: [1, 1, 1],
    lives: { static: life },
  };
  expect(degradation(run, "static", 0)).toBeCloseTo(100 * (1 - 1.75 / 3), 9);
  expect(degradation(run, "static")).toBeCloseTo(62.5, 9);
});
