// The conformance suite on every validator, and the suite on validators that break its rules.

import { describe, expect, it } from "vitest";
import { simulatePnl } from "../../bench/quality/simulated-pnl.ts";
import { Composite } from "../../src/pipeline/validate/composite.ts";
import { Drawdown } from "../../src/pipeline/validate/drawdown.ts";
import { ErrorRate } from "../../src/pipeline/validate/error-rate.ts";
import { FiniteWeights } from "../../src/pipeline/validate/finite-weights.ts";
import { GradientNorm } from "../../src/pipeline/validate/gradient-norm.ts";
import { Latency } from "../../src/pipeline/validate/latency.ts";
import { LossDelta } from "../../src/pipeline/validate/loss-delta.ts";
import { LossImprovement } from "../../src/pipeline/validate/loss-improvement.ts";
import { OutputKl } from "../../src/pipeline/validate/output-kl.ts";
import { Perplexity } from "../../src/pipeline/validate/perplexity.ts";
import { Retention } from "../../src/pipeline/validate/retention.ts";
import { SharpeStability } from "../../src/pipeline/validate/sharpe-stability.ts";
import type { ModelSnapshot, Validator } from "../../src/pipeline/validate/validator.ts";
import { validatorsFrom } from "../../src/pipeline/validate/validators-from.ts";
import { WeightNorm } from "../../src/pipeline/validate/weight-norm.ts";
import {
  type ValidatorSubject,
  validatorConformance,
} from "../../src/testing/validator-conformance.ts";
import { series, snapshotOf, weighing } from "./snapshots.ts";

const [active, better] = simulatePnl(1, { days: 100, correlation: 0.98, sharpe: [1, 8] });

/** A subject whose snapshots differ in one member. */
function about<Member extends keyof ModelSnapshot>(
  create: () => Validator,
  member: Member,
  values: Record<"before" | "good" | "bad", ModelSnapshot[Member]>,
): Omit<ValidatorSubject, "name"> {
  const of = (value: ModelSnapshot[Member]) => snapshotOf({ [member]: value });
  return {
    create,
    good: { before: of(values.before), after: of(values.good) },
    bad: { before: of(values.before), after: of(values.bad) },
    needs: { before: [member], after: [member] },
  };
}

const weighed = (create: () => Validator): Omit<ValidatorSubject, "name"> => ({
  create,
  good: { before: weighing(1), after: weighing(1, 2) },
  bad: { before: weighing(1), after: weighing(1, Number.POSITIVE_INFINITY) },
  needs: { before: [], after: ["weights"] },
});

const subjects: Record<string, Omit<ValidatorSubject, "name">> = {
  FiniteWeights: weighed(() => new FiniteWeights()),
  WeightNorm: weighed(() => new WeightNorm(3)),
  LossDelta: about(() => new LossDelta(0.1), "loss", { before: 1, good: 1.1, bad: 1.2 }),
  LossImprovement: about(() => new LossImprovement(), "losses", {
    before: series(1, 2, 1, 2, 1, 2, 1, 2),
    good: series(0.5, 1, 0.4, 1, 0.5, 1.1, 0.5, 1),
    bad: series(0.5, 3, 0.4, 1, 2, 1.1, 0.5, 1),
  }),
  Perplexity: about(() => new Perplexity(), "loss", { before: 1, good: 1.04, bad: 1.1 }),
  Latency: about(() => new Latency(5), "latencyMs", { before: 10, good: 15, bad: 16 }),
  ErrorRate: about(() => new ErrorRate(0), "errorRate", { before: 0.1, good: 0.1, bad: 0.2 }),
  GradientNorm: {
    ...about(() => new GradientNorm(1), "gradientNorm", { before: 9, good: 1, bad: 2 }),
    needs: { before: [], after: ["gradientNorm"] },
  },
  OutputKl: about(() => new OutputKl(), "outputs", {
    before: Float32Array.of(0.5, 0.5),
    good: Float32Array.of(0.6, 0.4),
    bad: Float32Array.of(0.9, 0.1),
  }),
  Drawdown: about(() => new Drawdown(), "pnl", {
    before: series(0.1, -0.1),
    good: series(0.1, -0.1),
    bad: series(0.1, -0.2),
  }),
  Retention: about(() => new Retention(0.1), "replayLosses", {
    before: series(1, 2),
    good: series(1, 2),
    bad: series(2, 2),
  }),
  SharpeStability: about(() => new SharpeStability(), "pnl", {
    before: active,
    good: better,
    bad: active!.map((value) => value - 0.01),
  }),
  "SharpeStability with an anchor": about(
    () => new SharpeStability({ onInconclusive: "accept", anchor: () => ({ pnl: active }) }),
    "pnl",
    { before: active, good: active, bad: active!.map((value) => value - 0.01) },
  ),
  "SharpeStability by the point rule": about(() => new SharpeStability({ mode: "point" }), "pnl", {
    before: active,
    good: better,
    bad: active!.map((value) => value - 0.01),
  }),
  Composite: about(
    () => new Composite([new FiniteWeights(), new LossDelta(0.1), new Perplexity(0.2)]),
    "loss",
    { before: 1, good: 1.1, bad: 1.2 },
  ),
  validatorsFrom: {
    create: () => validatorsFrom({ maxLossDelta: 0.1, maxWeightNorm: 3, maxGradNorm: 1 }),
    good: { before: snapshotOf(), after: snapshotOf({ gradientNorm: 1 }) },
    bad: { before: snapshotOf(), after: snapshotOf({ gradientNorm: 2 }) },
    needs: { before: ["loss"], after: ["loss", "weights", "gradientNorm"] },
  },
};

for (const [name, subject] of Object.entries(subjects)) {
  describe(name, () => {
    for (const check of validatorConformance({ name, ...subject })) it(check.name, check.run);
  });
}

describe("the suite fails a validator that", () => {
  const honest = subjects.LossDelta as Omit<ValidatorSubject, "name">;
  const rises = (before: ModelSnapshot, after: ModelSnapshot) => after.loss - before.loss;
  let calls = 0;

  /** Names of the rules that a validator breaks. */
  function broken(validate: Validator["validate"]): string[] {
    const subject = { ...honest, name: "Broken", create: () => ({ validate }) };
    return validatorConformance(subject).flatMap(({ name, run }) => {
      try {
        run();
        return [];
      } catch {
        return [name.replace("Broken ", "")];
      }
    });
  }

  it.each<[string, Validator["validate"], string]>([
    [
      "passes everything",
      () => ({ pass: true, reason: "all is well", measurements: {} }),
      "passes its good pair and fails its bad one",
    ],
    [
      "says nothing",
      (before, after) => ({ pass: rises(before, after) <= 0.11, reason: "", measurements: {} }),
      "gives a reason in words, and numbers as measurements",
    ],
    [
      "measures no number",
      (before, after) => ({
        pass: rises(before, after) <= 0.11,
        reason: "the loss rose",
        measurements: { loss: "high" as never },
      }),
      "gives a reason in words, and numbers as measurements",
    ],
    [
      "changes its mind",
      (before, after) => ({
        pass: rises(before, after) <= 0.11,
        reason: `call number ${calls++}`,
        measurements: {},
      }),
      "gives the same verdict for the same snapshots",
    ],
    [
      "writes into a snapshot",
      (before, after) => {
        const pass = rises(before, after) <= 0.11;
        after.weights.get("layer.weight")!.fill(0);
        return { pass, reason: "the loss rose", measurements: {} };
      },
      "leaves the snapshots as they are",
    ],
    [
      "throws on what is missing",
      (before, after) => {
        if (after.loss === undefined) throw new Error("no loss");
        return { pass: rises(before, after) <= 0.11, reason: "the loss rose", measurements: {} };
      },
      "fails without what it needs, and never throws",
    ],
    [
      "lets NaN through a comparison the wrong way round",
      (before, after) => ({
        pass: !(rises(before, after) > 0.11),
        reason: "the loss rose",
        measurements: {},
      }),
      "fails on NaN in what it needs",
    ],
    [
      "lets infinity through",
      (before, after) => {
        const rise = rises(before, after);
        const pass = rise <= 0.11 || rise === Number.POSITIVE_INFINITY;
        return { pass, reason: "the loss rose", measurements: {} };
      },
      "fails on infinity in what it needs of the candidate",
    ],
  ])("%s", (_, validate, rule) => {
    expect(broken(validate)).toContain(rule);
  });

  it("none of this applies to", () => {
    expect(broken((before, after) => new LossDelta(0.1).validate(before, after))).toEqual([]);
  });
});
