// Trains a copy of the adapter on a cycle's lessons: gradients, Adam, then EWC's proximal step.

import type { CosineIndex, Random } from "../../index.ts";
import { type ContrastiveLoss, contrastiveLoss } from "./contrastive-loss.ts";
import type { ResidualAdapter } from "./residual-adapter.ts";

/** A query and what became of it. */
export interface Lesson {
  /** f32[d], length 1. */
  query: Float32Array;
  /** Row of the pattern that the answer used. */
  used: number;
  /** Quality less what is normal. */
  advantage: number;
}

/** The patterns of a cycle. */
export interface PatternRows {
  /** f32[K][d], of length 1. */
  rows: readonly Float32Array[];
  /** Their ids. */
  ids: readonly string[];
  index: CosineIndex;
  /** Patterns that the used one is told apart from, at most. */
  negatives: number;
  temperature: number;
}

/** How to train. */
export interface AdapterTraining {
  lr: number;
  epochs: number;
  batchSize: number;
  random: Random;
  /** Pulls the weights back to where earlier tasks need them. */
  proximalStep(weights: Float32Array, lr: number): void;
}

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;
/** A million times what weights start with; outputs of such weights are still finite. */
const LARGEST_WEIGHT = 1e6;

/** Loss of one lesson at the adapter's present weights; adds its gradient to `gradient`. */
export function study(
  adapter: ResidualAdapter,
  { query, used, advantage }: Lesson,
  patterns: PatternRows,
  gradient?: Float32Array,
): ContrastiveLoss {
  const h = adapter.hidden(query);
  const y = adapter.output(query, h);
  const near = candidates(y, used, patterns);
  const loss = contrastiveLoss(y, {
    patterns: near.map((row) => patterns.rows[row]!),
    used: near.indexOf(used),
    advantage,
    temperature: patterns.temperature,
  });
  if (gradient) adapter.addGradient(gradient, loss.dy, query, h);
  return loss;
}

/** All patterns where there are few, else those nearest to the output, and the used one. */
function candidates(y: Float32Array, used: number, patterns: PatternRows): number[] {
  const { rows, index, negatives } = patterns;
  if (rows.length <= negatives + 1) return [...rows.keys()];
  const near = index.nearest(y, negatives + 1).map((each) => each.index);
  return near.includes(used) ? near : [used, ...near.slice(0, negatives)];
}

/** The loss of every lesson. */
export function lossesOf(
  adapter: ResidualAdapter,
  lessons: readonly Lesson[],
  patterns: PatternRows,
): number[] {
  return lessons.map((lesson) => study(adapter, lesson, patterns).loss);
}

/** The gradients of single lessons, one row each: f32[n x 2 r d]. */
export function gradientsOf(
  adapter: ResidualAdapter,
  lessons: readonly Lesson[],
  patterns: PatternRows,
): Float32Array {
  const count = adapter.weights.length;
  const all = new Float32Array(lessons.length * count);
  for (const [row, lesson] of lessons.entries()) {
    study(adapter, lesson, patterns, all.subarray(row * count, (row + 1) * count));
  }
  return all;
}

/**
 * A trained copy. In each step both factors move by Adam (Kingma & Ba 2015) on the mean gradient of
 * a batch, and then towards what EWC protects. Undefined when a weight leaves
 * [-LARGEST_WEIGHT, LARGEST_WEIGHT]: training diverges.
 */
export function trainAdapter(
  adapter: ResidualAdapter,
  lessons: readonly Lesson[],
  patterns: PatternRows,
  { lr, epochs, batchSize, random, proximalStep }: AdapterTraining,
): ResidualAdapter | undefined {
  const trained = adapter.copy();
  const move = adam(trained.weights, lr);
  const gradient = new Float32Array(trained.weights.length);
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = random.permutation(lessons.length);
    for (let from = 0; from < order.length; from += batchSize) {
      const batch = order.subarray(from, from + batchSize);
      gradient.fill(0);
      for (const row of batch) study(trained, lessons[row]!, patterns, gradient);
      move(gradient, 1 / batch.length);
      proximalStep(trained.weights, lr);
      if (!trained.weights.every((weight) => Math.abs(weight) <= LARGEST_WEIGHT)) return undefined;
    }
  }
  return trained;
}

/** Adam on one block of weights, in place; moments start at 0. */
function adam(weights: Float32Array, lr: number) {
  const first = new Float64Array(weights.length);
  const second = new Float64Array(weights.length);
  let [power1, power2] = [1, 1];
  return (gradient: Float32Array, factor: number): void => {
    power1 *= BETA1;
    power2 *= BETA2;
    for (let p = 0; p < weights.length; p++) {
      const g = factor * gradient[p]!;
      first[p] = BETA1 * first[p]! + (1 - BETA1) * g;
      second[p] = BETA2 * second[p]! + (1 - BETA2) * g * g;
      const size = Math.sqrt(second[p]! / (1 - power2)) + EPSILON;
      weights[p]! -= (lr * first[p]!) / (1 - power1) / size;
    }
  };
}
