// Matrix products (the gemm family) in f32 SIMD: C = alpha * op(A) * op(B), or C += ..., all row-major and dense.
//
// Letters: C is [m x n]; the sum over p has k terms. Three forms cover forward and backward of every layer:
//   gemmNT  C = A[m x k] * B[n x k]^T      forward, B = weights
//   gemmNN  C = A[m x k] * B[k x n]        gradient of the inputs
//   gemmTN  C = A[k x m]^T * B[k x n]      gradient of the weights
//
// NT runs in the dot form (matrix-dot.ts), NN and TN in the broadcast form (matrix-broadcast.ts). Here they are cut
// into chunks of rows for the threads.
//
// Accuracy: the sum is cut into blocks of K_BLOCK terms, whose sums are added in f32. The error is at most
// (K_BLOCK + k / K_BLOCK + 2) * eps32 * sum |a b|. For every k that fits the memory that is below the bound of a
// plain f32 sum of 4096 terms, so no f64 accumulator is needed here.
//
// Each element of C is computed by the same operations in the same order whatever tile it falls into and whichever
// thread computes it, so results do not depend on m, n or the thread count.

import { COLUMNS_PER_CHUNK, PARALLEL_MIN_PRODUCTS, ROWS_PER_CHUNK } from "../layout";
import { helpersAttached, jobArguments, parallelFor } from "../parallel";
import { rowsBroadcast } from "./matrix-broadcast";
import { rowsNT } from "./matrix-dot";

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

/** Whether `split` rows (or columns) are worth cutting: enough of them, and enough work in all. */
// @ts-ignore: decorator
@inline
function isParallel(split: i32, n: i32, k: i32): bool {
  return helpersAttached() && split > ROWS_PER_CHUNK && <i64>split * n * k >= PARALLEL_MIN_PRODUCTS;
}

/** Chunks that cover `count` rows or columns. */
// @ts-ignore: decorator
@inline
function chunksOf(count: i32, size: i32): i32 {
  return (count + size - 1) / size;
}

function runChunks(
  chunk: (job: usize, index: i32) => void, chunks: i32,
  c: usize, a: usize, b: usize, m: i32, n: i32, k: i32, alpha: f32, add: bool,
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
  parallelFor(chunk, chunks);
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
  const c = x.c + ((<usize>row * x.n) << 2);
  rowsBroadcast(c, x.a + <usize>row * along, x.b, rows, x.n, x.k, along, 4, x.alpha, x.add, 0, x.n);
}

function chunkTN(job: usize, index: i32): void {
  const x = changetype<Product>(job);
  const row = index * ROWS_PER_CHUNK;
  const rows = min(x.m - row, ROWS_PER_CHUNK);
  const c = x.c + ((<usize>row * x.n) << 2);
  rowsBroadcast(
    c, x.a + (<usize>row << 2), x.b, rows, x.n, x.k, 4, <usize>x.m << 2, x.alpha, x.add, 0, x.n);
}

/** Columns instead of rows: the gradients of an adapter have few rows (the rank) and many columns. */
function chunkColumnsTN(job: usize, index: i32): void {
  const x = changetype<Product>(job);
  const first = index * COLUMNS_PER_CHUNK;
  const end = min(x.n, first + COLUMNS_PER_CHUNK);
  rowsBroadcast(x.c, x.a, x.b, x.m, x.n, x.k, 4, <usize>x.m << 2, x.alpha, x.add, first, end);
}

/**
 * C = alpha * A * B^T, or C += alpha * A * B^T when `add`.
 * c: f32[m x n]; a: f32[m x k]; b: f32[n x k]; none may overlap c. k = 0 gives zeros. Allocates nothing.
 */
export function gemmNT(c: usize, a: usize, b: usize, m: i32, n: i32, k: i32, alpha: f32, add: bool): void {
  if (isParallel(m, n, k)) runChunks(chunkNT, chunksOf(m, ROWS_PER_CHUNK), c, a, b, m, n, k, alpha, add);
  else rowsNT(c, a, b, m, n, k, alpha, add);
}

/**
 * C = alpha * A * B, or C += alpha * A * B when `add`.
 * c: f32[m x n]; a: f32[m x k]; b: f32[k x n]; none may overlap c. k = 0 gives zeros. Allocates nothing.
 */
export function gemmNN(c: usize, a: usize, b: usize, m: i32, n: i32, k: i32, alpha: f32, add: bool): void {
  if (isParallel(m, n, k)) runChunks(chunkNN, chunksOf(m, ROWS_PER_CHUNK), c, a, b, m, n, k, alpha, add);
  else rowsBroadcast(c, a, b, m, n, k, <usize>k << 2, 4, alpha, add, 0, n);
}

/**
 * C = alpha * A^T * B, or C += alpha * A^T * B when `add`.
 * c: f32[m x n]; a: f32[k x m]; b: f32[k x n]; none may overlap c. k = 0 gives zeros. Allocates nothing.
 */
export function gemmTN(c: usize, a: usize, b: usize, m: i32, n: i32, k: i32, alpha: f32, add: bool): void {
  if (isParallel(m, n, k)) {
    runChunks(chunkTN, chunksOf(m, ROWS_PER_CHUNK), c, a, b, m, n, k, alpha, add);
  } else if (isParallel(n, m, k)) {
    runChunks(chunkColumnsTN, chunksOf(n, COLUMNS_PER_CHUNK), c, a, b, m, n, k, alpha, add);
  } else {
    rowsBroadcast(c, a, b, m, n, k, 4, <usize>m << 2, alpha, add, 0, n);
  }
}
