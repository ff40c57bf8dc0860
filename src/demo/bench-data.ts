// The numbers that the bench page works on: seeded, so that every run measures the same.

import { Random, type Sample } from "../browser.ts";

/** Normal numbers. */
export function normals(seed: number, count: number, deviation = 1): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: count }, () => deviation * random.normal());
}

/** Numbers from 0 to 1. */
export function uniforms(seed: number, count: number): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: count }, () => random.uniform());
}

/** The path of an account that gains and loses at random. */
export function account(seed: number, count: number): Float64Array {
  const random = new Random(seed);
  let sum = 0;
  return Float64Array.from({ length: count }, () => {
    sum += 0.02 + random.normal();
    return sum;
  });
}

/** Samples with normal inputs f32[i] and labels f32[o]. */
export function normalSamples(seed: number, n: number, i: number, o: number): Sample[] {
  const inputs = normals(seed, n * i);
  const labels = normals(seed + 1, n * o, 0.1);
  return Array.from({ length: n }, (_, row) => ({
    input: inputs.subarray(row * i, (row + 1) * i),
    label: labels.subarray(row * o, (row + 1) * o),
  }));
}
