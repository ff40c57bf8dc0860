// The broadcast form of a matrix product, C = alpha * op(A) * B: one element of A against 8 neighbouring columns of B.
// Whether A is transposed only decides how far apart its elements lie. Accuracy and letters: matrix.ts.

import { K_BLOCK } from "../layout";
import { packBuffer } from "../parallel";
import { put1 } from "./matrix-dot";

/** Stores four columns at `c`, adding what is there when `add`. */
// @ts-ignore: decorator
@inline
function put4(c: usize, sums: v128, scale: v128, add: bool): void {
  const value = f32x4.mul(scale, sums);
  v128.store(c, add ? f32x4.add(v128.load(c), value) : value);
}

/** Stores eight columns at `c`, adding what is there when `add`. */
// @ts-ignore: decorator
@inline
function put8(c: usize, left: v128, right: v128, scale: v128, add: bool): void {
  put4(c, left, scale, add);
  put4(c + 16, right, scale, add);
}

/**
 * Eight columns of C: rows of A are `down` bytes apart, neighbours along the sum `along`; rows of B are `ldb` apart.
 */
function columns8(
  c: usize, a: usize, b: usize, m: i32, k: i32, down: usize, along: usize, ldb: usize, ldc: usize, alpha: f32,
  add: bool,
): void {
  const scale = f32x4.splat(alpha);
  let i: i32 = 0;
  for (; i + 4 <= m; i += 4) {
    let a0 = a, a1 = a + down, a2 = a1 + down, a3 = a2 + down;
    let row = b;
    let t00 = f32x4.splat(0), t01 = t00, t10 = t00, t11 = t00, t20 = t00, t21 = t00, t30 = t00, t31 = t00;
    for (let p = k; p > 0; p--) {
      const x0 = v128.load(row);
      const x1 = v128.load(row, 16);
      let y = v128.load32_splat(a0);
      t00 = f32x4.add(t00, f32x4.mul(y, x0));
      t01 = f32x4.add(t01, f32x4.mul(y, x1));
      y = v128.load32_splat(a1);
      t10 = f32x4.add(t10, f32x4.mul(y, x0));
      t11 = f32x4.add(t11, f32x4.mul(y, x1));
      y = v128.load32_splat(a2);
      t20 = f32x4.add(t20, f32x4.mul(y, x0));
      t21 = f32x4.add(t21, f32x4.mul(y, x1));
      y = v128.load32_splat(a3);
      t30 = f32x4.add(t30, f32x4.mul(y, x0));
      t31 = f32x4.add(t31, f32x4.mul(y, x1));
      a0 += along;
      a1 += along;
      a2 += along;
      a3 += along;
      row += ldb;
    }
    put8(c, t00, t01, scale, add);
    c += ldc;
    put8(c, t10, t11, scale, add);
    c += ldc;
    put8(c, t20, t21, scale, add);
    c += ldc;
    put8(c, t30, t31, scale, add);
    c += ldc;
    a += 4 * down;
  }
  for (; i < m; i++) {
    let t0 = f32x4.splat(0), t1 = t0;
    let row = b;
    let a0 = a;
    for (let p = k; p > 0; p--) {
      const y = v128.load32_splat(a0);
      t0 = f32x4.add(t0, f32x4.mul(y, v128.load(row)));
      t1 = f32x4.add(t1, f32x4.mul(y, v128.load(row, 16)));
      a0 += along;
      row += ldb;
    }
    put8(c, t0, t1, scale, add);
    c += ldc;
    a += down;
  }
}

/** Four columns of C, as `columns8`. */
function columns4(
  c: usize, a: usize, b: usize, m: i32, k: i32, down: usize, along: usize, ldb: usize, ldc: usize, alpha: f32,
  add: bool,
): void {
  const scale = f32x4.splat(alpha);
  let i: i32 = 0;
  for (; i + 4 <= m; i += 4) {
    let a0 = a, a1 = a + down, a2 = a1 + down, a3 = a2 + down;
    let row = b;
    let t0 = f32x4.splat(0), t1 = t0, t2 = t0, t3 = t0;
    for (let p = k; p > 0; p--) {
      const x = v128.load(row);
      t0 = f32x4.add(t0, f32x4.mul(v128.load32_splat(a0), x));
      t1 = f32x4.add(t1, f32x4.mul(v128.load32_splat(a1), x));
      t2 = f32x4.add(t2, f32x4.mul(v128.load32_splat(a2), x));
      t3 = f32x4.add(t3, f32x4.mul(v128.load32_splat(a3), x));
      a0 += along;
      a1 += along;
      a2 += along;
      a3 += along;
      row += ldb;
    }
    put4(c, t0, scale, add);
    c += ldc;
    put4(c, t1, scale, add);
    c += ldc;
    put4(c, t2, scale, add);
    c += ldc;
    put4(c, t3, scale, add);
    c += ldc;
    a += 4 * down;
  }
  for (; i < m; i++) {
    let t0 = f32x4.splat(0);
    let row = b;
    let a0 = a;
    for (let p = k; p > 0; p--) {
      t0 = f32x4.add(t0, f32x4.mul(v128.load32_splat(a0), v128.load(row)));
      a0 += along;
      row += ldb;
    }
    put4(c, t0, scale, add);
    c += ldc;
    a += down;
  }
}

/** One column of C, as `columns8`. */
function columns1(
  c: usize, a: usize, b: usize, m: i32, k: i32, down: usize, along: usize, ldb: usize, ldc: usize, alpha: f32,
  add: bool,
): void {
  for (let i: i32 = 0; i < m; i++) {
    let sum: f32 = 0;
    let row = b;
    let a0 = a;
    for (let p = k; p > 0; p--) {
      sum += load<f32>(a0) * load<f32>(row);
      a0 += along;
      row += ldb;
    }
    put1(c, alpha * sum, add);
    c += ldc;
    a += down;
  }
}

/** Copies eight columns of B next to each other, so that the tiles read one cache line after the other. */
function pack8(packed: usize, b: usize, k: i32, ldb: usize): void {
  for (let p = k; p > 0; p--) {
    v128.store(packed, v128.load(b));
    v128.store(packed, v128.load(b, 16), 16);
    packed += 32;
    b += ldb;
  }
}

/**
 * C = alpha * op(A) * B, or += when `add`, on this thread. c: f32[m x n]; b: f32[k x n]. Rows of op(A) are `down` bytes
 * apart, its neighbours along the sum `along`. Of C only columns first .. end-1 are computed.
 */
export function rowsBroadcast(
  c: usize, a: usize, b: usize, m: i32, n: i32, k: i32, down: usize, along: usize, alpha: f32, add: bool,
  first: i32, end: i32,
): void {
  const ld = <usize>n << 2; // C and B have the same row length
  // Rows a power of two apart fall into the same few cache sets; packing pays once several tiles read the panel.
  const pack = m >= 8 && k >= 8 && n > 64;
  let from: i32 = 0;
  do {
    const kc = min(k - from, K_BLOCK);
    const more = add || from > 0;
    const ap = a + <usize>from * along;
    const bp = b + <usize>from * ld;
    let j = first;
    for (; j + 8 <= end; j += 8) {
      const at = <usize>j << 2;
      if (pack) {
        pack8(packBuffer, bp + at, kc, ld);
        columns8(c + at, ap, packBuffer, m, kc, down, along, 32, ld, alpha, more);
      } else {
        columns8(c + at, ap, bp + at, m, kc, down, along, ld, ld, alpha, more);
      }
    }
    if (j + 4 <= end) {
      columns4(c + (<usize>j << 2), ap, bp + (<usize>j << 2), m, kc, down, along, ld, ld, alpha, more);
      j += 4;
    }
    for (; j < end; j++) {
      columns1(c + (<usize>j << 2), ap, bp + (<usize>j << 2), m, kc, down, along, ld, ld, alpha, more);
    }
    from += kc;
  } while (from < k);
}
