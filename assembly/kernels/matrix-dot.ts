// The dot form of a matrix product, C = alpha * A * B^T: both operands are walked along contiguous rows, so each lane
// of an accumulator holds a quarter of a dot product. Accuracy and letters: matrix.ts.

import { K_BLOCK } from "../layout";

/** Stores `sum` at `c`, adding what is there when `add`. */
// @ts-ignore: decorator
@inline
export function put1(c: usize, sum: f32, add: bool): void {
  store<f32>(c, add ? load<f32>(c) + sum : sum);
}

/** Lane sums of four accumulators side by side: lane q = (x0 + x2) + (x1 + x3) of the q-th argument. */
// @ts-ignore: decorator
@inline
function sums4(p: v128, q: v128, r: v128, s: v128): v128 {
  const pq = f32x4.add(i32x4.shuffle(p, q, 0, 1, 4, 5), i32x4.shuffle(p, q, 2, 3, 6, 7));
  const rs = f32x4.add(i32x4.shuffle(r, s, 0, 1, 4, 5), i32x4.shuffle(r, s, 2, 3, 6, 7));
  return f32x4.add(i32x4.shuffle(pq, rs, 0, 2, 4, 6), i32x4.shuffle(pq, rs, 1, 3, 5, 7));
}

/** Stores lanes 0 and 1 of `sums` at `c`, adding what is there when `add`. */
// @ts-ignore: decorator
@inline
function putLow(c: usize, sums: v128, add: bool): void {
  v128.store64_lane(c, add ? f32x4.add(sums, v128.load64_splat(c)) : sums, 0);
}

/** Stores lanes 2 and 3 of `sums` at `c`, adding what is there when `add`. */
// @ts-ignore: decorator
@inline
function putHigh(c: usize, sums: v128, add: bool): void {
  v128.store64_lane(c, add ? f32x4.add(sums, v128.load64_splat(c)) : sums, 1);
}

/** Stores a 4 x 2 tile of C; of a lone column only its first. top: rows 0 and 1, bottom: rows 2 and 3. */
// @ts-ignore: decorator
@inline
function putTile(c: usize, top: v128, bottom: v128, ldc: usize, isLone: bool, add: bool): void {
  if (isLone) {
    put1(c, f32x4.extract_lane(top, 0), add);
    put1(c + ldc, f32x4.extract_lane(top, 2), add);
    put1(c + 2 * ldc, f32x4.extract_lane(bottom, 0), add);
    put1(c + 3 * ldc, f32x4.extract_lane(bottom, 2), add);
  } else {
    putLow(c, top, add);
    putHigh(c + ldc, top, add);
    putLow(c + 2 * ldc, bottom, add);
    putHigh(c + 3 * ldc, bottom, add);
  }
}

/** C = alpha * A * B^T over the whole vectors of one block; `body` is their length in bytes. */
function vectorsNT(
  c: usize, a: usize, b: usize, m: i32, n: i32, body: usize, stride: usize, alpha: f32, add: bool,
): void {
  const scale = f32x4.splat(alpha);
  const ldc = <usize>n << 2;
  for (let j: i32 = 0; j < n; j += 2) {
    const b0 = b + <usize>j * stride;
    const isLone = j + 1 == n; // the last column of an odd n: computed twice, stored once
    const b1 = isLone ? b0 : b0 + stride;
    let i: i32 = 0;
    for (; i + 4 <= m; i += 4) {
      const a0 = a + <usize>i * stride;
      const a1 = a0 + stride;
      const a2 = a1 + stride;
      const a3 = a2 + stride;
      let t00 = f32x4.splat(0), t01 = t00, t10 = t00, t11 = t00, t20 = t00, t21 = t00, t30 = t00, t31 = t00;
      for (let p: usize = 0; p < body; p += 16) {
        const x0 = v128.load(b0 + p);
        const x1 = v128.load(b1 + p);
        let y = v128.load(a0 + p);
        t00 = f32x4.add(t00, f32x4.mul(y, x0));
        t01 = f32x4.add(t01, f32x4.mul(y, x1));
        y = v128.load(a1 + p);
        t10 = f32x4.add(t10, f32x4.mul(y, x0));
        t11 = f32x4.add(t11, f32x4.mul(y, x1));
        y = v128.load(a2 + p);
        t20 = f32x4.add(t20, f32x4.mul(y, x0));
        t21 = f32x4.add(t21, f32x4.mul(y, x1));
        y = v128.load(a3 + p);
        t30 = f32x4.add(t30, f32x4.mul(y, x0));
        t31 = f32x4.add(t31, f32x4.mul(y, x1));
      }
      const top = f32x4.mul(scale, sums4(t00, t01, t10, t11));
      const bottom = f32x4.mul(scale, sums4(t20, t21, t30, t31));
      putTile(c + <usize>i * ldc + (<usize>j << 2), top, bottom, ldc, isLone, add);
    }
    for (; i < m; i++) {
      const a0 = a + <usize>i * stride;
      let t00 = f32x4.splat(0), t01 = t00;
      for (let p: usize = 0; p < body; p += 16) {
        const y = v128.load(a0 + p);
        t00 = f32x4.add(t00, f32x4.mul(y, v128.load(b0 + p)));
        t01 = f32x4.add(t01, f32x4.mul(y, v128.load(b1 + p)));
      }
      const sums = f32x4.mul(scale, sums4(t00, t01, t00, t01));
      const at = c + <usize>i * ldc + (<usize>j << 2);
      if (isLone) put1(at, f32x4.extract_lane(sums, 0), add);
      else putLow(at, sums, add);
    }
  }
}

/** Adds the last k % 4 terms, which fill no vector, to every element of C. */
function tailNT(c: usize, a: usize, b: usize, m: i32, n: i32, k: i32, alpha: f32): void {
  const stride = <usize>k << 2;
  const start = <usize>(k & ~3) << 2;
  for (let i: i32 = 0; i < m; i++) {
    const row = a + <usize>i * stride;
    for (let j: i32 = 0; j < n; j++) {
      const column = b + <usize>j * stride;
      let sum: f32 = 0;
      for (let p = start; p < stride; p += 4) sum += load<f32>(row + p) * load<f32>(column + p);
      store<f32>(c, load<f32>(c) + alpha * sum);
      c += 4;
    }
  }
}

/** C = alpha * A * B^T, or += when `add`, on this thread. c: f32[m x n]; a: f32[m x k]; b: f32[n x k]. */
export function rowsNT(c: usize, a: usize, b: usize, m: i32, n: i32, k: i32, alpha: f32, add: bool): void {
  const stride = <usize>k << 2;
  const body = <usize>(k & ~3) << 2;
  let from: usize = 0;
  do {
    const length = min(body - from, <usize>K_BLOCK << 2);
    vectorsNT(c, a + from, b + from, m, n, length, stride, alpha, add || from > 0);
    from += length;
  } while (from < body);
  if (k & 3) tailNT(c, a, b, m, n, k, alpha);
}
