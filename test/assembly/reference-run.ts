// A training run strung together from the f64 references, in the order of assembly/train.ts.

import { addEwcGradient, ewcPenalty, ewcProximalStep } from "../reference/ewc.ts";
import type { NegativeSharpeOptions } from "../reference/negative-sharpe.ts";
import type { Layer } from "../reference/network.ts";
import { type Batch, networkLoss } from "../reference/network-loss.ts";
import { adamwStep, clipByGlobalNorm, momentumStep, sgdStep } from "../reference/optimizer.ts";
import { Random } from "../reference/random.ts";
import { pack, tensorsOf, unpack } from "./network-block.ts";
import { gradientTensors } from "./network-pass.ts";
import { type Run, trainedValues } from "./train-plan.ts";
import { largest } from "./values.ts";

/** What a run leaves. */
export interface Outcome {
  /** The trained block at the end: with a holdout the best one seen. */
  theta: Float64Array;
  steps: number;
  stoppedEarly: boolean;
  lossBefore: number;
  lossAfter: number;
  /** Of the last step: task loss of the batch, penalty before it, norm before clipping. */
  loss: number;
  penalty: number;
  gradientNorm: number;
}

/** Rows of a batch, in the layout of the references. */
function gathered(samples: Batch, rows: readonly number[], i: number, o: number): Batch {
  const { input, label, rowWeight } = samples;
  const take = (matrix: ArrayLike<number>, width: number) =>
    rows.flatMap((row) => Array.from({ length: width }, (_, k) => matrix[row * width + k]!));
  return {
    count: rows.length,
    input: take(input, i),
    label: take(label, o),
    rowWeight: rows.map((row) => rowWeight?.[row] ?? 1),
  };
}

function joined(a: Batch, b: Batch): Batch {
  const both = (x: ArrayLike<number>, y: ArrayLike<number>) => [...Array.from(x), ...Array.from(y)];
  return {
    count: a.count + b.count,
    input: both(a.input, b.input),
    label: both(a.label, b.label),
    rowWeight: both(a.rowWeight!, b.rowWeight!),
  };
}

/** Draws rows so that each comes once per round. */
function drawer(random: Random, rows: number): () => number {
  let order: Uint32Array = new Uint32Array(0);
  let cursor = rows;
  return () => {
    if (cursor >= rows) {
      order = random.permutation(rows);
      cursor = 0;
    }
    return order[cursor++]!;
  };
}

/** Returns a function that makes the batch of the next step. */
function batches(run: Run): () => Batch {
  const { samples, replay, batchRows = samples.count, loss, layers } = run;
  const random = new Random(run.seed ?? 0);
  const fresh = drawer(random, samples.count);
  const again = drawer(random, replay?.samples.count ?? 0);
  const [i, o] = [layers[0]!.inputSize, layers.at(-1)!.outputSize];
  const isCut = batchRows < samples.count;
  return () => {
    const rows = Array.from({ length: batchRows }, (_, row) => row);
    if (isCut && loss === "negative-sharpe") {
      const start = random.below(samples.count - batchRows + 1);
      for (let row = 0; row < batchRows; row++) rows[row]! += start;
    } else if (isCut) {
      for (let row = 0; row < batchRows; row++) rows[row] = fresh();
    }
    const batch = gathered(samples, rows, i, o);
    if (!replay) return batch;
    const replayed = Array.from({ length: replay.batchRows }, again);
    return joined(batch, gathered(replay.samples, replayed, i, o));
  };
}

/** The learning rate of a step: linear warm-up, then constant or half a cosine down to 0. */
function learningRate({ lr, warmup = 0, schedule, steps }: Run, step: number): number {
  if (step < warmup) return (lr * (step + 1)) / warmup;
  if (schedule !== "cosine") return lr;
  return lr * 0.5 * (1 + Math.cos((Math.PI * (step - warmup)) / (steps - warmup)));
}

/** The optimisers by name; moments live as long as the function. */
function mover({ optimizer, momentum = 0.9, decay = 0 }: Run, count: number) {
  const [first, second] = [new Float64Array(count), new Float64Array(count)];
  let step = 0;
  return (theta: Float64Array, g: Float64Array, lr: number): void => {
    step++;
    if (optimizer === "sgd") sgdStep(theta, g, lr, decay);
    else if (optimizer === "momentum") momentumStep(theta, first, g, lr, momentum, decay);
    else adamwStep(theta, first, second, g, step, lr, { weightDecay: decay, beta1: momentum });
  };
}

/** A copy of the run's network whose trained part is set as a block. */
function trainee(run: Run) {
  const layers = structuredClone(run.layers) as Layer[];
  const { base, adapter } = pack(layers, layers.map(tensorsOf));
  const cut = (values: Float64Array) => {
    const split = run.trainable === "base" ? 0 : adapter.length;
    return {
      base: run.trainable === "adapter" ? base : values.subarray(split),
      adapter: run.trainable === "base" ? adapter : values.subarray(0, split),
    };
  };
  return {
    layers,
    set: (theta: Float64Array) => unpack(layers, cut(theta)),
    gradient(batch: Batch, options: NegativeSharpeOptions, blur: (tensor: Float64Array) => void) {
      const { value, gradients } = networkLoss(layers, batch, run.loss, options);
      const tensors = gradientTensors(gradients);
      for (const { weight, bias, A, B } of tensors) {
        for (const tensor of [weight, bias, A, B]) if (tensor) blur(tensor);
      }
      const blocks = pack(layers, tensors);
      const adapterPart = run.trainable === "base" ? [] : blocks.adapter;
      const basePart = run.trainable === "adapter" ? [] : blocks.base;
      return { value, g: Float64Array.of(...adapterPart, ...basePart) };
    },
  };
}

/** Tells after each look whether to go on, and keeps the best block. */
function judgeOf(run: Run, lossOver: (samples: Batch) => number) {
  let [best, stale] = [Number.POSITIVE_INFINITY, 0];
  let kept: Float64Array = trainedValues(run);
  return {
    look(theta: Float64Array): boolean {
      const value = lossOver(run.holdout!.samples);
      stale++;
      if (value < best) [best, stale, kept] = [value, 0, Float64Array.from(theta)];
      return stale < run.holdout!.patience;
    },
    best: () => kept,
  };
}

/**
 * Runs `run` with the references. `blur` moves every element of a gradient's tensors by that
 * part of the tensor's largest element, up or down by chance: what rounding in f32 may do at worst.
 */
export function referenceRun(run: Run, blur = 0): Outcome {
  const { cost = 0, ewc, holdout, samples, batchRows = samples.count } = run;
  const chance = new Random(99);
  const blurTensor = (tensor: Float64Array) => {
    const off = blur * largest(tensor);
    for (let p = 0; p < tensor.length; p++) tensor[p]! += chance.below(2) === 0 ? off : -off;
  };
  const nextBatch = batches(run);
  const { layers, set, gradient } = trainee(run);
  const theta = trainedValues(run);
  const move = mover(run, theta.length);
  const lossOver = (rows: Batch) => networkLoss(layers, rows, run.loss, { cost }).value;
  const judge = judgeOf(run, lossOver);
  const outcome = { theta, steps: 0, stoppedEarly: false, loss: 0, penalty: 0, gradientNorm: 0 };
  const lossBefore = lossOver(samples);
  if (holdout) judge.look(theta);
  while (outcome.steps < run.steps && !outcome.stoppedEarly) {
    const options = { cost, sequenceRows: batchRows };
    const { value, g } = gradient(nextBatch(), options, blurTensor);
    outcome.loss = value;
    if (ewc) outcome.penalty = ewcPenalty(theta, ewc.baseline, ewc.fisher, ewc.lambda);
    if (ewc?.form === "gradient") addEwcGradient(g, theta, ewc.baseline, ewc.fisher, ewc.lambda);
    outcome.gradientNorm = clipByGlobalNorm(g, run.clip ?? Number.POSITIVE_INFINITY);
    const lr = learningRate(run, outcome.steps);
    move(theta, g, lr);
    if (ewc?.form === "proximal") ewcProximalStep(theta, ewc.baseline, ewc.fisher, lr, ewc.lambda);
    set(theta);
    outcome.steps++;
    if (!holdout || outcome.steps % holdout.every > 0 || outcome.steps === run.steps) continue;
    outcome.stoppedEarly = !judge.look(theta);
  }
  if (holdout) {
    judge.look(theta);
    theta.set(judge.best());
    set(theta);
  }
  return { ...outcome, lossBefore, lossAfter: lossOver(samples) };
}
