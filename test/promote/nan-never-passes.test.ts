// NaN never passes a gate: not a validator, not the promotion policy, not a probation.

import { describe, expect, it } from "vitest";
import * as api from "../../src/index.ts";
import { PromotionPolicy } from "../../src/pipeline/promote/promotion-policy.ts";
import type { ModelSnapshot, Validator } from "../../src/pipeline/validate/validator.ts";

const { NaN: nan } = Number;
const DAYS = 60;

/** Everything that is known of a model, each number made by `value` from a sound one. */
function snapshotWith(value: (sound: number) => number): ModelSnapshot {
  const series = (of: (index: number) => number) =>
    Float64Array.from({ length: DAYS }, (_, index) => value(of(index)));
  const pnl = series((index) => 0.01 * Math.sin(index) + 0.002);
  return {
    weights: new Map([["layer.weight", Float32Array.of(0.5, -1, value(2))]]),
    loss: value(1),
    outputs: Float32Array.of(value(0.4), value(0.6)),
    pnl,
    anchorPnl: pnl.slice(),
    gradientNorm: value(0.5),
    losses: series((index) => 1 + 0.1 * Math.cos(index)),
    replayLosses: series(() => 1),
    latencyMs: value(3),
    errorRate: value(0.1),
  };
}

const sound = () => snapshotWith((value) => value);
const broken = () => snapshotWith(() => nan);

/** Every validator of the package, so generous that only NaN can fail it. */
const validators: Record<string, { validator: Validator; judgesAlone?: true }> = {
  FiniteWeights: { validator: new api.FiniteWeights(), judgesAlone: true },
  WeightNorm: { validator: new api.WeightNorm(1e30), judgesAlone: true },
  GradientNorm: { validator: new api.GradientNorm(1e30), judgesAlone: true },
  LossDelta: { validator: new api.LossDelta(1e30) },
  LossImprovement: { validator: new api.LossImprovement({ maxDelta: 1e30 }) },
  Perplexity: { validator: new api.Perplexity(1e30) },
  OutputKl: { validator: new api.OutputKl(1e30) },
  Drawdown: { validator: new api.Drawdown(1) },
  Retention: { validator: new api.Retention(1e30) },
  Latency: { validator: new api.Latency(1e30) },
  ErrorRate: { validator: new api.ErrorRate(1) },
  SharpeStability: { validator: new api.SharpeStability({ onInconclusive: "accept" }) },
  Composite: { validator: new api.Composite([new api.LossDelta(1e30)]) },
};

describe("NaN never passes a validator", () => {
  it("of all that the package has", () => {
    const names = Object.entries(api).flatMap(([name, value]) =>
      typeof value === "function" && "validate" in (value.prototype ?? {}) ? [name] : [],
    );
    expect(Object.keys(validators).sort()).toEqual(names.sort());
  });

  it.each(Object.entries(validators))("%s", (_, { validator, judgesAlone = false }) => {
    expect(validator.validate(sound(), sound())).toMatchObject({ pass: true });
    expect(validator.validate(sound(), broken())).toMatchObject({ pass: false });
    expect(validator.validate(broken(), broken())).toMatchObject({ pass: false });
    expect(validator.validate(broken(), sound())).toMatchObject({ pass: judgesAlone });
  });
});

describe("NaN never passes the promotion policy", () => {
  const policy = new PromotionPolicy({
    minRewardDelta: -1e30,
    maxErrorRateIncrease: 1e30,
    maxLatencyIncreaseMs: 1e30,
    requiredTaskCount: 1,
  });
  const good = { averageReward: 1, errorRate: 0.1, latencyMs: 5, taskCount: 9 };

  it("which accepts the numbers themselves", () => {
    expect(policy.evaluate(good, good).accepted).toBe(true);
  });

  it.each(Object.keys(good))("as %s of either side", (name) => {
    const bad = { ...good, [name]: nan };
    for (const [baseline, challenger] of [
      [good, bad],
      [bad, good],
      [bad, bad],
    ] as const) {
      expect(policy.evaluate(baseline, challenger).accepted).toBe(false);
    }
  });
});

describe("NaN never passes a probation", () => {
  it.each([
    ["of the candidate", 1, nan, "rolled-back"],
    ["of the previous version", nan, 1, "inconclusive"],
    ["of both", nan, nan, "inconclusive"],
  ] as const)("%s", (_, previous, candidate, end) => {
    const probation = new api.Probation({ minSamples: 5, maxSamples: 20 });
    for (let sample = 0; sample < 20; sample++) {
      expect(probation.observe(previous, candidate)).not.toBe("passed");
    }
    expect(probation.outcome).toBe(end);
  });

  it("which passes the numbers themselves", () => {
    const probation = new api.Probation({ minSamples: 5, maxSamples: 20 });
    for (let sample = 0; sample < 20; sample++) probation.observe(1, 1);
    expect(probation.outcome).toBe("passed");
  });
});
