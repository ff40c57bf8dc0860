// Seeded samples for each loss, and the reference batch that holds the same numbers.

import { Random } from "../../src/core/random.ts";
import type { Sample } from "../../src/index.ts";
import type { LossName } from "../reference/loss.ts";
import type { Batch } from "../reference/network-loss.ts";

/** Every loss by name. */
export const LOSSES: readonly LossName[] = [
  "mse",
  "softmax-cross-entropy",
  "binary-cross-entropy",
  "huber",
  "negative-sharpe",
];

const LABELS: Record<LossName, (random: Random, size: number) => Float32Array> = {
  mse: (random, size) => normals(random, size, 1),
  // Some errors on each side of the kink at 1.
  huber: (random, size) => normals(random, size, 1.5),
  "softmax-cross-entropy": (random, size) => oneHot(random.below(size), size),
  "binary-cross-entropy": (random, size) =>
    Float32Array.from({ length: size }, () => random.below(2)),
  "negative-sharpe": (random, size) => normals(random, size, 0.01),
};

/** f32[count] normals of the given standard deviation. */
export function normals(random: Random, count: number, scale = 1): Float32Array {
  return Float32Array.from({ length: count }, () => scale * random.normal());
}

/** A label that is sure of one class. */
export function oneHot(index: number, size: number): Float32Array {
  const label = new Float32Array(size);
  label[index] = 1;
  return label;
}

/** Samples whose inputs are normals and whose labels the loss can take. */
export function samplesFor(
  loss: LossName,
  count: number,
  inputSize: number,
  outputSize: number,
  seed: number,
): Sample[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => ({
    input: normals(random, inputSize),
    label: LABELS[loss](random, outputSize),
  }));
}

/** The samples as the references take them. */
export function batchOf(samples: readonly Sample[]): Batch {
  return {
    count: samples.length,
    input: samples.flatMap(({ input }) => [...input]),
    label: samples.flatMap(({ label }) => [...label]),
    rowWeight: samples.map(({ weight = 1 }) => weight),
  };
}
