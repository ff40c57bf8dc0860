// The optimisers on one flat block of P parameters, in place, and clipping by the global norm.
// p = parameters, g = gradient, v and m = the optimiser's own state, all f64[P].

/** Numbers that `adamwStep` takes besides the learning rate. */
export interface AdamwOptions {
  /** 0.9 when absent. */
  beta1?: number;
  /** 0.999 when absent. */
  beta2?: number;
  /** 1e-8 when absent. */
  epsilon?: number;
  /** 0 when absent. */
  weightDecay?: number;
}

/** p -= lr (g + weightDecay p). */
export function sgdStep(p: Float64Array, g: ArrayLike<number>, lr: number, weightDecay = 0): void {
  for (let k = 0; k < p.length; k++) p[k]! -= lr * (g[k]! + weightDecay * p[k]!);
}

/** v = momentum v + g + weightDecay p; p -= lr v. v starts as 0. */
export function momentumStep(
  p: Float64Array,
  v: Float64Array,
  g: ArrayLike<number>,
  lr: number,
  momentum: number,
  weightDecay = 0,
): void {
  for (let k = 0; k < p.length; k++) {
    v[k] = momentum * v[k]! + g[k]! + weightDecay * p[k]!;
    p[k]! -= lr * v[k]!;
  }
}

/**
 * One step of AdamW (Loshchilov & Hutter 2019, algorithm 2; the decay is multiplied by lr):
 *
 *     m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2
 *     p -= lr weightDecay p
 *     p -= lr (m / (1 - beta1^step)) / (sqrt(v / (1 - beta2^step)) + epsilon)
 *
 * m and v start as 0. step: 1 in the first call, then one more in each.
 */
export function adamwStep(
  p: Float64Array,
  m: Float64Array,
  v: Float64Array,
  g: ArrayLike<number>,
  step: number,
  lr: number,
  options: AdamwOptions = {},
): void {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 } = options;
  for (let k = 0; k < p.length; k++) {
    m[k] = beta1 * m[k]! + (1 - beta1) * g[k]!;
    v[k] = beta2 * v[k]! + (1 - beta2) * g[k]! * g[k]!;
    const mean = m[k]! / (1 - beta1 ** step);
    const meanSquare = v[k]! / (1 - beta2 ** step);
    p[k]! -= lr * weightDecay * p[k]!;
    p[k]! -= (lr * mean) / (Math.sqrt(meanSquare) + epsilon);
  }
}

/**
 * Scales g in place by min(1, clipNorm / norm), norm = sqrt(sum(g^2)), and returns the norm from
 * before. A zero gradient stays zero. clipNorm: above 0.
 */
export function clipByGlobalNorm(g: Float64Array, clipNorm: number): number {
  let squares = 0;
  for (const value of g) squares += value * value;
  const norm = Math.sqrt(squares);
  if (norm > clipNorm) {
    for (let k = 0; k < g.length; k++) g[k]! *= clipNorm / norm;
  }
  return norm;
}
