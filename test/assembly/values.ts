// Seeded numbers that are the same in f32 and in f64, so that core and reference start equal.

import type { Random } from "../reference/random.ts";

/** n standard normals times `scale`, rounded to f32. */
export function normals(random: Random, n: number, scale = 1): Float32Array {
  return Float32Array.from({ length: n }, () => scale * random.normal());
}

/** n uniform numbers in [0, 1), rounded to f32. */
export function uniforms(random: Random, n: number): Float32Array {
  return Float32Array.from({ length: n }, () => random.uniform());
}

/** The magnitudes of `values`. */
export function magnitudes(values: ArrayLike<number>): Float64Array {
  return Float64Array.from(values, Math.abs);
}

/** The largest magnitude in `values`; 0 when there are none. */
export function largest(values: ArrayLike<number>): number {
  let top = 0;
  for (let k = 0; k < values.length; k++) top = Math.max(top, Math.abs(values[k]!));
  return top;
}
