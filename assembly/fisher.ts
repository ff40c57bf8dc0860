// The diagonal of the Fisher information, three ways for built-in networks and by callback for any loss.
//
//     F[p] = mean over samples of (dL_s / dtheta_p)^2
//
// analytic            exact per-sample gradients, squared inside the matrix products (network.ts)
// finite differences  fisher-structured.ts
// callback            central differences of a loss that lives outside; this file
//
// The labels of the loss are the data's own (`empirical`), or the model's: `exact` takes the expectation over the
// distribution the model predicts, `sampled` one draw from it. The model's distribution is categorical for softmax
// cross-entropy, Bernoulli for binary cross-entropy, and normal with variance 1/2 for mse (whose loss is then the
// negative log likelihood up to a constant). P parameters, S samples, o outputs.

import { exp } from "./kernels/elementary";
import { loss, softmax } from "./kernels/loss";
import { outputsOf } from "./evaluate";
import { backward, forward, inputSize, outputGradient, outputSize } from "./network";
import { normal, uniform } from "./random";
import {
  EVALUATION_ROWS, LABELS_EMPIRICAL, LABELS_EXACT, LOSS_BINARY_CROSS_ENTROPY, LOSS_NEGATIVE_SHARPE, LOSS_SOFTMAX,
  NETWORK_COST, NETWORK_LOSS,
} from "./layout";

/** The loss of sample `index` at the weights that stand in the theta block: the only call out of the core. */
// @ts-ignore: decorator
@external("env", "sampleLoss")
declare function sampleLoss(index: i32): f64;

/** Step of a central difference relative to the weight: cbrt(2^-52) balances truncation and rounding. */
export const GRADIENT_STEP: f64 = 6.0554544523933395e-6;
/** Step of a second difference: the fourth root of 2^-52. */
const CURVATURE_STEP: f64 = 1.220703125e-4;

/**
 * fisher[p] = mean_s ((L_s(theta + h e_p) - L_s(theta - h e_p)) / 2h)^2, h = cbrt(eps64) max(1, |theta_p|).
 * fisher, theta: f64[P]; theta is moved while it runs and restored. Returns -1, or the index of the first weight at
 * which a loss was not finite.
 */
export function fisherCallback(fisher: usize, theta: usize, count: i32, samples: i32): i32 {
  for (let p: i32 = 0; p < count; p++) {
    const at = theta + (<usize>p << 3);
    const kept = load<f64>(at);
    const h = GRADIENT_STEP * max(1.0, abs(kept));
    let total: f64 = 0;
    for (let s: i32 = 0; s < samples; s++) {
      store<f64>(at, kept + h);
      const above = sampleLoss(s);
      store<f64>(at, kept - h);
      const g = (above - sampleLoss(s)) / (2 * h);
      total += g * g;
    }
    store<f64>(at, kept);
    if (!isFinite(total)) return p;
    store<f64>(fisher + (<usize>p << 3), total / <f64>samples);
  }
  return -1;
}

/** Mean loss over the samples at the present theta. */
function meanLoss(samples: i32): f64 {
  let total: f64 = 0;
  for (let s: i32 = 0; s < samples; s++) total += sampleLoss(s);
  return total / <f64>samples;
}

/**
 * fisher[p] = |L(theta + h e_p) - 2 L(theta) + L(theta - h e_p)| / h^2 of the mean loss, h = eps64^(1/4) max(1,
 * |theta_p|).
 * Arguments and result as `fisherCallback`.
 */
export function curvatureCallback(fisher: usize, theta: usize, count: i32, samples: i32): i32 {
  const center = meanLoss(samples);
  for (let p: i32 = 0; p < count; p++) {
    const at = theta + (<usize>p << 3);
    const kept = load<f64>(at);
    const h = CURVATURE_STEP * max(1.0, abs(kept));
    store<f64>(at, kept + h);
    const above = meanLoss(samples);
    store<f64>(at, kept - h);
    const bend = (above - 2 * center + meanLoss(samples)) / (h * h);
    store<f64>(at, kept);
    if (!isFinite(bend)) return p;
    store<f64>(fisher + (<usize>p << 3), abs(bend));
  }
  return -1;
}

// @ts-ignore: decorator
@inline
function sigmoid(z: f64): f64 {
  const e = exp(-abs(z));
  return (z >= 0 ? 1.0 : e) / (1.0 + e);
}

/** d of one row when the model's own label is class (or output) `c`, times the root of its probability. */
function expectedRow(d: usize, z: usize, o: i32, kind: i32, c: i32): void {
  const at = <usize>c << 2;
  if (kind == LOSS_SOFTMAX) {
    softmax(d, z, o);
    const root = <f32>Math.sqrt(<f64>load<f32>(d + at));
    store<f32>(d + at, load<f32>(d + at) - 1);
    for (let k: usize = 0, end = <usize>o << 2; k < end; k += 4) store<f32>(d + k, root * load<f32>(d + k));
    return;
  }
  // Outputs are independent: E[(dL/dtheta)^2] = sum_k Var_k (dz_k/dtheta)^2, with Var = p (1 - p), or 4 / 2 for mse.
  memory.fill(d, 0, <usize>o << 2);
  const p = sigmoid(<f64>load<f32>(z + at));
  store<f32>(d + at, <f32>Math.sqrt(kind == LOSS_BINARY_CROSS_ENTROPY ? p * (1 - p) : 2.0));
}

/** d of one row for a label drawn from the model's distribution. */
function sampledRow(d: usize, z: usize, o: i32, kind: i32, random: usize): void {
  const end = <usize>o << 2;
  if (kind == LOSS_SOFTMAX) {
    softmax(d, z, o);
    let left = uniform(random);
    let k: usize = 0;
    while (k < end - 4 && left >= <f64>load<f32>(d + k)) {
      left -= <f64>load<f32>(d + k);
      k += 4;
    }
    store<f32>(d + k, load<f32>(d + k) - 1);
    return;
  }
  for (let k: usize = 0; k < end; k += 4) {
    const p = sigmoid(<f64>load<f32>(z + k));
    const g = kind == LOSS_BINARY_CROSS_ENTROPY
      ? p - (uniform(random) < p ? 1.0 : 0.0)
      : 1.4142135623730951 * normal(random); // 2 (y - t), t normal around y with variance 1/2
    store<f32>(d + k, <f32>g);
  }
}

/**
 * Adds the sums of squared per-sample gradients of all rows to fBase and fAdapter (either may be 0), laid out as the
 * parameter blocks. The caller clears them before and divides by `rows` after.
 *
 * inputs, labels: f32[rows x ...]; labelKind: LABELS_*; random: generator state (sampled only); outputs:
 * f32[2 x rows x o] and pnl: f64[rows] scratch for negative Sharpe, which couples all rows: its per-sample gradient is
 * that of the batch loss with respect to the row's output, times `rows`; workspace for EVALUATION_ROWS rows; squares:
 * `squaresBytes` for as many.
 */
export function fisherAnalytic(
  fBase: usize, fAdapter: usize, network: usize, base: usize, adapter: usize, inputs: usize, labels: usize, rows: i32,
  labelKind: i32, random: usize, outputs: usize, pnl: usize, workspace: usize, squares: usize,
): void {
  const kind = load<i32>(network, NETWORK_LOSS);
  const i = inputSize(network);
  const o = outputSize(network);
  const width = <usize>o << 2;
  const coupled = kind == LOSS_NEGATIVE_SHARPE;
  if (coupled) rowGradients(outputs, network, base, adapter, inputs, labels, rows, pnl, workspace);
  const passes = labelKind == LABELS_EXACT ? o : 1;
  for (let from: i32 = 0; from < rows; from += EVALUATION_ROWS) {
    const n = min(EVALUATION_ROWS, rows - from);
    const z = forward(network, base, adapter, inputs + (<usize>from * i << 2), n, workspace);
    const d = outputGradient(network, n, workspace);
    for (let c: i32 = 0; c < passes; c++) {
      if (coupled) {
        memory.copy(d, outputs + <usize>from * width, <usize>n * width);
      } else if (labelKind == LABELS_EMPIRICAL) {
        loss(d, z, labels + <usize>from * width, 0, pnl, n, o, kind, 0, n, true);
      } else {
        for (let s: usize = 0; s < <usize>n; s++) {
          if (labelKind == LABELS_EXACT) expectedRow(d + s * width, z + s * width, o, kind, c);
          else sampledRow(d + s * width, z + s * width, o, kind, random);
        }
      }
      backward(network, base, adapter, fBase, fAdapter, n, workspace, squares);
    }
  }
}

/**
 * d = rows * gradient of negative Sharpe with respect to every output. d: f32[2 x rows x o], the second half scratch.
 */
export function rowGradients(
  d: usize, network: usize, base: usize, adapter: usize, inputs: usize, labels: usize, rows: i32, pnl: usize,
  workspace: usize,
): void {
  const o = outputSize(network);
  const positions = d + (<usize>rows * o << 2); // the second half of the block
  outputsOf(positions, network, base, adapter, inputs, rows, workspace);
  loss(d, positions, labels, 0, pnl, rows, o, LOSS_NEGATIVE_SHARPE, load<f64>(network, NETWORK_COST), rows, true);
}
