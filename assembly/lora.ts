// A LoRA adapter (Hu et al. 2021): z += s B (A x), s = alpha / r.
//
// Letters: n rows, i inputs, o outputs, r rank. A is [r x i]; B is kept transposed, Bt [r x o], so that every product
// below runs along contiguous rows; the API transposes at its edge.

import { gemmNN, gemmNT, gemmTN } from "./kernels/matrix";

/**
 * h = x A^T and z = s h Bt, or z += when `add`.
 * z: f32[n x o], h: f32[n x r]; x: f32[n x i], a: f32[r x i], bt: f32[r x o].
 */
export function adapterForward(
  z: usize, h: usize, x: usize, a: usize, bt: usize, n: i32, i: i32, o: i32, r: i32, s: f32, add: bool,
): void {
  gemmNT(h, x, a, n, r, i, 1, false);
  gemmNN(z, h, bt, n, o, r, s, add);
}

/** dH = s dZ Bt^T, the gradient that reaches the rank layer. dH: f32[n x r]; dZ: f32[n x o]; bt: f32[r x o]. */
export function adapterInner(dH: usize, dZ: usize, bt: usize, n: i32, o: i32, r: i32, s: f32): void {
  gemmNT(dH, dZ, bt, n, r, o, s, false);
}

/**
 * dBt = s h^T dZ and dA = dH^T x (true gradients of both factors).
 * dA: f32[r x i], dBt: f32[r x o]; dZ: f32[n x o], dH: f32[n x r] from `adapterInner`, h: f32[n x r], x: f32[n x i].
 */
export function adapterBackward(
  dA: usize, dBt: usize, dZ: usize, dH: usize, h: usize, x: usize, n: i32, i: i32, o: i32, r: i32, s: f32,
): void {
  gemmTN(dBt, h, dZ, r, o, n, s, false);
  gemmTN(dA, dH, x, r, i, n, 1, false);
}
