// Matrix products (the gemm family) in f32 SIMD: C = alpha * op(A) * op(B), or C += ..., all row-major and dense.
//
// Letters: C is [m x n]; the sum over p has k terms. Three forms cover forward and backward of every layer:
//   gemmNT  C = A[m x k] * B[n x k]^T      forward, B = weights
//   gemmNN  C = A[m x k] * B[k x n]        gradient of the inputs
//   gemmTN  C = A[k x m]^T * B[k x n]      gradient of the weights
//
// NT walks two contiguous rows, so each lane of an accumulator holds a quarter of a dot product. NN and TN
// broadcast one element of A against 8 neighbouring columns of B; they differ only in how far apart the elements
// of A lie, and share their tiles.
//
// Accuracy: the sum is cut into blocks of K_BLOCK terms, whose sums are added in f32. The error is at most
// (K_BLOCK + k / K_BLOCK + 2) * eps32 * sum |a b|. For every k that fits the memory that is below the bound of a
// plain f32 sum of 4096 terms, so no f64 accumulator is needed here.
//
// Each element of C is computed by the same operations in the same order whatever tile it falls into and whichever
// thread computes it, so results do not depend on m, n or the thread count.

import { K_BLOCK, PARALLEL_MIN_PRODUCTS, ROWS_PER_CHUNK } from "../layout";
import { helpersAttached, parallelFor, jobArguments, packBuffer } from "../parallel";

// --- NT: dot form ----------------------------------------------------------------------------------------------------

/** Lane sums of four accumulators side by side: lane q = (x0 + x2) + (x1 + x3) of the q-th argument. */
// @ts-ignore: decorator
@inline
function sums4(p: v128, q: v128, r: v128, s: v128): v128 {
  const pq = f32x4.add(i32x4.shuffle(p, q, 0, 1, 4, 5), i32x4.shuffle(p, q, 2, 3, 6, 7));
  const rs = f32x4.add(i32x4.shuffle(r, s, 0, 1, 4, 5), i32x4.shuffle(r, s, 2, 3, 6, 7));
  return f32x4.add(i32x4.shuffle(pq, rs, 0, 2, 4, 6), i32x4.shuffle(pq, rs, 1, 3, 5, 7));
}

/** Stores lanes 2h and 2h+1 of `sums` at `c`, adding what is there when `add`. */
// @ts-ignore: decorator
@inline
function put2<T>(c: usize, sums: v128, add: bool): void {
  if (add) sums = f32x4.add(sums, v128.load64_splat(c));
  if (sizeof<T>() == 1) v128.store64_lane(c, sums, 0);
  else v128.store64_lane(c, sums, 1);
}

/** C = alpha * A * B^T over the whole vectors of one block; `body` is their length in bytes. */
function vectorsNT(
  c: usize, a: usize, b: usize, m: i32, n: i32, body: usize, stride: usize, alpha: f32, add: bool,
): void {
  const scale = f32x4.splat(alpha);
  const ldc = <usize>n << 2;
  for (let j: i32 = 0; j < n; j += 2) {
    const b0 = b + <usize>j * stride;
    const lone = j + 1 == n; // the last column of an odd n: computed twice, stored once
    const b1 = lone ? b0 : b0 + stride;
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
      const at = c + <usize>i * ldc + (<usize>j << 2);
      if (lone) {
        put1(at, f32x4.extract_lane(top, 0), add);
        put1(at + ldc, f32x4.extract_lane(top, 2), add);
        put1(at + 2 * ldc, f32x4.extract_lane(bottom, 0), add);
        put1(at + 3 * ldc, f32x4.extract_lane(bottom, 2), add);
      } else {
        put2<i8>(at, top, add);
        put2<i16>(at + ldc, top, add);
        put2<i8>(at + 2 * ldc, bottom, add);
        put2<i16>(at + 3 * ldc, bottom, add);
      }
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
      if (lone) put1(at, f32x4.extract_lane(sums, 0), add);
      else put2<i8>(at, sums, add);
    }
  }
}

/** Stores `sum` at `c`, adding what is there when `add`. */
// @ts-ignore: decorator
@inline
function put1(c: usize, sum: f32, add: bool): void {
  store<f32>(c, add ? load<f32>(c) + sum : sum);
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

function rowsNT(c: usize, a: usize, b: usize, m: i32, n: i32, k: i32, alpha: f32, add: bool): void {
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

// --- NN and TN: broadcast form ---------------------------------------------------------------------------------------

/** Stores four columns at `c`, adding what is there when `add`. */
// @ts-ignore: decorator
@inline
function put4(c: usize, sums: v128, scale: v128, add: bool): void {
  const value = f32x4.mul(scale, sums);
  v128.store(c, add ? f32x4.add(v128.load(c), value) : value);
}

/** Eight columns of C: rows of A are `down` bytes apart, neighbours along the sum `along`; rows of B are `ldb` apart. */
function columns8(
  c: usize, a: usize, b: usize, m: i32, k: i32, down: usize, along: usize, ldb: usize, ldc: usize, alpha: f32, add: bool,
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
    put4(c, t00, scale, add);
    put4(c + 16, t01, scale, add);
    c += ldc;
    put4(c, t10, scale, add);
    put4(c + 16, t11, scale, add);
    c += ldc;
    put4(c, t20, scale, add);
    put4(c + 16, t21, scale, add);
    c += ldc;
    put4(c, t30, scale, add);
    put4(c + 16, t31, scale, add);
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
    put4(c, t0, scale, add);
    put4(c + 16, t1, scale, add);
    c += ldc;
    a += down;
  }
}

/** Four columns of C, as `columns8`. */
function columns4(
  c: usize, a: usize, b: usize, m: i32, k: i32, down: usize, along: usize, ldb: usize, ldc: usize, alpha: f32, add: bool,
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
  c: usize, a: usize, b: usize, m: i32, k: i32, down: usize, along: usize, ldb: usize, ldc: usize, alpha: f32, add: bool,
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

function rowsBroadcast(
  c: usize, a: usize, b: usize, m: i32, n: i32, k: i32, down: usize, along: usize, alpha: f32, add: bool,
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
    let j: i32 = 0;
    for (; j + 8 <= n; j += 8) {
      const at = <usize>j << 2;
      if (pack) {
        pack8(packBuffer, bp + at, kc, ld);
        columns8(c + at, ap, packBuffer, m, kc, down, along, 32, ld, alpha, more);
      } else {
        columns8(c + at, ap, bp + at, m, kc, down, along, ld, ld, alpha, more);
      }
    }
    if (j + 4 <= n) {
      columns4(c + (<usize>j << 2), ap, bp + (<usize>j << 2), m, kc, down, along, ld, ld, alpha, more);
      j += 4;
    }
    for (; j < n; j++) {
      columns1(c + (<usize>j << 2), ap, bp + (<usize>j << 2), m, kc, down, along, ld, ld, alpha, more);
    }
    from += kc;
  } while (from < k);
}

// --- The products, cut into chunks of rows ---------------------------------------------------------------------------

/** What a chunk needs to know, as it lies in the job's argument block. */
@unmanaged
class Product {
  c: usize;
  a: usize;
  b: usize;
  m: i32;
  n: i32;
  k: i32;
  alpha: f32;
  add: bool;
}

// @ts-ignore: decorator
@inline
function isParallel(m: i32, n: i32, k: i32): bool {
  return helpersAttached() && m > ROWS_PER_CHUNK && <i64>m * n * k >= PARALLEL_MIN_PRODUCTS;
}

function runChunks(
  chunk: (job: usize, index: i32) => void, c: usize, a: usize, b: usize, m: i32, n: i32, k: i32, alpha: f32, add: bool,
): void {
  const product = changetype<Product>(jobArguments());
  product.c = c;
  product.a = a;
  product.b = b;
  product.m = m;
  product.n = n;
  product.k = k;
  product.alpha = alpha;
  product.add = add;
  parallelFor(chunk, (m + ROWS_PER_CHUNK - 1) / ROWS_PER_CHUNK);
}

function chunkNT(job: usize, index: i32): void {
  const x = changetype<Product>(job);
  const row = index * ROWS_PER_CHUNK;
  const c = x.c + ((<usize>row * x.n) << 2);
  rowsNT(c, x.a + ((<usize>row * x.k) << 2), x.b, min(x.m - row, ROWS_PER_CHUNK), x.n, x.k, x.alpha, x.add);
}

function chunkNN(job: usize, index: i32): void {
  const x = changetype<Product>(job);
  const row = index * ROWS_PER_CHUNK;
  const rows = min(x.m - row, ROWS_PER_CHUNK);
  const along = <usize>x.k << 2;
  rowsBroadcast(
    x.c + ((<usize>row * x.n) << 2), x.a + <usize>row * along, x.b, rows, x.n, x.k, along, 4, x.alpha, x.add);
}

function chunkTN(job: usize, index: i32): void {
  const x = changetype<Product>(job);
  const row = index * ROWS_PER_CHUNK;
  const rows = min(x.m - row, ROWS_PER_CHUNK);
  rowsBroadcast(
    x.c + ((<usize>row * x.n) << 2), x.a + (<usize>row << 2), x.b, rows, x.n, x.k, 4, <usize>x.m << 2, x.alpha, x.add);
}

/**
 * C = alpha * A * B^T, or C += alpha * A * B^T when `add`.
 * c: f32[m x n]; a: f32[m x k]; b: f32[n x k]; none may overlap c. k = 0 gives zeros. Allocates nothing.
 */
export function gemmNT(c: usize, a: usize, b: usize, m: i32, n: i32, k: i32, alpha: f32, add: bool): void {
  if (isParallel(m, n, k)) runChunks(chunkNT, c, a, b, m, n, k, alpha, add);
  else rowsNT(c, a, b, m, n, k, alpha, add);
}

/**
 * C = alpha * A * B, or C += alpha * A * B when `add`.
 * c: f32[m x n]; a: f32[m x k]; b: f32[k x n]; none may overlap c. k = 0 gives zeros. Allocates nothing.
 */
export function gemmNN(c: usize, a: usize, b: usize, m: i32, n: i32, k: i32, alpha: f32, add: bool): void {
  if (isParallel(m, n, k)) runChunks(chunkNN, c, a, b, m, n, k, alpha, add);
  else rowsBroadcast(c, a, b, m, n, k, <usize>k << 2, 4, alpha, add);
}

/**
 * C = alpha * A^T * B, or C += alpha * A^T * B when `add`.
 * c: f32[m x n]; a: f32[k x m]; b: f32[k x n]; none may overlap c. k = 0 gives zeros. Allocates nothing.
 */
export function gemmTN(c: usize, a: usize, b: usize, m: i32, n: i32, k: i32, alpha: f32, add: bool): void {
  if (isParallel(m, n, k)) runChunks(chunkTN, c, a, b, m, n, k, alpha, add);
  else rowsBroadcast(c, a, b, m, n, k, 4, <usize>m << 2, alpha, add);
}
