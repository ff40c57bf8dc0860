// Permuted MNIST: the same digits in every task, their pixels in an order of the task's own.

import { Random } from "../../src/core/random.ts";
import type { Sample } from "../../src/model/sample.ts";
import { type Digits, labelOf, PIXELS } from "./mnist.ts";

/** Seeds of one set of tasks lie within this many of each other; sets do not overlap. */
const SEEDS_PER_SET = 100;

/** The orders of pixels of a set of tasks; the first is an order like the others. */
export function pixelOrders(set: number, tasks: number): Uint32Array[] {
  return Array.from({ length: tasks }, (_, task) =>
    new Random(set * SEEDS_PER_SET + task).permutation(PIXELS),
  );
}

/** The first `count` images, f32[count x 784] from 0 to 1: pixel p is that at order[p]. */
export function permutedImages(digits: Digits, order: Uint32Array, count: number): Float32Array {
  const images = new Float32Array(count * PIXELS);
  for (let from = 0; from < images.length; from += PIXELS) {
    for (let p = 0; p < PIXELS; p++) images[from + p] = digits.images[from + order[p]!]! / 255;
  }
  return images;
}

/** The same with their labels, as samples over one array. */
export function permutedSamples(digits: Digits, order: Uint32Array, count: number): Sample[] {
  const images = permutedImages(digits, order, count);
  return Array.from({ length: count }, (_, index) => ({
    input: images.subarray(index * PIXELS, (index + 1) * PIXELS),
    label: labelOf(digits.labels[index]!),
  }));
}
