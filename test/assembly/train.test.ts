// The step loop of the core learns what the same loop over the f64 references learns.

import { describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { Random } from "../reference/random.ts";
import { expectRun } from "./expect-run.ts";
import { builds, openCore } from "./harness.ts";
import { networkOf } from "./network-block.ts";
import { type Run, trainedValues } from "./train-plan.ts";
import { normals, uniforms } from "./values.ts";

function samplesOf(seed: number, count: number, inputs = 4, outputs = 3) {
  const random = new Random(seed);
  return {
    count,
    input: normals(random, count * inputs),
    label: uniforms(random, count * outputs),
    rowWeight: uniforms(random, count),
  };
}

const layers = networkOf(new Random(3), 4, [
  { outputs: 5, activation: "tanh", rank: 2 },
  { outputs: 3, rank: 3 },
]);

/** Twelve full-batch steps of plain SGD on the adapter; the tests say what is different. */
const plain: Run = {
  layers,
  loss: "mse",
  trainable: "adapter",
  samples: samplesOf(7, 10),
  optimizer: "sgd",
  lr: 0.05,
  steps: 12,
};

const optimizers = [
  { optimizer: "sgd", lr: 0.05 },
  { optimizer: "momentum", lr: 0.02 },
  { optimizer: "adamw", lr: 0.01 },
] as const;

/** Fisher and baseline around the start of a run. */
function ewcOf(run: Run, form: "gradient" | "proximal", lambda: number): NonNullable<Run["ewc"]> {
  const start = trainedValues(run);
  const random = new Random(8);
  const shift = normals(random, start.length, 0.3);
  const baseline = Float32Array.from(start, (value, p) => value + shift[p]!);
  return { form, fisher: uniforms(random, start.length), baseline, lambda };
}

const activeClip = { clip: 0.1 };
const looseClip = { clip: 1e6 };
const replay = { samples: samplesOf(9, 7), batchRows: 2 };

/** What can be switched on beside each optimiser. */
const options: { name: string; change: Partial<Run> }[] = [
  { name: "the adapter", change: {} },
  { name: "the base", change: { trainable: "base" } },
  { name: "all of it", change: { trainable: "all" } },
  { name: "a clipped gradient", change: activeClip },
  { name: "a clip that never bites", change: looseClip },
  { name: "weight decay", change: { decay: 0.1, trainable: "all" } },
  { name: "batches of 4 out of 10", change: { batchRows: 4 } },
  { name: "replayed rows beside all samples", change: { replay } },
  { name: "replayed rows beside batches", change: { batchRows: 4, replay } },
  { name: "a warm-up", change: { warmup: 5 } },
  { name: "a cosine", change: { schedule: "cosine" } },
  { name: "a warm-up and a cosine", change: { warmup: 4, schedule: "cosine" } },
  {
    name: "no row weights",
    change: { samples: { ...samplesOf(7, 10), rowWeight: new Float32Array(10).fill(1) } },
  },
];

const losses: { name: string; change: Partial<Run> }[] = [
  { name: "huber", change: { loss: "huber" } },
  { name: "softmax cross-entropy", change: { loss: "softmax-cross-entropy" } },
  { name: "binary cross-entropy of outputs", change: { loss: "binary-cross-entropy" } },
  {
    name: "binary cross-entropy behind a sigmoid",
    change: {
      loss: "binary-cross-entropy",
      layers: networkOf(new Random(4), 4, [
        { outputs: 5, activation: "gelu", rank: 2 },
        { outputs: 3, rank: 2, activation: "sigmoid" },
      ]),
    },
  },
  {
    name: "an adapter without a base",
    change: { layers: networkOf(new Random(5), 4, [{ outputs: 3, hasBase: false, rank: 2 }]) },
  },
];

/** Positions on 20 days under turnover costs. */
const signal: Partial<Run> = {
  loss: "negative-sharpe",
  cost: 0.02,
  samples: samplesOf(12, 20, 4, 1),
  layers: networkOf(new Random(6), 4, [
    { outputs: 5, activation: "relu", rank: 2 },
    { outputs: 1, activation: "tanh", rank: 1 },
  ]),
};
const signals: { name: string; change: Partial<Run> }[] = [
  { name: "all days", change: signal },
  { name: "a run of days per batch", change: { ...signal, batchRows: 6 } },
  {
    name: "days beside replayed ones",
    change: { ...signal, batchRows: 6, replay: { samples: samplesOf(13, 9, 4, 1), batchRows: 3 } },
  },
];

for (const build of builds) {
  describe.each(optimizers)(`${build} $optimizer`, (each) => {
    const core = openCore(build);

    it.each(options)("$name", ({ change }) => {
      expectRun(core, { ...plain, ...each, ...change });
    });

    it.each(["gradient", "proximal"] as const)("EWC by its %s", (form) => {
      const run = { ...plain, ...each };
      expectRun(core, { ...run, ewc: ewcOf(run, form, 0.8) });
      const all: Run = { ...run, trainable: "all", clip: 0.2, warmup: 3 };
      expectRun(core, { ...all, ewc: ewcOf(all, form, 0.8) });
    });
  });

  describe(`${build} losses`, () => {
    const core = openCore(build);

    it.each(losses)("$name", ({ change }) => {
      expectRun(core, { ...plain, ...change });
    });

    it.each(signals)("negative Sharpe: $name", ({ change }) => {
      expectRun(core, { ...plain, ...change });
    });
  });

  describe(`${build} early stop`, () => {
    const core = openCore(build);
    const holdout = { samples: samplesOf(20, 30), every: 2, patience: 2 };

    it("stops when patience is used up and keeps the best parameters", () => {
      const run: Run = {
        ...plain,
        optimizer: "adamw",
        trainable: "all",
        lr: 0.05,
        steps: 60,
        holdout,
      };
      const { plan, exact } = expectRun(core, run);
      expect(exact.stoppedEarly).toBe(true);
      expect(plan.int(layout.PLAN_STALE)).toBeGreaterThanOrEqual(2);
    });

    it("a gain gives the patience back", () => {
      const stepsWith = (patience: number) =>
        expectRun(core, {
          ...plain,
          trainable: "all",
          batchRows: 2,
          steps: 40,
          seed: 2,
          holdout: { samples: holdout.samples, every: 1, patience },
        }).exact.steps;
      // Two looks without gain, then some with: what follows two is more than a third.
      expect(stepsWith(3)).toBeGreaterThan(stepsWith(2) + 1);
    });

    it("a run to the end keeps the best as well", () => {
      expectRun(core, { ...plain, steps: 7, holdout: { ...holdout, patience: 100 } });
    });

    it("samples of the holdout are judged in chunks of 256", () => {
      expectRun(core, { ...plain, steps: 4, holdout: { ...holdout, samples: samplesOf(21, 600) } });
    });
  });
}
