// How a training run is cut, ends, fails and is cancelled; what it leaves each time.

import { describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { Random } from "../reference/random.ts";
import { expectSame } from "./expect-within.ts";
import { builds, type Core, openCore } from "./harness.ts";
import { networkOf } from "./network-block.ts";
import { placePlan, type Run, trainedValues } from "./train-plan.ts";
import { normals, uniforms } from "./values.ts";

const ROWS = 10;

function samplesOf(seed: number, count: number) {
  const random = new Random(seed);
  return { count, input: normals(random, count * 4), label: uniforms(random, count * 3) };
}

const layers = networkOf(new Random(3), 4, [
  { outputs: 5, activation: "gelu", rank: 2 },
  { outputs: 3, rank: 3 },
]);

/** Everything that has a state between two steps: moments, orders, the generator, the best. */
const run: Run = {
  layers,
  loss: "mse",
  trainable: "all",
  samples: samplesOf(1, ROWS),
  batchRows: 4,
  replay: { samples: samplesOf(2, 7), batchRows: 3 },
  holdout: { samples: samplesOf(3, 12), every: 3, patience: 50 },
  optimizer: "adamw",
  lr: 0.01,
  schedule: "cosine",
  warmup: 3,
  steps: 20,
  clip: 0.5,
  seed: 11,
};

/** The parameters after calls of `train` with so many steps each, and what the calls returned. */
function trained(core: Core, what: Run, slices: number[]) {
  const plan = placePlan(core, what);
  const statuses = slices.map((steps) => core.exports.train(plan.address, steps));
  return { plan, statuses, parameters: plan.parameters.slice() };
}

/** The step whose batch is the first to hold row `row`, by the order the seed draws. */
function stepThatDraws(row: number, seed: number, batchRows: number): number {
  return Math.floor(new Random(seed).permutation(ROWS).indexOf(row) / batchRows);
}

/** `run` without replay and holdout, whose label of one row is NaN. */
function poisoned(row: number): Run {
  const samples = samplesOf(1, ROWS);
  samples.label[3 * row] = Number.NaN;
  const { replay: _replay, holdout: _holdout, ...rest } = run;
  return { ...rest, samples, schedule: "constant" };
}

for (const build of builds) {
  describe(build, () => {
    const core = openCore(build);

    it.each([
      { slices: [1, 19] },
      { slices: new Array(20).fill(1) },
      { slices: [7, 7, 7] },
      { slices: [1000] },
    ])("calls of $slices steps leave the same bytes", ({ slices }) => {
      const whole = trained(core, run, [20]);
      const cut = trained(core, run, slices);
      expectSame(cut.parameters, whole.parameters);
      const last = cut.statuses.pop();
      expect(cut.statuses.every((status) => status === layout.STATUS_RUNNING)).toBe(true);
      expect([last, whole.statuses[0]]).toEqual(new Array(2).fill(layout.STATUS_FINISHED));
      expect(cut.plan.int(layout.PLAN_STEP)).toBe(20);
    });

    it("no steps at all leave the parameters and measure the loss", () => {
      const { plan, statuses, parameters } = trained(core, { ...run, steps: 0 }, [5]);
      expect(statuses).toEqual([layout.STATUS_FINISHED]);
      expectSame(parameters, trainedValues(run));
      expect(plan.double(layout.PLAN_LOSS_AFTER)).toBe(plan.double(layout.PLAN_LOSS_BEFORE));
    });

    it("every step harms the holdout: the start is the best", () => {
      const worse: Run = { ...run, lr: 3, clip: 1e9, schedule: "constant", warmup: 0 };
      worse.holdout = { ...run.holdout!, every: 2, patience: 3 };
      const { plan, statuses, parameters } = trained(core, worse, [20]);
      expect(statuses).toEqual([layout.STATUS_STOPPED_EARLY]);
      expect(plan.int(layout.PLAN_STEP)).toBe(6);
      expectSame(parameters, trainedValues(run));
    });

    it.each([0, 3, 9])("a row %i without a label ends the run where it is drawn", (row) => {
      const what = poisoned(row);
      const index = stepThatDraws(row, 11, 4);
      const { plan, statuses, parameters } = trained(core, what, [20]);
      expect(statuses).toEqual([layout.STATUS_DIVERGED]);
      expect(plan.int(layout.PLAN_STATUS)).toBe(layout.STATUS_DIVERGED);
      expect(plan.int(layout.PLAN_STEP)).toBe(index);
      // The parameters are those before the step.
      expectSame(parameters, trained(core, what, [index]).parameters);
    });

    it("a gradient that overflows ends the run before it moves anything", () => {
      const { replay: _replay, holdout: _holdout, ...rest } = run;
      const start = trainedValues(run);
      const fisher = new Float32Array(start.length).fill(3e38);
      const baseline = new Float32Array(start.length);
      const ewc = { form: "gradient", fisher, baseline, lambda: 100 } as const;
      const { plan, statuses, parameters } = trained(core, { ...rest, ewc }, [20]);
      expect(Number.isFinite(plan.double(layout.PLAN_LOSS))).toBe(true);
      expect(statuses).toEqual([layout.STATUS_DIVERGED]);
      expect(plan.int(layout.PLAN_STEP)).toBe(0);
      expectSame(parameters, start);
    });

    it("a last move that overflows is noticed", () => {
      const { replay: _replay, holdout: _holdout, ...rest } = run;
      const wild: Run = { ...rest, optimizer: "sgd", lr: 1e38, clip: 1e38, warmup: 0, steps: 1 };
      const { plan, statuses } = trained(core, wild, [1]);
      expect(statuses).toEqual([layout.STATUS_DIVERGED]);
      expect(Number.isFinite(plan.double(layout.PLAN_LOSS_AFTER))).toBe(false);
    });

    it("a cancelled run stops before its next step", () => {
      const plan = placePlan(core, run);
      core.exports.train(plan.address, 4);
      const before = plan.parameters.slice();
      plan.setInt(layout.PLAN_ABORT, 1);
      expect(core.exports.train(plan.address, 4)).toBe(layout.STATUS_CANCELLED);
      expect(plan.int(layout.PLAN_STATUS)).toBe(layout.STATUS_CANCELLED);
      expect(plan.int(layout.PLAN_STEP)).toBe(4);
      expectSame(plan.parameters, before);
    });

    it("the same seed gives the same bytes, another seed others", () => {
      const [a, b, c] = [11, 11, 12].map(
        (seed) => trained(core, { ...run, seed }, [20]).parameters,
      ) as [Float32Array, Float32Array, Float32Array];
      expectSame(a, b);
      expect(a).not.toEqual(c);
    });

    it("AdamW counts its moves", () => {
      const { plan } = trained(core, run, [20]);
      expect(plan.int(layout.PLAN_MOMENT_STEPS)).toBe(20);
    });

    it("rows without weights weigh 1", () => {
      const rowWeight = new Float32Array(ROWS).fill(1);
      const weighed = { ...run, samples: { ...run.samples, rowWeight } };
      expectSame(trained(core, weighed, [20]).parameters, trained(core, run, [20]).parameters);
    });
  });
}
