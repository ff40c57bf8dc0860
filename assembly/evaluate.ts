// The loss of a network over any number of samples, in bounded workspace.

import { activate } from "./kernels/activation";
import { loss } from "./kernels/loss";
import { forward, inputSize, outputSize } from "./network";
import { ACTIVATION_SIGMOID, EVALUATION_ROWS, NETWORK_COST, NETWORK_FUSED, NETWORK_LOSS } from "./layout";

/**
 * Runs all rows through the network, EVALUATION_ROWS at a time, and keeps what the loss reads.
 * outputs: f32[rows x outputSize]; inputs: f32[rows x inputSize]; workspace for min(rows, EVALUATION_ROWS) rows.
 */
export function outputsOf(
  outputs: usize, network: usize, base: usize, adapter: usize, inputs: usize, rows: i32, workspace: usize,
): void {
  const i = inputSize(network);
  const o = outputSize(network);
  for (let from: i32 = 0; from < rows; from += EVALUATION_ROWS) {
    const count = min(EVALUATION_ROWS, rows - from);
    const y = forward(network, base, adapter, inputs + (<usize>from * i << 2), count, workspace);
    memory.copy(outputs + (<usize>from * o << 2), y, <usize>count * o << 2);
  }
}

/**
 * As `outputsOf`, but always with the last activation: what a user calls the output.
 * outputs: f32[rows x outputSize]; workspace for min(rows, EVALUATION_ROWS) rows.
 */
export function predict(
  outputs: usize, network: usize, base: usize, adapter: usize, inputs: usize, rows: i32, workspace: usize,
): void {
  outputsOf(outputs, network, base, adapter, inputs, rows, workspace);
  if (load<i32>(network, NETWORK_FUSED)) activate(ACTIVATION_SIGMOID, outputs, outputs, rows * outputSize(network));
}

/** The network's loss over rows >= 1 samples, in f64. Scratch as in `outputsOf`; pnl: f64[rows]. */
export function evaluate(
  network: usize, base: usize, adapter: usize, inputs: usize, labels: usize, weights: usize, rows: i32,
  outputs: usize, pnl: usize, workspace: usize,
): f64 {
  outputsOf(outputs, network, base, adapter, inputs, rows, workspace);
  return loss(
    0, outputs, labels, weights, pnl, rows, outputSize(network),
    load<i32>(network, NETWORK_LOSS), load<f64>(network, NETWORK_COST), rows, false);
}
