// Activations of a dense layer and their derivatives, element by element.
//
// gelu is the tanh form of Hendrycks & Gimpel 2016: 0.5 z (1 + tanh(sqrt(2/pi) (z + 0.044715 z^3))).

import {
  ACTIVATION_GELU, ACTIVATION_IDENTITY, ACTIVATION_RELU, ACTIVATION_SIGMOID, ACTIVATION_TANH,
} from "../layout";
import { sigmoidF32, tanhF32, tanhF64 } from "./elementary";

const GELU_SLOPE: f64 = 0.7978845608028654; // sqrt(2 / pi)
const GELU_CUBIC: f64 = 0.044715;
/** From here on the slope of gelu is 0 or 1 in f32. */
const GELU_FLAT: f32 = 16;

/** tanh of the gelu polynomial. */
// @ts-ignore: decorator
@inline
function geluTanh(z: v128): v128 {
  const cubic = f32x4.mul(f32x4.mul(f32x4.mul(z, z), z), f32x4.splat(<f32>GELU_CUBIC));
  return tanhF32(f32x4.mul(f32x4.add(z, cubic), f32x4.splat(<f32>GELU_SLOPE)));
}

// @ts-ignore: decorator
@inline
function value(kind: i32, z: v128): v128 {
  if (kind == ACTIVATION_RELU) return f32x4.max(z, f32x4.splat(0)); // max, not pmax: NaN stays NaN
  if (kind == ACTIVATION_TANH) return tanhF32(z);
  if (kind == ACTIVATION_SIGMOID) return sigmoidF32(z);
  if (kind != ACTIVATION_GELU) return z; // identity
  const half = f32x4.mul(z, f32x4.splat(0.5));
  return f32x4.add(half, f32x4.mul(half, geluTanh(z)));
}

/** The derivative, from the input z and the value y. */
// @ts-ignore: decorator
@inline
function slope(kind: i32, z: v128, y: v128): v128 {
  const one = f32x4.splat(1);
  if (kind == ACTIVATION_RELU) return v128.and(f32x4.gt(z, f32x4.splat(0)), one);
  if (kind == ACTIVATION_TANH) return f32x4.sub(one, f32x4.mul(y, y));
  if (kind == ACTIVATION_SIGMOID) return f32x4.mul(y, f32x4.sub(one, y));
  if (kind != ACTIVATION_GELU) return one; // identity
  // z^2 of a huge z overflows, and 0 times infinity is NaN.
  z = f32x4.min(f32x4.max(z, f32x4.splat(-GELU_FLAT)), f32x4.splat(GELU_FLAT));
  const t = geluTanh(z);
  const half = f32x4.splat(0.5);
  const inner = f32x4.mul(
    f32x4.add(one, f32x4.mul(f32x4.mul(z, z), f32x4.splat(<f32>(3.0 * GELU_CUBIC)))), f32x4.splat(<f32>GELU_SLOPE));
  const bend = f32x4.mul(f32x4.mul(f32x4.mul(z, half), f32x4.sub(one, f32x4.mul(t, t))), inner);
  return f32x4.add(f32x4.mul(half, f32x4.add(one, t)), bend);
}

/** y[i] = activation(z[i]). y, z: f32[n]; y may be z. */
export function activate(kind: i32, y: usize, z: usize, n: i32): void {
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) {
    v128.store(y, value(kind, v128.load(z)));
    y += 16;
    z += 16;
  }
  for (; i < n; i++) {
    store<f32>(y, f32x4.extract_lane(value(kind, v128.load32_splat(z)), 0));
    y += 4;
    z += 4;
  }
}

/** d[i] *= activation'(z[i]), where y[i] = activation(z[i]). d, z, y: f32[n]. */
export function activateBackward(kind: i32, d: usize, z: usize, y: usize, n: i32): void {
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) {
    v128.store(d, f32x4.mul(v128.load(d), slope(kind, v128.load(z), v128.load(y))));
    d += 16;
    z += 16;
    y += 16;
  }
  for (; i < n; i++) {
    const factor = f32x4.extract_lane(slope(kind, v128.load32_splat(z), v128.load32_splat(y)), 0);
    store<f32>(d, load<f32>(d) * factor);
    d += 4;
    z += 4;
    y += 4;
  }
}

/** The activation in f64, per lane; used where finite differences need all the digits. */
export function activateF64(kind: i32, z: v128): v128 {
  if (kind == ACTIVATION_IDENTITY) return z;
  if (kind == ACTIVATION_RELU) return f64x2.max(z, f64x2.splat(0));
  if (kind == ACTIVATION_TANH) return tanhF64(z);
  if (kind == ACTIVATION_SIGMOID) {
    // sigmoid(z) = (1 + tanh(z/2)) / 2, which cannot overflow
    const t = tanhF64(f64x2.mul(z, f64x2.splat(0.5)));
    return f64x2.mul(f64x2.splat(0.5), f64x2.add(f64x2.splat(1), t));
  }
  const cubic = f64x2.mul(f64x2.mul(f64x2.mul(z, z), z), f64x2.splat(GELU_CUBIC));
  const t = tanhF64(f64x2.mul(f64x2.add(z, cubic), f64x2.splat(GELU_SLOPE)));
  return f64x2.mul(f64x2.mul(z, f64x2.splat(0.5)), f64x2.add(f64x2.splat(1), t));
}
