// Writes training plans as src/core/training.ts does, and runs the same plans with the references.
//
// The trained block holds the adapter's parameters, then the base's, each only when trained.

import * as layout from "../../assembly/layout.ts";
import type { LossName } from "../reference/loss.ts";
import type { Layer } from "../reference/network.ts";
import type { Batch } from "../reference/network-loss.ts";
import type { Core } from "./harness.ts";
import { pack, place, tensorsOf } from "./network-block.ts";
import { placeBatch } from "./network-pass.ts";

export const optimizerKinds = {
  sgd: layout.OPTIMIZER_SGD,
  momentum: layout.OPTIMIZER_MOMENTUM,
  adamw: layout.OPTIMIZER_ADAMW,
} as const;

/** Everything that decides a run; what is left out is off. */
export interface Run {
  layers: readonly Layer[];
  loss: LossName;
  cost?: number;
  trainable: "adapter" | "base" | "all";
  samples: Batch;
  /** Rows of a batch; all of the samples, in order, when absent. */
  batchRows?: number;
  replay?: { samples: Batch; batchRows: number };
  optimizer: keyof typeof optimizerKinds;
  lr: number;
  momentum?: number;
  decay?: number;
  clip?: number;
  schedule?: "constant" | "cosine";
  warmup?: number;
  steps: number;
  ewc?: {
    form: "gradient" | "proximal";
    /** In the order of the trained block. */
    fisher: Float32Array;
    baseline: Float32Array;
    lambda: number;
  };
  holdout?: { samples: Batch; every: number; patience: number };
  seed?: number;
}

/** A plan in the core's memory. */
export interface Plan {
  address: number;
  parameters: Float32Array;
  int(offset: number): number;
  setInt(offset: number, value: number): void;
  double(offset: number): number;
}

/** The parameters that a run trains, in the order of its block. */
export function trainedValues({ layers, trainable }: Run): Float64Array {
  const { base, adapter } = pack(layers, layers.map(tensorsOf));
  if (trainable === "all") return Float64Array.of(...adapter, ...base);
  return trainable === "adapter" ? adapter : base;
}

type Setter = (offset: number, value: number) => void;

function writeModel(core: Core, run: Run, int: Setter): Float32Array {
  const { layers, trainable, loss, cost = 0 } = run;
  const placed = place(core, layers, loss, cost);
  const parameters = core.f32(trainedValues(run));
  const gradient = core.f32(parameters.length);
  const adapterCount = trainable === "base" ? 0 : placed.blocks.adapter.length;
  const [trainsBase, trainsAdapter] = [trainable !== "adapter", trainable !== "base"];
  const shift = 4 * adapterCount;
  int(layout.PLAN_NETWORK, placed.network);
  int(layout.PLAN_PARAMETERS, parameters.byteOffset);
  int(layout.PLAN_COUNT, parameters.length);
  int(layout.PLAN_GRADIENT, gradient.byteOffset);
  int(layout.PLAN_BASE, trainsBase ? parameters.byteOffset + shift : placed.base);
  int(layout.PLAN_GRADIENT_BASE, trainsBase ? gradient.byteOffset + shift : 0);
  int(layout.PLAN_ADAPTER, trainsAdapter ? parameters.byteOffset : placed.adapter);
  int(layout.PLAN_GRADIENT_ADAPTER, trainsAdapter ? gradient.byteOffset : 0);
  const moments = () => core.f32(new Float32Array(parameters.length)).byteOffset;
  if (run.optimizer !== "sgd") int(layout.PLAN_MOMENT1, moments());
  if (run.optimizer === "adamw") int(layout.PLAN_MOMENT2, moments());
  return parameters;
}

function writeSamples(core: Core, run: Run, int: Setter): void {
  const { samples, replay, holdout, batchRows = samples.count } = run;
  const { inputs, labels, weights, rows } = placeBatch(core, samples);
  int(layout.PLAN_INPUTS, inputs);
  int(layout.PLAN_LABELS, labels);
  int(layout.PLAN_WEIGHTS, weights);
  int(layout.PLAN_ROWS, rows);
  int(layout.PLAN_BATCH_ROWS, batchRows);
  const [inputSize, outputSize] = [run.layers[0]!.inputSize, run.layers.at(-1)!.outputSize];
  const batch = batchRows + (replay?.batchRows ?? 0);
  if (batch !== rows || replay) {
    int(layout.PLAN_BATCH_INPUTS, core.f32(batch * inputSize).byteOffset);
    int(layout.PLAN_BATCH_LABELS, core.f32(batch * outputSize).byteOffset);
    int(layout.PLAN_BATCH_WEIGHTS, core.f32(batch).byteOffset);
    int(layout.PLAN_ORDER, core.u32(rows).byteOffset);
    int(layout.PLAN_CURSOR, rows);
  }
  if (replay) {
    const placed = placeBatch(core, replay.samples);
    int(layout.PLAN_BATCH_REPLAY_ROWS, replay.batchRows);
    int(layout.PLAN_REPLAY_INPUTS, placed.inputs);
    int(layout.PLAN_REPLAY_LABELS, placed.labels);
    int(layout.PLAN_REPLAY_WEIGHTS, placed.weights);
    int(layout.PLAN_REPLAY_ROWS, placed.rows);
    int(layout.PLAN_REPLAY_ORDER, core.u32(placed.rows).byteOffset);
    int(layout.PLAN_REPLAY_CURSOR, placed.rows);
  }
  writeWorkspace(core, Math.max(rows, batch, holdout?.samples.count ?? 0), batch, outputSize, int);
}

/** Scratch for `judged` rows at once and batches of `batch`; the network stands in the plan. */
function writeWorkspace(core: Core, judged: number, batch: number, o: number, int: Setter): void {
  int(layout.PLAN_PNL, core.f64(judged).byteOffset);
  int(layout.PLAN_OUTPUTS, core.f32(judged * o).byteOffset);
  int(layout.PLAN_WORKSPACE, Math.max(batch, Math.min(judged, layout.EVALUATION_ROWS)));
}

function writeRates(core: Core, run: Run, int: Setter, double: Setter): void {
  const { ewc } = run;
  int(layout.PLAN_OPTIMIZER, optimizerKinds[run.optimizer]);
  double(layout.PLAN_LR, run.lr);
  double(layout.PLAN_MOMENTUM, run.momentum ?? 0.9);
  double(layout.PLAN_BETA2, 0.999);
  double(layout.PLAN_DECAY, run.decay ?? 0);
  double(layout.PLAN_CLIP, run.clip ?? Number.POSITIVE_INFINITY);
  const isCosine = run.schedule === "cosine";
  int(layout.PLAN_SCHEDULE, isCosine ? layout.SCHEDULE_COSINE : layout.SCHEDULE_CONSTANT);
  int(layout.PLAN_WARMUP, run.warmup ?? 0);
  int(layout.PLAN_MAX_STEPS, run.steps);
  if (!ewc) return;
  int(layout.PLAN_EWC, ewc.form === "gradient" ? layout.EWC_GRADIENT : layout.EWC_PROXIMAL);
  int(layout.PLAN_FISHER, core.f32(ewc.fisher).byteOffset);
  int(layout.PLAN_BASELINE, core.f32(ewc.baseline).byteOffset);
  double(layout.PLAN_LAMBDA, ewc.lambda);
}

function writeHoldout(core: Core, run: Run, int: Setter, double: Setter): void {
  if (!run.holdout) return;
  const { samples, every, patience } = run.holdout;
  const { inputs, labels, weights, rows } = placeBatch(core, samples);
  int(layout.PLAN_HOLDOUT_INPUTS, inputs);
  int(layout.PLAN_HOLDOUT_LABELS, labels);
  int(layout.PLAN_HOLDOUT_WEIGHTS, weights);
  int(layout.PLAN_HOLDOUT_ROWS, rows);
  int(layout.PLAN_HOLDOUT_EVERY, every);
  int(layout.PLAN_PATIENCE, patience);
  int(layout.PLAN_BEST, core.f32(trainedValues(run)).byteOffset);
  double(layout.PLAN_BEST_LOSS, Number.POSITIVE_INFINITY);
}

/** Places a run in the core's memory, ready for `train`. */
export function placePlan(core: Core, run: Run): Plan {
  const fields = core.fields(layout.PLAN_BYTES);
  const int: Setter = (offset, value) => fields.setInt32(offset, value, true);
  const double: Setter = (offset, value) => fields.setFloat64(offset, value, true);
  const parameters = writeModel(core, run, int);
  writeSamples(core, run, int);
  const network = fields.getInt32(layout.PLAN_NETWORK, true);
  const workspaceRows = fields.getInt32(layout.PLAN_WORKSPACE, true);
  const bytes = core.exports.workspaceBytes(network, workspaceRows);
  int(layout.PLAN_WORKSPACE, core.scratch(bytes));
  writeRates(core, run, int, double);
  writeHoldout(core, run, int, double);
  const random = core.scratch(layout.RANDOM_BYTES);
  core.exports.randomSeed(random, run.seed ?? 0);
  int(layout.PLAN_RANDOM, random);
  return {
    address: fields.byteOffset,
    parameters,
    int: (offset) => fields.getInt32(offset, true),
    setInt: int,
    double: (offset) => fields.getFloat64(offset, true),
  };
}
