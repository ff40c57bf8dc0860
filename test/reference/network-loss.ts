// The loss of a network on a batch, and its gradients.
// Letters: n rows, i network inputs, o network outputs.

import { type LossName, lossAndGradient, perRowLoss, type RowLossName } from "./loss.ts";
import type { NegativeSharpeOptions } from "./negative-sharpe.ts";
import { backward, forward, type Layer, type LayerGradient, type LayerTrace } from "./network.ts";

/** Rows to learn from or to judge on. */
export interface Batch {
  count: number;
  /** [n x i] */
  input: ArrayLike<number>;
  /** [n x o] */
  label: ArrayLike<number>;
  /** [n]; all 1 when absent. */
  rowWeight?: ArrayLike<number>;
}

/** The loss of a network with everything the two passes made. */
export interface NetworkLoss {
  value: number;
  traces: LayerTrace[];
  gradients: LayerGradient[];
}

/**
 * Tells whether the loss reads the last pre-activation: `binary-cross-entropy` behind a sigmoid
 * does, since it takes logits. Every other pair reads the last output.
 */
export function lossReadsPreActivation(layers: readonly Layer[], loss: LossName): boolean {
  return loss === "binary-cross-entropy" && layers[layers.length - 1]!.activation === "sigmoid";
}

/** Returns the matrix [n x o] which the loss reads: the last output, or the logits behind it. */
export function lossInput(
  layers: readonly Layer[],
  traces: readonly LayerTrace[],
  loss: LossName,
): Float64Array {
  const last = traces[traces.length - 1]!;
  return lossReadsPreActivation(layers, loss) ? last.z : last.output;
}

/** Returns n ones, the row weights of an unweighted batch. */
export function unitRowWeights(n: number): Float64Array {
  return new Float64Array(n).fill(1);
}

/** Returns the loss of the batch (`lossAndGradient`) and its gradients (`backward`). */
export function networkLoss(
  layers: readonly Layer[],
  batch: Batch,
  loss: LossName,
  options: NegativeSharpeOptions = {},
): NetworkLoss {
  const n = batch.count;
  const o = layers[layers.length - 1]!.outputSize;
  const w = batch.rowWeight ?? unitRowWeights(n);
  const traces = forward(layers, batch.input, n);
  const z = lossInput(layers, traces, loss);
  const { value, dZ } = lossAndGradient(loss, z, batch.label, w, n, o, options);
  const onPreActivation = lossReadsPreActivation(layers, loss);
  return { value, traces, gradients: backward(layers, traces, dZ, n, onPreActivation) };
}

/** Returns the loss of every row (`perRowLoss`), unweighted. Allocates f64[n]. */
export function networkPerRowLoss(
  layers: readonly Layer[],
  batch: Batch,
  loss: RowLossName,
): Float64Array {
  const z = lossInput(layers, forward(layers, batch.input, batch.count), loss);
  return perRowLoss(loss, z, batch.label, batch.count, layers[layers.length - 1]!.outputSize);
}
