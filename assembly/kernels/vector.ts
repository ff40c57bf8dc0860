// Vector kernels: dot, axpy, squares and the norms that every finite check reads.

import { accumulate, sum2 } from "./lanes";

/** sum x[i] * y[i], products in f32, accumulated in f64. x, y: f32[n]. */
export function dot(x: usize, y: usize, n: i32): f64 {
  let total = f64x2.splat(0);
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) {
    total = accumulate(total, f32x4.mul(v128.load(x), v128.load(y)));
    x += 16;
    y += 16;
  }
  let sum = sum2(total);
  for (; i < n; i++) {
    sum += <f64>(load<f32>(x) * load<f32>(y));
    x += 4;
    y += 4;
  }
  return sum;
}

/** y[i] += a * x[i]. y, x: f32[n]. */
export function axpy(y: usize, x: usize, n: i32, a: f32): void {
  const factor = f32x4.splat(a);
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) {
    v128.store(y, f32x4.add(v128.load(y), f32x4.mul(factor, v128.load(x))));
    x += 16;
    y += 16;
  }
  for (; i < n; i++) {
    store<f32>(y, load<f32>(y) + a * load<f32>(x));
    x += 4;
    y += 4;
  }
}

/** out[i] = x[i]^2. out, x: f32[n]; out may be x. */
export function square(out: usize, x: usize, n: i32): void {
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) {
    const value = v128.load(x);
    v128.store(out, f32x4.mul(value, value));
    x += 16;
    out += 16;
  }
  for (; i < n; i++) {
    const value = load<f32>(x);
    store<f32>(out, value * value);
    x += 4;
    out += 4;
  }
}

/** The L2 norm, sqrt(sum x[i]^2), accumulated in f64. x: f32[n]. Not finite when an element is not. */
export function norm(x: usize, n: i32): f64 {
  return Math.sqrt(dot(x, x, n));
}

/**
 * L2 norm, largest magnitude and count of non-finite elements in one pass.
 * out: f64[3] = norm and largest magnitude over the finite elements, and the count of the others. x: f32[n].
 */
export function norms(out: usize, x: usize, n: i32): void {
  const infinity = f32x4.splat(Infinity);
  let total = f64x2.splat(0);
  let largest = f32x4.splat(0);
  let finiteLanes = i32x4.splat(0); // -1 for each finite element
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) {
    const value = v128.load(x);
    const finite = f32x4.lt(f32x4.abs(value), infinity);
    const kept = v128.and(value, finite);
    finiteLanes = i32x4.add(finiteLanes, finite);
    largest = f32x4.max(largest, f32x4.abs(kept));
    // Squares in f64: the square of a large f32 overflows f32.
    const low = f64x2.promote_low_f32x4(kept);
    const high = f64x2.promote_low_f32x4(i32x4.shuffle(kept, kept, 2, 3, 0, 1));
    total = f64x2.add(total, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)));
    x += 16;
  }
  let sum = sum2(total);
  let top = max(
    max(f32x4.extract_lane(largest, 0), f32x4.extract_lane(largest, 1)),
    max(f32x4.extract_lane(largest, 2), f32x4.extract_lane(largest, 3)));
  let finiteCount = -(
    i32x4.extract_lane(finiteLanes, 0) + i32x4.extract_lane(finiteLanes, 1) +
    i32x4.extract_lane(finiteLanes, 2) + i32x4.extract_lane(finiteLanes, 3));
  for (; i < n; i++) {
    const value = load<f32>(x);
    if (abs(value) < Infinity) {
      finiteCount++;
      sum += <f64>value * <f64>value;
      top = max(top, abs(value));
    }
    x += 4;
  }
  store<f64>(out, Math.sqrt(sum));
  store<f64>(out, <f64>top, 8);
  store<f64>(out, <f64>(n - finiteCount), 16);
}
