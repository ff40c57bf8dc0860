// Lane arithmetic shared by the kernels: sums of lanes and f32 -> f64 widening.

/** Sums the two f64 lanes. */
// @ts-ignore: decorator
@inline
export function sum2(x: v128): f64 {
  return f64x2.extract_lane(x, 0) + f64x2.extract_lane(x, 1);
}

/** Widens lanes 2 and 3 of an f32x4 to f64x2 (the instruction set only widens lanes 0 and 1). */
// @ts-ignore: decorator
@inline
export function promoteHigh(x: v128): v128 {
  return f64x2.promote_low_f32x4(i32x4.shuffle(x, x, 2, 3, 0, 1));
}

/** Adds the four f32 lanes of `x` to the two f64 lanes of `total`: [x0 + x2, x1 + x3] in f64. */
// @ts-ignore: decorator
@inline
export function accumulate(total: v128, x: v128): v128 {
  return f64x2.add(total, f64x2.add(f64x2.promote_low_f32x4(x), promoteHigh(x)));
}

/** Four elements where there are as many left, else one in every lane. */
// @ts-ignore: decorator
@inline
export function lanesAt(at: usize, whole: bool): v128 {
  return whole ? v128.load(at) : v128.load32_splat(at);
}

/** Stores four lanes, or the first alone: the counterpart of `lanesAt`. */
// @ts-ignore: decorator
@inline
export function storeLanes(at: usize, lanes: v128, whole: bool): void {
  if (whole) v128.store(at, lanes);
  else v128.store32_lane(at, lanes, 0);
}
