// exp, log, tanh and sigmoid: polynomials in fixed order, so that every host computes the same bits.
//
// Error bounds, measured against f64 (f32 forms) and the host's library (f64 forms) by
// test/assembly/elementary.test.ts:
//   expF32     2 ulp on [-87.33, 0]; 0 below -87.33, infinity above 88.72 (x > 0 occurs in sigmoid only)
//   tanhF32    4 ulp
//   sigmoidF32 3 ulp on [-87.33, 87.33]
//   expF64     log(1 + e^x) within 4e-16 for x <= 0; e^x rounds to the nearest f32 on [-87, 0]
//   log        2 ulp for positive normal numbers
//   tanhF64    5e-16 absolute
// NaN gives NaN.

const LOG2_E: f64 = 1.4426950408889634;
// ln 2 in two parts: n * LN2_HIGH is exact for every exponent n (f64: 21 low bits are zero; f32: 9).
const LN2_HIGH: f64 = 0.6931471803691238;
const LN2_LOW: f64 = 1.9082149292705877e-10;
const LN2_HIGH_F32: f32 = 0.693145751953125;
const LN2_LOW_F32: f32 = 1.428606765330187e-6;

/** e^x per lane: x = n ln 2 + r with |r| <= ln 2 / 2, Taylor to r^7 (remainder below 6e-9), times 2^n. */
// @ts-ignore: decorator
@inline
export function expF32(x: v128): v128 {
  // The clamp keeps 2^n in two normal halves; both ends are settled by the final select and by overflow.
  const y = f32x4.min(f32x4.max(x, f32x4.splat(-88.0)), f32x4.splat(89.0));
  const n = f32x4.nearest(f32x4.mul(y, f32x4.splat(<f32>LOG2_E)));
  const r = f32x4.sub(
    f32x4.sub(y, f32x4.mul(n, f32x4.splat(LN2_HIGH_F32))), f32x4.mul(n, f32x4.splat(LN2_LOW_F32)));
  let p = f32x4.splat(<f32>(1.0 / 5040.0));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(<f32>(1.0 / 720.0)));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(<f32>(1.0 / 120.0)));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(<f32>(1.0 / 24.0)));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(<f32>(1.0 / 6.0)));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(0.5));
  p = f32x4.add(f32x4.mul(f32x4.mul(p, r), r), r);
  p = f32x4.add(p, f32x4.splat(1));
  const whole = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(whole, 1);
  const rest = i32x4.sub(whole, half);
  const bias = i32x4.splat(127);
  p = f32x4.mul(p, i32x4.shl(i32x4.add(half, bias), 23));
  p = f32x4.mul(p, i32x4.shl(i32x4.add(rest, bias), 23));
  return v128.andnot(p, f32x4.lt(x, f32x4.splat(-87.33)));
}

/** 1 / (1 + e^-x) per lane. */
// @ts-ignore: decorator
@inline
export function sigmoidF32(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, expF32(f32x4.neg(x))));
}

/**
 * tanh per lane: the odd Taylor series to x^11 below 0.35 (remainder 2e-8 of x), (1 - e) / (1 + e), e = e^-2|x|, above.
 */
// @ts-ignore: decorator
@inline
export function tanhF32(x: v128): v128 {
  const size = f32x4.abs(x);
  const e = expF32(f32x4.mul(size, f32x4.splat(-2)));
  const one = f32x4.splat(1);
  const large = f32x4.div(f32x4.sub(one, e), f32x4.add(one, e));
  const s = f32x4.mul(x, x);
  let p = f32x4.splat(<f32>(-1382.0 / 155925.0));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(<f32>(62.0 / 2835.0)));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(<f32>(-17.0 / 315.0)));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(<f32>(2.0 / 15.0)));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(<f32>(-1.0 / 3.0)));
  const small = f32x4.add(size, f32x4.mul(f32x4.mul(p, s), size));
  const value = v128.bitselect(small, large, f32x4.lt(size, f32x4.splat(0.35)));
  return v128.or(value, v128.and(x, i32x4.splat(0x80000000)));
}

/** e^x per lane in f64: as expF32 with Taylor to r^13 (remainder below 5e-18). */
// @ts-ignore: decorator
@inline
export function expF64(x: v128): v128 {
  const y = f64x2.min(f64x2.max(x, f64x2.splat(-708.0)), f64x2.splat(709.0));
  const n = f64x2.nearest(f64x2.mul(y, f64x2.splat(LOG2_E)));
  const r = f64x2.sub(f64x2.sub(y, f64x2.mul(n, f64x2.splat(LN2_HIGH))), f64x2.mul(n, f64x2.splat(LN2_LOW)));
  let p = f64x2.splat(1.0 / 6227020800.0);
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 479001600.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 39916800.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 3628800.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 362880.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 40320.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 5040.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 720.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 120.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 24.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 6.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(0.5));
  p = f64x2.add(f64x2.mul(f64x2.mul(p, r), r), r);
  p = f64x2.add(p, f64x2.splat(1));
  // 2^n: adding 1.5 * 2^52 leaves n in the low bits of the mantissa, the shift moves it into the exponent.
  const shifted = f64x2.add(n, f64x2.splat(6755399441055744.0 + 1023.0));
  return f64x2.mul(p, i64x2.shl(shifted, 52));
}

/** e^x of one number. */
// @ts-ignore: decorator
@inline
export function exp(x: f64): f64 {
  return f64x2.extract_lane(expF64(f64x2.splat(x)), 0);
}

/** tanh per lane in f64: (1 - e) / (1 + e), e = e^-2|x|. */
// @ts-ignore: decorator
@inline
export function tanhF64(x: v128): v128 {
  const e = expF64(f64x2.mul(f64x2.abs(x), f64x2.splat(-2)));
  const one = f64x2.splat(1);
  const value = f64x2.div(f64x2.sub(one, e), f64x2.add(one, e));
  return v128.or(value, v128.and(x, i64x2.splat(0x8000000000000000)));
}

/**
 * The natural logarithm of a positive normal number: x = 2^e m, m in [sqrt(1/2), sqrt(2)), and
 * ln m = 2 artanh(f), f = (m - 1) / (m + 1), by its odd series to f^21 (remainder below 1e-18).
 */
export function log(x: f64): f64 {
  let bits = reinterpret<u64>(x);
  let e = <i32>(bits >>> 52) - 1023;
  let m = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (m >= 1.4142135623730951) {
    m *= 0.5;
    e += 1;
  }
  if (!(x > 0) || x == Infinity) return x == 0 ? -Infinity : x > 0 ? x : NaN;
  const f = (m - 1.0) / (m + 1.0);
  const s = f * f;
  let p: f64 = 1.0 / 21.0;
  p = p * s + 1.0 / 19.0;
  p = p * s + 1.0 / 17.0;
  p = p * s + 1.0 / 15.0;
  p = p * s + 1.0 / 13.0;
  p = p * s + 1.0 / 11.0;
  p = p * s + 1.0 / 9.0;
  p = p * s + 1.0 / 7.0;
  p = p * s + 1.0 / 5.0;
  p = p * s + 1.0 / 3.0;
  const lnM = 2.0 * f + 2.0 * f * (s * p);
  return <f64>e * LN2_HIGH + (lnM + <f64>e * LN2_LOW);
}
