// Clustering on the unit sphere: cosine search, and the two halves of a spherical k-means step (Dhillon & Modha 2001).
//
// Letters: n points, K centroids, d dimensions; X f32[n x d], C f32[K x d], row-major with rows of length 1 (or 0), so
// that the cosine of two rows is their dot product. Equal similarities: the row that stands first wins.

import { K_BLOCK } from "./layout";
import { promoteHigh, sum2 } from "./kernels/lanes";

/** Sums the four f32 lanes, pairs first. */
// @ts-ignore: decorator
@inline
function sum4(x: v128): f32 {
  const pairs = f32x4.add(x, i32x4.shuffle(x, x, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** sum x[i] * y[i], up to K_BLOCK terms in f32 in four sums of four lanes, such blocks in f64. x, y: f32[d]. */
function rowDot(x: usize, y: usize, d: i32): f32 {
  let total: f64 = 0;
  for (let left = d; left > 0; left -= K_BLOCK) {
    const count = min(left, K_BLOCK);
    let a = f32x4.splat(0);
    let b = a;
    let c = a;
    let e = a;
    let i: i32 = 0;
    for (; i + 16 <= count; i += 16) {
      a = f32x4.add(a, f32x4.mul(v128.load(x), v128.load(y)));
      b = f32x4.add(b, f32x4.mul(v128.load(x, 16), v128.load(y, 16)));
      c = f32x4.add(c, f32x4.mul(v128.load(x, 32), v128.load(y, 32)));
      e = f32x4.add(e, f32x4.mul(v128.load(x, 48), v128.load(y, 48)));
      x += 64;
      y += 64;
    }
    let sum = sum4(f32x4.add(f32x4.add(a, b), f32x4.add(c, e)));
    for (; i < count; i++) {
      sum += load<f32>(x) * load<f32>(y);
      x += 4;
      y += 4;
    }
    total += <f64>sum;
  }
  return <f32>total;
}

/** Divides each row of X by its length, in place; a row of zeros stays. The length is taken in f64. x: f32[n x d]. */
export function unitRows(x: usize, n: i32, d: i32): void {
  const stride = <usize>d << 2;
  for (let row: i32 = 0; row < n; row++, x += stride) {
    let total = f64x2.splat(0);
    let at: usize = 0;
    for (; at + 16 <= stride; at += 16) {
      const value = v128.load(x + at);
      const low = f64x2.promote_low_f32x4(value);
      const high = promoteHigh(value);
      total = f64x2.add(total, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)));
    }
    let squares = sum2(total);
    for (; at < stride; at += 4) squares += <f64>load<f32>(x + at) * <f64>load<f32>(x + at);
    if (squares == 0) continue;
    const inverse = 1 / Math.sqrt(squares);
    for (at = 0; at < stride; at += 4) store<f32>(x + at, <f32>(<f64>load<f32>(x + at) * inverse));
  }
}

/**
 * The `k` rows of X that are most similar to `query`, best first; returns how many: min(k, n). A row whose similarity
 * is NaN is left out. indices: u32[k], similarities: f32[k]; query: f32[d]; x: f32[n x d].
 */
export function topCosine(
  indices: usize, similarities: usize, query: usize, x: usize, n: i32, d: i32, k: i32,
): i32 {
  const stride = <usize>d << 2;
  let held: i32 = 0;
  if (k == 0) return 0;
  for (let row: i32 = 0; row < n; row++, x += stride) {
    const similarity = rowDot(query, x, d);
    if (held == k && !(similarity > load<f32>(similarities + (<usize>(k - 1) << 2)))) continue;
    if (similarity != similarity) continue;
    // The list is short and most rows do not enter it: insertion from its end.
    let place = held == k ? k - 1 : held++;
    for (; place > 0; place--) {
      const before = <usize>(place - 1) << 2;
      if (!(similarity > load<f32>(similarities + before))) break;
      store<f32>(similarities + before, load<f32>(similarities + before), 4);
      store<u32>(indices + before, load<u32>(indices + before), 4);
    }
    store<f32>(similarities + (<usize>place << 2), similarity);
    store<u32>(indices + (<usize>place << 2), row);
  }
  return held;
}

/**
 * The centroid nearest to every point, and how similar it is; returns the sum of these similarities, in f64.
 * labels: u32[n], similarities: f32[n]; x: f32[n x d]; c: f32[K x d]. K >= 1.
 */
export function kMeansAssign(
  labels: usize, similarities: usize, x: usize, c: usize, n: i32, d: i32, k: i32,
): f64 {
  const stride = <usize>d << 2;
  let total: f64 = 0;
  for (let row: i32 = 0; row < n; row++, x += stride) {
    let best: i32 = 0;
    let top = rowDot(x, c, d);
    for (let j: i32 = 1; j < k; j++) {
      const similarity = rowDot(x, c + <usize>j * stride, d);
      if (similarity > top) {
        top = similarity;
        best = j;
      }
    }
    store<u32>(labels + (<usize>row << 2), best);
    store<f32>(similarities + (<usize>row << 2), top);
    total += <f64>top;
  }
  return total;
}

/**
 * Moves every centroid to the direction of what belongs to it:
 *
 *     C[j] = unit( mass[j] C[j] + sum over points with label j of w X )
 *
 * where mass[j] is the weight the centroid has from before (0: only its points count). A sum of length 0 leaves the
 * centroid where it is. Sums in f64: a cluster may have any number of points.
 * c: f32[K x d]; sums: f64[K x d] of scratch; x: f32[n x d]; w: f32[n]; labels: u32[n], all below K; mass: f64[K].
 */
export function kMeansUpdate(
  c: usize, sums: usize, x: usize, w: usize, labels: usize, mass: usize, n: i32, d: i32, k: i32,
): void {
  for (let j: i32 = 0, at: i32 = 0; j < k; j++) {
    const kept = load<f64>(mass + (<usize>j << 3));
    for (const end = at + d; at < end; at++) {
      store<f64>(sums + (<usize>at << 3), kept * <f64>load<f32>(c + (<usize>at << 2)));
    }
  }
  for (let row: i32 = 0; row < n; row++) {
    const weight = f64x2.splat(<f64>load<f32>(w + (<usize>row << 2)));
    let to = sums + ((<usize>load<u32>(labels + (<usize>row << 2)) * <usize>d) << 3);
    let i: i32 = 0;
    for (; i + 2 <= d; i += 2, x += 8, to += 16) {
      v128.store(to, f64x2.add(v128.load(to), f64x2.mul(weight, f64x2.promote_low_f32x4(v128.load64_zero(x)))));
    }
    if (i < d) {
      store<f64>(to, load<f64>(to) + f64x2.extract_lane(weight, 0) * <f64>load<f32>(x));
      x += 4;
    }
  }
  for (let j: i32 = 0; j < k; j++) {
    const from = sums + ((<usize>j * <usize>d) << 3);
    let squares: f64 = 0;
    for (let i: usize = 0, end = <usize>d << 3; i < end; i += 8) squares += load<f64>(from + i) * load<f64>(from + i);
    if (squares == 0) continue;
    const inverse = 1 / Math.sqrt(squares);
    const to = c + ((<usize>j * <usize>d) << 2);
    for (let i: i32 = 0; i < d; i++) {
      store<f32>(to + (<usize>i << 2), <f32>(load<f64>(from + (<usize>i << 3)) * inverse));
    }
  }
}
