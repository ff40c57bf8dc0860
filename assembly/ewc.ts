// Elastic Weight Consolidation (Kirkpatrick et al. 2017): penalty, gradient, proximal step, Fisher consolidation.
//
//     penalty(theta) = (lambda / 2) * sum_p F[p] (theta[p] - baseline[p])^2
//
// P parameters. All terms are >= 0, so nothing cancels: terms are summed in f32 over runs (8 additions
// per lane, relative error below 12 eps32) and the runs in f64.

import { accumulate, sum2 } from "./kernels/lanes";

/** Elements per f32 run: 4 accumulators x 4 lanes x 8 terms. */
const RUN: i32 = 128;

/** `x` >= 0 as the nearest finite f32: an infinity would make NaN of a weight whose Fisher is 0. */
// @ts-ignore: decorator
@inline
function narrow(x: f64): f32 {
  return <f32>min<f64>(x, f32.MAX_VALUE);
}

/** (lambda / 2) * sum F (theta - baseline)^2. theta, baseline, fisher: f32[P]. */
export function ewcPenalty(theta: usize, baseline: usize, fisher: usize, count: i32, lambda: f64): f64 {
  let total = f64x2.splat(0);
  let p: i32 = 0;
  while (p + 16 <= count) {
    const end = min(p + RUN, count & ~15);
    let run0 = f32x4.splat(0), run1 = run0, run2 = run0, run3 = run0;
    for (; p < end; p += 16) {
      const d0 = f32x4.sub(v128.load(theta), v128.load(baseline));
      const d1 = f32x4.sub(v128.load(theta, 16), v128.load(baseline, 16));
      const d2 = f32x4.sub(v128.load(theta, 32), v128.load(baseline, 32));
      const d3 = f32x4.sub(v128.load(theta, 48), v128.load(baseline, 48));
      run0 = f32x4.add(run0, f32x4.mul(f32x4.mul(v128.load(fisher), d0), d0));
      run1 = f32x4.add(run1, f32x4.mul(f32x4.mul(v128.load(fisher, 16), d1), d1));
      run2 = f32x4.add(run2, f32x4.mul(f32x4.mul(v128.load(fisher, 32), d2), d2));
      run3 = f32x4.add(run3, f32x4.mul(f32x4.mul(v128.load(fisher, 48), d3), d3));
      theta += 64;
      baseline += 64;
      fisher += 64;
    }
    total = accumulate(total, f32x4.add(f32x4.add(run0, run1), f32x4.add(run2, run3)));
  }
  let sum = sum2(total);
  for (; p < count; p++) {
    const d = load<f32>(theta) - load<f32>(baseline);
    sum += <f64>(load<f32>(fisher) * d * d);
    theta += 4;
    baseline += 4;
    fisher += 4;
  }
  return 0.5 * lambda * sum;
}

/**
 * Adds the gradient of the penalty to `grad` and returns the penalty, reading each array once:
 *
 *     grad[p] += lambda * fisher[p] * (theta[p] - baseline[p])
 *
 * The 1/2 of the penalty cancels. grad, theta, baseline, fisher: f32[P]; grad overlaps none of them. Allocates nothing.
 */
export function ewcAddGradient(
  grad: usize, theta: usize, baseline: usize, fisher: usize, count: i32, lambda: f64,
): f64 {
  const factor = narrow(lambda);
  const strength = f32x4.splat(factor);
  let total = f64x2.splat(0);
  let p: i32 = 0;
  while (p + 16 <= count) {
    const end = min(p + RUN, count & ~15);
    let run0 = f32x4.splat(0), run1 = run0, run2 = run0, run3 = run0;
    for (; p < end; p += 16) {
      const d0 = f32x4.sub(v128.load(theta), v128.load(baseline));
      const d1 = f32x4.sub(v128.load(theta, 16), v128.load(baseline, 16));
      const d2 = f32x4.sub(v128.load(theta, 32), v128.load(baseline, 32));
      const d3 = f32x4.sub(v128.load(theta, 48), v128.load(baseline, 48));
      const pull0 = f32x4.mul(v128.load(fisher), d0);
      const pull1 = f32x4.mul(v128.load(fisher, 16), d1);
      const pull2 = f32x4.mul(v128.load(fisher, 32), d2);
      const pull3 = f32x4.mul(v128.load(fisher, 48), d3);
      run0 = f32x4.add(run0, f32x4.mul(pull0, d0));
      run1 = f32x4.add(run1, f32x4.mul(pull1, d1));
      run2 = f32x4.add(run2, f32x4.mul(pull2, d2));
      run3 = f32x4.add(run3, f32x4.mul(pull3, d3));
      v128.store(grad, f32x4.add(v128.load(grad), f32x4.mul(strength, pull0)));
      v128.store(grad, f32x4.add(v128.load(grad, 16), f32x4.mul(strength, pull1)), 16);
      v128.store(grad, f32x4.add(v128.load(grad, 32), f32x4.mul(strength, pull2)), 32);
      v128.store(grad, f32x4.add(v128.load(grad, 48), f32x4.mul(strength, pull3)), 48);
      theta += 64;
      baseline += 64;
      fisher += 64;
      grad += 64;
    }
    total = accumulate(total, f32x4.add(f32x4.add(run0, run1), f32x4.add(run2, run3)));
  }
  let sum = sum2(total);
  for (; p < count; p++) {
    const d = load<f32>(theta) - load<f32>(baseline);
    const pull = load<f32>(fisher) * d;
    sum += <f64>(pull * d);
    store<f32>(grad, load<f32>(grad) + factor * pull);
    theta += 4;
    baseline += 4;
    fisher += 4;
    grad += 4;
  }
  return 0.5 * lambda * sum;
}

/**
 * The proximal step of the penalty, in place: theta = (theta + a baseline) / (1 + a), a = strength * fisher,
 * strength = lr * lambda. It is the exact minimiser of penalty + |theta' - theta|^2 / (2 lr), hence stable for any
 * lambda. theta, baseline, fisher: f32[P].
 */
export function ewcProximalStep(theta: usize, baseline: usize, fisher: usize, count: i32, strength: f64): void {
  // Written as baseline + (theta - baseline) / (1 + a): an a that overflows to infinity lands on the baseline.
  const scale = narrow(strength);
  const factor = f32x4.splat(scale);
  const one = f32x4.splat(1);
  let p: i32 = 0;
  for (; p + 4 <= count; p += 4) {
    const anchor = v128.load(baseline);
    const d = f32x4.sub(v128.load(theta), anchor);
    const a = f32x4.mul(factor, v128.load(fisher));
    v128.store(theta, f32x4.add(anchor, f32x4.div(d, f32x4.add(one, a))));
    theta += 16;
    baseline += 16;
    fisher += 16;
  }
  for (; p < count; p++) {
    const anchor = load<f32>(baseline);
    const a = scale * load<f32>(fisher);
    store<f32>(theta, anchor + (load<f32>(theta) - anchor) / (1 + a));
    theta += 4;
    baseline += 4;
    fisher += 4;
  }
}

/** fisher[p] = keep * fisher[p] + gain * fresh[p]. fisher, fresh: f32[P]. */
export function fisherConsolidate(fisher: usize, fresh: usize, count: i32, keep: f32, gain: f32): void {
  const a = f32x4.splat(keep);
  const b = f32x4.splat(gain);
  let p: i32 = 0;
  for (; p + 4 <= count; p += 4) {
    v128.store(fisher, f32x4.add(f32x4.mul(a, v128.load(fisher)), f32x4.mul(b, v128.load(fresh))));
    fisher += 16;
    fresh += 16;
  }
  for (; p < count; p++) {
    store<f32>(fisher, keep * load<f32>(fisher) + gain * load<f32>(fresh));
    fisher += 4;
    fresh += 4;
  }
}

/** out[p] = mean over rows of g[s][p]^2, accumulated in f64. out: f32[P]; g: f32[S x P]. */
export function meanSquares(out: usize, g: usize, samples: i32, count: i32): void {
  const width = <usize>count << 2;
  const inverse = 1.0 / <f64>samples;
  for (let p: i32 = 0; p < count; p++) {
    let total: f64 = 0;
    let at = g + (<usize>p << 2);
    for (let s: i32 = 0; s < samples; s++) {
      const value = <f64>load<f32>(at);
      total += value * value;
      at += width;
    }
    store<f32>(out + (<usize>p << 2), <f32>(total * inverse));
  }
}

/** Sum of x in f64. x: f32[P]. */
export function sum(x: usize, count: i32): f64 {
  let total = f64x2.splat(0);
  let p: i32 = 0;
  for (; p + 4 <= count; p += 4) {
    total = accumulate(total, v128.load(x));
    x += 16;
  }
  let result = sum2(total);
  for (; p < count; p++) {
    result += <f64>load<f32>(x);
    x += 4;
  }
  return result;
}
