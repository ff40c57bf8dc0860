// One move of an optimiser on a flat parameter block. P parameters.
//
// `scale` is the factor of gradient clipping; it is applied on the fly so that the gradient is read only once.

/** theta -= lr (scale g + decay theta). theta, g: f32[P]. */
export function sgd(theta: usize, g: usize, count: i32, lr: f32, scale: f32, decay: f32): void {
  const rate = f32x4.splat(lr * scale);
  const keep = f32x4.splat(1 - lr * decay);
  let p: i32 = 0;
  if (decay == 0) {
    for (; p + 4 <= count; p += 4) {
      v128.store(theta, f32x4.sub(v128.load(theta), f32x4.mul(rate, v128.load(g))));
      theta += 16;
      g += 16;
    }
  } else {
    for (; p + 4 <= count; p += 4) {
      v128.store(theta, f32x4.sub(f32x4.mul(keep, v128.load(theta)), f32x4.mul(rate, v128.load(g))));
      theta += 16;
      g += 16;
    }
  }
  for (; p < count; p++) {
    store<f32>(theta, (1 - lr * decay) * load<f32>(theta) - lr * scale * load<f32>(g));
    theta += 4;
    g += 4;
  }
}

/** v = mu v + scale g + decay theta; theta -= lr v (heavy ball, Polyak 1964). theta, g, v: f32[P]. */
export function momentum(
  theta: usize, g: usize, v: usize, count: i32, lr: f32, mu: f32, scale: f32, decay: f32,
): void {
  const rate = f32x4.splat(lr);
  const memory = f32x4.splat(mu);
  const clip = f32x4.splat(scale);
  const shrink = f32x4.splat(decay);
  let p: i32 = 0;
  for (; p + 4 <= count; p += 4) {
    const here = v128.load(theta);
    const force = f32x4.add(f32x4.mul(clip, v128.load(g)), f32x4.mul(shrink, here));
    const speed = f32x4.add(f32x4.mul(memory, v128.load(v)), force);
    v128.store(v, speed);
    v128.store(theta, f32x4.sub(here, f32x4.mul(rate, speed)));
    theta += 16;
    g += 16;
    v += 16;
  }
  for (; p < count; p++) {
    const here = load<f32>(theta);
    const speed = mu * load<f32>(v) + (scale * load<f32>(g) + decay * here);
    store<f32>(v, speed);
    store<f32>(theta, here - lr * speed);
    theta += 4;
    g += 4;
    v += 4;
  }
}

/**
 * AdamW (Loshchilov & Hutter 2019), decoupled decay and bias correction:
 *
 *     m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2
 *     theta = (1 - lr decay) theta - lr (m / c1) / (sqrt(v / c2) + 1e-8),  c = 1 - beta^step
 *
 * theta, g, m, v: f32[P]; step counts from 1; power1, power2 = beta1^step, beta2^step.
 */
export function adamw(
  theta: usize, g: usize, m: usize, v: usize, count: i32,
  lr: f64, beta1: f64, beta2: f64, power1: f64, power2: f64, scale: f32, decay: f64,
): void {
  const c1 = f32x4.splat(<f32>(lr / (1 - power1)));
  const c2 = f32x4.splat(<f32>(1 / (1 - power2)));
  const keep = f32x4.splat(<f32>(1 - lr * decay));
  const b1 = f32x4.splat(<f32>beta1);
  const b2 = f32x4.splat(<f32>beta2);
  const a1 = f32x4.splat(<f32>(1 - beta1));
  const a2 = f32x4.splat(<f32>(1 - beta2));
  const clip = f32x4.splat(scale);
  const tiny = f32x4.splat(1e-8);
  let p: i32 = 0;
  for (; p < count; p += 4) {
    const whole = p + 4 <= count;
    const force = f32x4.mul(clip, whole ? v128.load(g) : v128.load32_splat(g));
    const first = f32x4.add(f32x4.mul(b1, whole ? v128.load(m) : v128.load32_splat(m)), f32x4.mul(a1, force));
    const second = f32x4.add(
      f32x4.mul(b2, whole ? v128.load(v) : v128.load32_splat(v)), f32x4.mul(a2, f32x4.mul(force, force)));
    const move = f32x4.div(
      f32x4.mul(c1, first), f32x4.add(f32x4.sqrt(f32x4.mul(c2, second)), tiny));
    const next = f32x4.sub(f32x4.mul(keep, whole ? v128.load(theta) : v128.load32_splat(theta)), move);
    if (whole) {
      v128.store(m, first);
      v128.store(v, second);
      v128.store(theta, next);
      theta += 16;
      g += 16;
      m += 16;
      v += 16;
    } else {
      v128.store32_lane(m, first, 0);
      v128.store32_lane(v, second, 0);
      v128.store32_lane(theta, next, 0);
      theta += 4;
      g += 4;
      m += 4;
      v += 4;
      p -= 3; // one element was done, not four
    }
  }
}
