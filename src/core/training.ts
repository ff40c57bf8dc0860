// One training run: writes the plan block (PLAN_* in layout.ts), has it run on a copy, reads the
// result back.

import * as layout from "../../assembly/layout.ts";
import { Block } from "./block.ts";
import { core } from "./instance.ts";
import type { Model } from "./network-compute.ts";
import type { SampleBlock } from "./sample-block.ts";
import { abort, runPlan } from "./trainer.ts";

export const optimizers = {
  sgd: layout.OPTIMIZER_SGD,
  momentum: layout.OPTIMIZER_MOMENTUM,
  adamw: layout.OPTIMIZER_ADAMW,
} as const;
export type OptimizerName = keyof typeof optimizers;

export const schedules = {
  constant: layout.SCHEDULE_CONSTANT,
  cosine: layout.SCHEDULE_COSINE,
} as const;
export type ScheduleName = keyof typeof schedules;

export const ewcForms = { gradient: layout.EWC_GRADIENT, proximal: layout.EWC_PROXIMAL } as const;
export type EwcForm = keyof typeof ewcForms;

/** Everything that decides a run. Lengths and ranges have been checked. */
export interface TrainingSpec {
  model: Model;
  trainsBase: boolean;
  trainsAdapter: boolean;
  samples: SampleBlock;
  /** Replayed samples that join every batch. */
  replay?: SampleBlock | undefined;
  /** Rows of a batch from `samples` and from `replay`. All of `samples`: in order, every step. */
  batchRows: number;
  batchReplayRows: number;
  optimizer: OptimizerName;
  lr: number;
  /** mu of momentum, beta1 of AdamW. */
  momentum: number;
  beta2: number;
  weightDecay: number;
  clipNorm: number;
  schedule: ScheduleName;
  warmupSteps: number;
  maxSteps: number;
  /** f32[P] in the order of the trained block: the adapter's parameters, then the base's. */
  ewc?: { form: EwcForm; fisher: Float32Array; baseline: Float32Array; lambda: number } | undefined;
  holdout?: { samples: SampleBlock; every: number; patience: number } | undefined;
  seed: number;
}

export type TrainingStatus = "finished" | "stopped-early" | "cancelled" | "diverged";

/**
 * What a run left: the trained blocks are new ones, owned by the caller, when it finished or
 * stopped early.
 */
export interface TrainingResult {
  status: TrainingStatus;
  /** Steps done; when it diverged, the index of the step that did. */
  steps: number;
  loss: number;
  penalty: number;
  gradientNorm: number;
  /** Task loss over all of `samples`; NaN after a run that did not end by itself. */
  lossBefore: number;
  lossAfter: number;
  base?: Block | undefined;
  adapter?: Block | undefined;
}

export interface RunControl {
  onProgress?: ((steps: number, loss: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

const statusNames: Record<number, TrainingStatus> = {
  [layout.STATUS_FINISHED]: "finished",
  [layout.STATUS_STOPPED_EARLY]: "stopped-early",
  [layout.STATUS_CANCELLED]: "cancelled",
  [layout.STATUS_DIVERGED]: "diverged",
};

/** Blocks that live as long as a run. */
class Workbench {
  readonly #blocks: Block[] = [];

  take(sizeBytes: number): Block {
    const block = new Block(sizeBytes, "training run");
    this.#blocks.push(block);
    return block;
  }

  /** Address of a copy of `values`. */
  place(values: Float32Array): number {
    const block = this.take(4 * values.length);
    block.f32(0, values.length).set(values);
    return block.address;
  }

  clear(): void {
    for (const block of this.#blocks) block.dispose();
  }
}

/** Trains a copy of the model's parameters; the model itself is never written. */
export async function runTraining(
  spec: TrainingSpec,
  control: RunControl,
): Promise<TrainingResult> {
  const bench = new Workbench();
  const held = [spec.model.description.block, spec.model.base, spec.model.adapter].filter(
    (block) => block !== undefined,
  );
  for (const block of held) block.hold();
  try {
    const parameters = copyParameters(spec, bench);
    const plan = bench.take(layout.PLAN_BYTES);
    writePlan(plan, parameters, spec, bench);
    const status = await supervise(plan, control);
    return readResult(plan, parameters, spec, statusNames[status]!);
  } finally {
    bench.clear();
    for (const block of held) block.letGo();
  }
}

async function supervise(plan: Block, { onProgress, signal }: RunControl): Promise<number> {
  const cancel = () => abort(plan);
  if (signal?.aborted) cancel();
  signal?.addEventListener("abort", cancel);
  const thrown: unknown[] = [];
  const fields = plan.fields();
  const tell = () => {
    if (thrown.length > 0) return;
    try {
      onProgress?.(
        fields.getInt32(layout.PLAN_STEP, true),
        fields.getFloat64(layout.PLAN_LOSS, true),
      );
    } catch (error) {
      thrown.push(error); // nobody is there to catch it: the run ends, and its promise rejects
      cancel();
    }
  };
  try {
    const status = await runPlan(plan, tell);
    if (thrown.length > 0) throw thrown[0];
    return status;
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}

/** The block that is trained: the adapter's parameters, then the base's, each only when trained. */
function copyParameters(
  { model, trainsBase, trainsAdapter }: TrainingSpec,
  bench: Workbench,
): Block {
  const { adapterCount, baseCount } = counts(model, trainsBase, trainsAdapter);
  const parameters = bench.take(4 * (adapterCount + baseCount));
  const values = parameters.f32();
  if (adapterCount > 0) values.set(model.adapter!.f32(0, adapterCount));
  if (baseCount > 0) values.set(model.base!.f32(0, baseCount), adapterCount);
  return parameters;
}

function counts({ description }: Model, trainsBase: boolean, trainsAdapter: boolean) {
  return {
    adapterCount: trainsAdapter ? description.adapterCount : 0,
    baseCount: trainsBase ? description.baseCount : 0,
  };
}

/** Little-endian setters for the fields of a plan. */
function setters(plan: Block) {
  const fields = plan.fields();
  return {
    int: (offset: number, value: number) => fields.setInt32(offset, value, true),
    double: (offset: number, value: number) => fields.setFloat64(offset, value, true),
  };
}

function writePlan(plan: Block, parameters: Block, spec: TrainingSpec, bench: Workbench): void {
  const { int, double } = setters(plan);
  writeModel(plan, parameters, spec, bench);
  writeBatches(plan, spec, bench);
  int(layout.PLAN_OPTIMIZER, optimizers[spec.optimizer]);
  const count = parameters.sizeBytes >>> 2;
  if (spec.optimizer !== "sgd") int(layout.PLAN_MOMENT1, bench.take(4 * count).address);
  if (spec.optimizer === "adamw") int(layout.PLAN_MOMENT2, bench.take(4 * count).address);
  double(layout.PLAN_LOSS_AFTER, Number.NaN);
  double(layout.PLAN_LR, spec.lr);
  double(layout.PLAN_MOMENTUM, spec.momentum);
  double(layout.PLAN_BETA2, spec.beta2);
  double(layout.PLAN_DECAY, spec.weightDecay);
  double(layout.PLAN_CLIP, spec.clipNorm);
  int(layout.PLAN_SCHEDULE, schedules[spec.schedule]);
  int(layout.PLAN_WARMUP, spec.warmupSteps);
  int(layout.PLAN_MAX_STEPS, spec.maxSteps);
  if (spec.ewc) {
    int(layout.PLAN_EWC, ewcForms[spec.ewc.form]);
    int(layout.PLAN_FISHER, bench.place(spec.ewc.fisher));
    int(layout.PLAN_BASELINE, bench.place(spec.ewc.baseline));
    double(layout.PLAN_LAMBDA, spec.ewc.lambda);
  }
  writeHoldout(plan, parameters, spec, bench);
}

function writeModel(plan: Block, parameters: Block, spec: TrainingSpec, bench: Workbench): void {
  const { int } = setters(plan);
  const { model, trainsBase, trainsAdapter } = spec;
  const { adapterCount } = counts(model, trainsBase, trainsAdapter);
  const gradient = bench.take(parameters.sizeBytes);
  const baseShift = 4 * adapterCount;
  int(layout.PLAN_NETWORK, model.description.block.address);
  int(layout.PLAN_PARAMETERS, parameters.address);
  int(layout.PLAN_COUNT, parameters.sizeBytes >>> 2);
  int(layout.PLAN_GRADIENT, gradient.address);
  int(layout.PLAN_BASE, trainsBase ? parameters.address + baseShift : (model.base?.address ?? 0));
  int(layout.PLAN_GRADIENT_BASE, trainsBase ? gradient.address + baseShift : 0);
  int(layout.PLAN_ADAPTER, trainsAdapter ? parameters.address : (model.adapter?.address ?? 0));
  int(layout.PLAN_GRADIENT_ADAPTER, trainsAdapter ? gradient.address : 0);
}

function writeBatches(plan: Block, spec: TrainingSpec, bench: Workbench): void {
  const { int } = setters(plan);
  const { samples, replay, batchRows, batchReplayRows } = spec;
  const { inputSize, outputSize } = spec.model.description;
  int(layout.PLAN_INPUTS, samples.inputs);
  int(layout.PLAN_LABELS, samples.labels);
  int(layout.PLAN_WEIGHTS, samples.weights);
  int(layout.PLAN_ROWS, samples.rows);
  int(layout.PLAN_BATCH_ROWS, batchRows);
  const rows = batchRows + batchReplayRows;
  const judged = Math.max(samples.rows, rows, spec.holdout?.samples.rows ?? 0);
  int(layout.PLAN_PNL, bench.take(8 * judged).address);
  int(layout.PLAN_OUTPUTS, bench.take(4 * judged * outputSize).address);
  const { exports } = core();
  const workspaceRows = Math.max(rows, Math.min(judged, layout.EVALUATION_ROWS));
  const workspaceBytes = exports.workspaceBytes(
    spec.model.description.block.address,
    workspaceRows,
  );
  int(layout.PLAN_WORKSPACE, bench.take(workspaceBytes).address);
  const random = bench.take(layout.RANDOM_BYTES);
  exports.randomSeed(random.address, spec.seed);
  int(layout.PLAN_RANDOM, random.address);
  if (batchRows === samples.rows && batchReplayRows === 0) return; // trained in place
  int(layout.PLAN_BATCH_INPUTS, bench.take(4 * rows * inputSize).address);
  int(layout.PLAN_BATCH_LABELS, bench.take(4 * rows * outputSize).address);
  int(layout.PLAN_BATCH_WEIGHTS, bench.take(4 * rows).address);
  int(layout.PLAN_ORDER, bench.take(4 * samples.rows).address);
  int(layout.PLAN_CURSOR, samples.rows);
  if (!replay) return;
  int(layout.PLAN_BATCH_REPLAY_ROWS, batchReplayRows);
  int(layout.PLAN_REPLAY_INPUTS, replay.inputs);
  int(layout.PLAN_REPLAY_LABELS, replay.labels);
  int(layout.PLAN_REPLAY_WEIGHTS, replay.weights);
  int(layout.PLAN_REPLAY_ROWS, replay.rows);
  int(layout.PLAN_REPLAY_ORDER, bench.take(4 * replay.rows).address);
  int(layout.PLAN_REPLAY_CURSOR, replay.rows);
}

function writeHoldout(plan: Block, parameters: Block, spec: TrainingSpec, bench: Workbench): void {
  if (!spec.holdout) return;
  const { int, double } = setters(plan);
  const { samples, every, patience } = spec.holdout;
  int(layout.PLAN_HOLDOUT_INPUTS, samples.inputs);
  int(layout.PLAN_HOLDOUT_LABELS, samples.labels);
  int(layout.PLAN_HOLDOUT_WEIGHTS, samples.weights);
  int(layout.PLAN_HOLDOUT_ROWS, samples.rows);
  int(layout.PLAN_HOLDOUT_EVERY, every);
  int(layout.PLAN_PATIENCE, patience);
  // "No better than the start" must be a possible result, also when every look gives NaN.
  const best = bench.take(parameters.sizeBytes);
  best.bytes().set(parameters.bytes());
  int(layout.PLAN_BEST, best.address);
  double(layout.PLAN_BEST_LOSS, Number.POSITIVE_INFINITY);
}

function readResult(
  plan: Block,
  parameters: Block,
  spec: TrainingSpec,
  status: TrainingStatus,
): TrainingResult {
  const fields = plan.fields();
  const result: TrainingResult = {
    status,
    steps: fields.getInt32(layout.PLAN_STEP, true),
    loss: fields.getFloat64(layout.PLAN_LOSS, true),
    penalty: fields.getFloat64(layout.PLAN_PENALTY, true),
    gradientNorm: fields.getFloat64(layout.PLAN_GRADIENT_NORM, true),
    lossBefore: fields.getFloat64(layout.PLAN_LOSS_BEFORE, true),
    lossAfter: fields.getFloat64(layout.PLAN_LOSS_AFTER, true),
  };
  if (status === "cancelled" || status === "diverged") return result;
  const { adapterCount, baseCount } = counts(spec.model, spec.trainsBase, spec.trainsAdapter);
  if (adapterCount > 0) result.adapter = cut(parameters, 0, adapterCount, "adapter");
  if (baseCount > 0) result.base = cut(parameters, adapterCount, baseCount, "network");
  return result;
}

/** A new block with `count` elements of another. */
function cut(block: Block, from: number, count: number, owner: string): Block {
  const part = new Block(4 * count, owner);
  part.f32().set(block.f32(from, count));
  return part;
}
