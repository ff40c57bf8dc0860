// EWC penalty and gradient in plain JavaScript, in one pass.

/** grad += lambda F (theta - baseline); returns (lambda / 2) sum F (theta - baseline)^2. */
export function plainEwcAddGradient(
  grad: Float32Array,
  theta: Float32Array,
  baseline: Float32Array,
  fisher: Float32Array,
  lambda: number,
): number {
  let sum = 0;
  for (let p = 0; p < grad.length; p++) {
    const distance = theta[p]! - baseline[p]!;
    const pull = fisher[p]! * distance;
    sum += pull * distance;
    grad[p] = grad[p]! + lambda * pull;
  }
  return 0.5 * lambda * sum;
}
