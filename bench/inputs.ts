// Seeded inputs: the same numbers in every run, on every machine.

import { Random } from "../src/core/random.ts";
import type { Sample } from "../src/model/sample.ts";

/** Normals with the given standard deviation. */
export function normals(seed: number, count: number, deviation = 1): Float32Array {
  const random = new Random(seed);
  const values = new Float32Array(count);
  for (let index = 0; index < count; index++) values[index] = deviation * random.normal();
  return values;
}

/** Uniform numbers in [0, 1): as a Fisher's diagonal, say. */
export function uniforms(seed: number, count: number): Float32Array {
  const random = new Random(seed);
  const values = new Float32Array(count);
  for (let index = 0; index < count; index++) values[index] = random.uniform();
  return values;
}

/** Daily returns of a drifting random walk, in f64. */
export function returns(seed: number, count: number): Float64Array {
  const random = new Random(seed);
  return Float64Array.from({ length: count }, () => 0.0004 + 0.01 * random.normal());
}

/** Samples with normal inputs and normal labels. */
export function regressionSamples(seed: number, count: number, i: number, o: number): Sample[] {
  const inputs = normals(seed, count * i);
  const labels = normals(seed + 1, count * o, 0.1);
  return Array.from({ length: count }, (_, row) => ({
    input: inputs.slice(row * i, (row + 1) * i),
    label: labels.slice(row * o, (row + 1) * o),
  }));
}

/** Samples with normal inputs and one class out of o as label. */
export function classSamples(seed: number, count: number, i: number, o: number): Sample[] {
  const inputs = normals(seed, count * i);
  const random = new Random(seed + 1);
  return Array.from({ length: count }, (_, row) => {
    const label = new Float32Array(o);
    label[random.below(o)] = 1;
    return { input: inputs.slice(row * i, (row + 1) * i), label };
  });
}
