// Elastic weight consolidation: penalty, gradient, proximal step, and how Fishers add up.
// theta = weights, baseline = reference weights, fisher = importances, all [P].

/** Returns (lambda/2) sum_p fisher_p (theta_p - baseline_p)^2, Kirkpatrick et al. 2017. */
export function ewcPenalty(
  theta: ArrayLike<number>,
  baseline: ArrayLike<number>,
  fisher: ArrayLike<number>,
  lambda: number,
): number {
  let sum = 0;
  for (let p = 0; p < theta.length; p++) sum += fisher[p]! * (theta[p]! - baseline[p]!) ** 2;
  return (lambda / 2) * sum;
}

/** grad_p += lambda fisher_p (theta_p - baseline_p), the gradient of `ewcPenalty`, in place. */
export function addEwcGradient(
  grad: Float64Array,
  theta: ArrayLike<number>,
  baseline: ArrayLike<number>,
  fisher: ArrayLike<number>,
  lambda: number,
): void {
  for (let p = 0; p < grad.length; p++)
    grad[p]! += lambda * fisher[p]! * (theta[p]! - baseline[p]!);
}

/**
 * Moves theta towards the baseline, in place:
 *
 *     theta_p = (theta_p + a_p baseline_p) / (1 + a_p),  a_p = lr lambda fisher_p
 *
 * This minimises penalty(x) + |x - theta|^2 / (2 lr), so it is stable for any lambda >= 0.
 */
export function ewcProximalStep(
  theta: Float64Array,
  baseline: ArrayLike<number>,
  fisher: ArrayLike<number>,
  lr: number,
  lambda: number,
): void {
  for (let p = 0; p < theta.length; p++) {
    const a = lr * lambda * fisher[p]!;
    theta[p] = (theta[p]! + a * baseline[p]!) / (1 + a);
  }
}

/** fisher = gamma fisher + added, in place. gamma: 0 to 1. */
export function consolidateSum(
  fisher: Float64Array,
  added: ArrayLike<number>,
  gamma: number,
): void {
  for (let p = 0; p < fisher.length; p++) fisher[p] = gamma * fisher[p]! + added[p]!;
}

/**
 * fisher = gamma fisher + (1 - gamma) added, in place; fisher starts as 0. What is stored is
 * biased towards 0: read it through `correctedEma`. gamma: at least 0 and below 1.
 */
export function consolidateEma(
  fisher: Float64Array,
  added: ArrayLike<number>,
  gamma: number,
): void {
  for (let p = 0; p < fisher.length; p++) {
    fisher[p] = gamma * fisher[p]! + (1 - gamma) * added[p]!;
  }
}

/** Returns fisher / (1 - gamma^updates): the stored average freed of its zero start. */
export function correctedEma(
  fisher: ArrayLike<number>,
  gamma: number,
  updates: number,
): Float64Array {
  return Float64Array.from(fisher, (value) => value / (1 - gamma ** updates));
}

/** Divides by the mean, in place, so that the mean is 1. A mean of 0 changes nothing. */
export function normalizeToMeanOne(fisher: Float64Array): void {
  let sum = 0;
  for (const value of fisher) sum += value;
  const mean = sum / fisher.length;
  if (!(mean > 0)) return;
  for (let p = 0; p < fisher.length; p++) fisher[p]! /= mean;
}
