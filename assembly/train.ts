// One training step and the step loop: draw a batch, forward, loss, backward, EWC, clip, move.
//
// All it needs stands in a plan block (PLAN_* in layout.ts). The loop can be left and entered again at any step, so the
// caller decides how long one call lasts; where it is cut changes no bit of the result.

import { loss } from "./kernels/loss";
import { norm } from "./kernels/vector";
import { evaluate } from "./evaluate";
import { ewcAddGradient, ewcPenalty, ewcProximalStep } from "./ewc";
import { backward, forward, inputSize, outputGradient, outputSize } from "./network";
import { adamw, momentum, sgd } from "./optimizer";
import { below, permutation } from "./random";
import * as L from "./layout";

const PI: f64 = 3.141592653589793;

/** Copies one sample into row `row` of the batch. */
function gatherRow(plan: usize, row: i32, inputs: usize, labels: usize, weights: usize, source: i32): void {
  const network = load<usize>(plan, L.PLAN_NETWORK);
  const i = <usize>inputSize(network) << 2;
  const o = <usize>outputSize(network) << 2;
  memory.copy(load<usize>(plan, L.PLAN_BATCH_INPUTS) + <usize>row * i, inputs + <usize>source * i, i);
  memory.copy(load<usize>(plan, L.PLAN_BATCH_LABELS) + <usize>row * o, labels + <usize>source * o, o);
  const weight: f32 = weights ? load<f32>(weights + (<usize>source << 2)) : 1;
  store<f32>(load<usize>(plan, L.PLAN_BATCH_WEIGHTS) + (<usize>row << 2), weight);
}

/** Draws the next sample of an order, shuffling anew when it is used up: every sample comes once per round. */
function draw(plan: usize, cursorField: usize, order: usize, rows: i32): i32 {
  let cursor = load<i32>(plan + cursorField);
  if (cursor >= rows) {
    permutation(order, rows, load<usize>(plan, L.PLAN_RANDOM));
    cursor = 0;
  }
  store<i32>(plan + cursorField, cursor + 1);
  return load<i32>(order + (<usize>cursor << 2));
}

/**
 * Fills the batch: new samples first, then replayed ones. A Sharpe ratio needs neighbours in time: a random run of
 * them.
 */
function fillBatch(plan: usize): void {
  const rows = load<i32>(plan, L.PLAN_ROWS);
  const fresh = load<i32>(plan, L.PLAN_BATCH_ROWS);
  const replayed = load<i32>(plan, L.PLAN_BATCH_REPLAY_ROWS);
  const inputs = load<usize>(plan, L.PLAN_INPUTS);
  const labels = load<usize>(plan, L.PLAN_LABELS);
  const weights = load<usize>(plan, L.PLAN_WEIGHTS);
  const isSequence = load<i32>(load<usize>(plan, L.PLAN_NETWORK), L.NETWORK_LOSS) == L.LOSS_NEGATIVE_SHARPE;
  const inOrder = fresh == rows || isSequence;
  const start = isSequence && fresh < rows ? <i32>below(load<usize>(plan, L.PLAN_RANDOM), rows - fresh + 1) : 0;
  const order = load<usize>(plan, L.PLAN_ORDER);
  for (let row: i32 = 0; row < fresh; row++) {
    gatherRow(plan, row, inputs, labels, weights, inOrder ? start + row : draw(plan, L.PLAN_CURSOR, order, rows));
  }
  const replayRows = load<i32>(plan, L.PLAN_REPLAY_ROWS);
  const replayOrder = load<usize>(plan, L.PLAN_REPLAY_ORDER);
  for (let row: i32 = 0; row < replayed; row++) {
    gatherRow(
      plan, fresh + row, load<usize>(plan, L.PLAN_REPLAY_INPUTS), load<usize>(plan, L.PLAN_REPLAY_LABELS),
      load<usize>(plan, L.PLAN_REPLAY_WEIGHTS), draw(plan, L.PLAN_REPLAY_CURSOR, replayOrder, replayRows));
  }
}

/** cos(pi x) for x in [0, 1], by the Taylor series of sin around the middle: |error| below 1e-15. */
function cosinePi(x: f64): f64 {
  const u = PI * (0.5 - x); // cos(pi x) = sin(u), |u| <= pi / 2
  const s = u * u;
  let term = u;
  let total = u;
  for (let k: i32 = 3; k <= 25; k += 2) {
    term *= -s / <f64>(k * (k - 1));
    total += term;
  }
  return total;
}

/** The learning rate of a step: linear warm-up, then constant or a cosine down to 0. */
function learningRate(plan: usize, step: i32): f64 {
  const lr = load<f64>(plan, L.PLAN_LR);
  const warmup = load<i32>(plan, L.PLAN_WARMUP);
  if (step < warmup) return lr * <f64>(step + 1) / <f64>warmup;
  if (load<i32>(plan, L.PLAN_SCHEDULE) == L.SCHEDULE_CONSTANT) return lr;
  const left = load<i32>(plan, L.PLAN_MAX_STEPS) - warmup;
  return lr * 0.5 * (1 + cosinePi(<f64>(step - warmup) / <f64>left));
}

// @ts-ignore: decorator
@inline
function power(base: f64, exponent: i32): f64 {
  let result: f64 = 1;
  while (exponent > 0) {
    if (exponent & 1) result *= base;
    base *= base;
    exponent >>= 1;
  }
  return result;
}

/** Moves the parameters along the gradient. */
function move(plan: usize, lr: f64, scale: f32): void {
  const theta = load<usize>(plan, L.PLAN_PARAMETERS);
  const g = load<usize>(plan, L.PLAN_GRADIENT);
  const count = load<i32>(plan, L.PLAN_COUNT);
  const decay = load<f64>(plan, L.PLAN_DECAY);
  const kind = load<i32>(plan, L.PLAN_OPTIMIZER);
  if (kind == L.OPTIMIZER_SGD) {
    sgd(theta, g, count, <f32>lr, scale, <f32>decay);
    return;
  }
  const beta1 = load<f64>(plan, L.PLAN_MOMENTUM);
  const first = load<usize>(plan, L.PLAN_MOMENT1);
  if (kind == L.OPTIMIZER_MOMENTUM) {
    momentum(theta, g, first, count, <f32>lr, <f32>beta1, scale, <f32>decay);
    return;
  }
  const beta2 = load<f64>(plan, L.PLAN_BETA2);
  const steps = load<i32>(plan, L.PLAN_MOMENT_STEPS) + 1;
  store<i32>(plan, steps, L.PLAN_MOMENT_STEPS);
  adamw(
    theta, g, first, load<usize>(plan, L.PLAN_MOMENT2), count,
    lr, beta1, beta2, power(beta1, steps), power(beta2, steps), scale, decay);
}

/** Forward, loss and backward of one batch; leaves the gradient in the plan and returns the loss. */
function gradientOfBatch(plan: usize): f64 {
  const network = load<usize>(plan, L.PLAN_NETWORK);
  const base = load<usize>(plan, L.PLAN_BASE);
  const adapter = load<usize>(plan, L.PLAN_ADAPTER);
  const workspace = load<usize>(plan, L.PLAN_WORKSPACE);
  const fresh = load<i32>(plan, L.PLAN_BATCH_ROWS);
  const n = fresh + load<i32>(plan, L.PLAN_BATCH_REPLAY_ROWS);
  let inputs = load<usize>(plan, L.PLAN_INPUTS);
  let labels = load<usize>(plan, L.PLAN_LABELS);
  let weights = load<usize>(plan, L.PLAN_WEIGHTS);
  if (load<usize>(plan, L.PLAN_BATCH_INPUTS)) {
    fillBatch(plan);
    inputs = load<usize>(plan, L.PLAN_BATCH_INPUTS);
    labels = load<usize>(plan, L.PLAN_BATCH_LABELS);
    weights = load<usize>(plan, L.PLAN_BATCH_WEIGHTS);
  }
  const outputs = forward(network, base, adapter, inputs, n, workspace);
  const value = loss(
    outputGradient(network, n, workspace), outputs, labels, weights, load<usize>(plan, L.PLAN_PNL), n,
    outputSize(network), load<i32>(network, L.NETWORK_LOSS), load<f64>(network, L.NETWORK_COST), fresh, false);
  backward(
    network, base, adapter, load<usize>(plan, L.PLAN_GRADIENT_BASE), load<usize>(plan, L.PLAN_GRADIENT_ADAPTER),
    n, workspace, 0);
  return value;
}

/**
 * One step; measures what a report shows when `isReported`. Returns false when a value stopped being finite; the
 * parameters are then those before the step.
 */
function step(plan: usize, index: i32, isReported: bool): bool {
  const theta = load<usize>(plan, L.PLAN_PARAMETERS);
  const gradient = load<usize>(plan, L.PLAN_GRADIENT);
  const count = load<i32>(plan, L.PLAN_COUNT);
  const ewc = load<i32>(plan, L.PLAN_EWC);
  const fisher = load<usize>(plan, L.PLAN_FISHER);
  const baseline = load<usize>(plan, L.PLAN_BASELINE);
  const lambda = load<f64>(plan, L.PLAN_LAMBDA);

  const value = gradientOfBatch(plan);
  store<f64>(plan, value, L.PLAN_LOSS);
  if (!isFinite(value)) return false;
  if (ewc == L.EWC_GRADIENT) {
    store<f64>(plan, ewcAddGradient(gradient, theta, baseline, fisher, count, lambda), L.PLAN_PENALTY);
  } else if (ewc == L.EWC_PROXIMAL && isReported) {
    store<f64>(plan, ewcPenalty(theta, baseline, fisher, count, lambda), L.PLAN_PENALTY);
  }

  const clip = load<f64>(plan, L.PLAN_CLIP);
  let scale: f32 = 1;
  if (clip < Infinity || isReported) {
    const size = norm(gradient, count);
    store<f64>(plan, size, L.PLAN_GRADIENT_NORM);
    if (!isFinite(size)) return false;
    if (size > clip) scale = <f32>(clip / size);
  }
  const lr = learningRate(plan, index);
  move(plan, lr, scale);
  if (ewc == L.EWC_PROXIMAL) ewcProximalStep(theta, baseline, fisher, count, lr * lambda);
  return true;
}

/** The present loss over rows of samples. */
function lossOver(plan: usize, inputs: usize, labels: usize, weights: usize, rows: i32): f64 {
  return evaluate(
    load<usize>(plan, L.PLAN_NETWORK), load<usize>(plan, L.PLAN_BASE), load<usize>(plan, L.PLAN_ADAPTER),
    inputs, labels, weights, rows, load<usize>(plan, L.PLAN_OUTPUTS), load<usize>(plan, L.PLAN_PNL),
    load<usize>(plan, L.PLAN_WORKSPACE));
}

/** The present loss over all the new samples. */
function lossOverSamples(plan: usize): f64 {
  return lossOver(
    plan, load<usize>(plan, L.PLAN_INPUTS), load<usize>(plan, L.PLAN_LABELS), load<usize>(plan, L.PLAN_WEIGHTS),
    load<i32>(plan, L.PLAN_ROWS));
}

/** Looks at the holdout; keeps the best parameters. Returns false when patience is used up. */
function judge(plan: usize): bool {
  const theta = load<usize>(plan, L.PLAN_PARAMETERS);
  const bytes = <usize>load<i32>(plan, L.PLAN_COUNT) << 2;
  const value = lossOver(
    plan, load<usize>(plan, L.PLAN_HOLDOUT_INPUTS), load<usize>(plan, L.PLAN_HOLDOUT_LABELS),
    load<usize>(plan, L.PLAN_HOLDOUT_WEIGHTS), load<i32>(plan, L.PLAN_HOLDOUT_ROWS));
  if (value < load<f64>(plan, L.PLAN_BEST_LOSS)) {
    store<f64>(plan, value, L.PLAN_BEST_LOSS);
    store<i32>(plan, 0, L.PLAN_STALE);
    memory.copy(load<usize>(plan, L.PLAN_BEST), theta, bytes);
    return true;
  }
  const stale = load<i32>(plan, L.PLAN_STALE) + 1;
  store<i32>(plan, stale, L.PLAN_STALE);
  return stale < load<i32>(plan, L.PLAN_PATIENCE);
}

/** Ends the run: with a holdout the best parameters seen are the result. */
function finish(plan: usize, status: i32): i32 {
  if (load<i32>(plan, L.PLAN_HOLDOUT_ROWS) > 0) {
    judge(plan);
    const bytes = <usize>load<i32>(plan, L.PLAN_COUNT) << 2;
    memory.copy(load<usize>(plan, L.PLAN_PARAMETERS), load<usize>(plan, L.PLAN_BEST), bytes);
  }
  // The last move can overflow behind a finite loss and gradient.
  const theta = load<usize>(plan, L.PLAN_PARAMETERS);
  const after = lossOverSamples(plan);
  store<f64>(plan, after, L.PLAN_LOSS_AFTER);
  const isSound = isFinite(after) && isFinite(norm(theta, load<i32>(plan, L.PLAN_COUNT)));
  const result = isSound ? status : L.STATUS_DIVERGED;
  store<i32>(plan, result, L.PLAN_STATUS);
  return result;
}

/**
 * Runs up to `steps` steps of the plan and returns its STATUS_*. STEP counts the steps done; when the run diverged it
 * is the index of the step that did. A look at the holdout before the first step makes "no change" a possible result.
 */
export function train(plan: usize, steps: i32): i32 {
  const last = load<i32>(plan, L.PLAN_MAX_STEPS);
  const every = load<i32>(plan, L.PLAN_HOLDOUT_ROWS) > 0 ? load<i32>(plan, L.PLAN_HOLDOUT_EVERY) : 0;
  let index = load<i32>(plan, L.PLAN_STEP);
  const end = min(last, index + steps);
  if (index == 0) {
    store<f64>(plan, lossOverSamples(plan), L.PLAN_LOSS_BEFORE);
    if (every > 0) judge(plan);
  }
  while (index < end) {
    if (atomic.load<i32>(plan, L.PLAN_ABORT)) {
      store<i32>(plan, L.STATUS_CANCELLED, L.PLAN_STATUS);
      return L.STATUS_CANCELLED;
    }
    if (!step(plan, index, every > 0 || index + 1 == last)) {
      store<i32>(plan, L.STATUS_DIVERGED, L.PLAN_STATUS);
      return L.STATUS_DIVERGED;
    }
    index++;
    store<i32>(plan, index, L.PLAN_STEP);
    if (every > 0 && index % every == 0 && index < last && !judge(plan)) return finish(plan, L.STATUS_STOPPED_EARLY);
  }
  return index == last ? finish(plan, L.STATUS_FINISHED) : L.STATUS_RUNNING;
}
