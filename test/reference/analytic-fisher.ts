// The diagonal Fisher information of a network from exact gradients, row by row.
// Letters: S rows, o outputs, P trainable numbers in the order of `parameters.ts`.

import { sigmoid } from "./activation.ts";
import { type LossName, lossAndGradient, softmax } from "./loss.ts";
import type { NegativeSharpeOptions } from "./negative-sharpe.ts";
import { backward, forward, type Layer, type LayerTrace } from "./network.ts";
import { type Batch, lossInput, lossReadsPreActivation, unitRowWeights } from "./network-loss.ts";
import { flatten, gradientTensors, parameterTensors, type Trainable } from "./parameters.ts";

/** `empirical`: the given labels. `exact`: the expectation over the model's own labels. */
export type FisherLabels = "empirical" | "exact";

/** One direction of a row's gradient with the weight its square has in the row's Fisher. */
interface Direction {
  weight: number;
  /** Gradient with respect to what the loss reads, [o]. */
  dZ: number[];
}

/** dZ of the empirical Fisher: the row's own gradient, for every row, [S x o]. */
function empiricalGradients(
  layers: readonly Layer[],
  traces: readonly LayerTrace[],
  batch: Batch,
  loss: LossName,
  options: NegativeSharpeOptions,
): Float64Array {
  const n = batch.count;
  const o = layers[layers.length - 1]!.outputSize;
  const z = lossInput(layers, traces, loss);
  const { dZ } = lossAndGradient(loss, z, batch.label, unitRowWeights(n), n, o, options);
  // The batch loss is a mean over rows: times n gives back the gradient of one row. For
  // negative-sharpe it is the row-wise linearisation with dL/dz frozen at the current outputs.
  return dZ.map((value) => value * n);
}

/** One direction per class c: weight softmax(z)_c, gradient softmax(z) - onehot(c). */
function softmaxDirections(z: number[]): Direction[] {
  const probabilities = softmax(z);
  return probabilities.map((weight, label) => ({
    weight,
    dZ: probabilities.map((probability, k) => probability - (k === label ? 1 : 0)),
  }));
}

/** One direction per outcome in {0, 1}^o: weight its probability, gradient sigmoid(z) - outcome. */
function binaryDirections(z: number[]): Direction[] {
  const directions: Direction[] = [];
  for (let outcome = 0; outcome < 2 ** z.length; outcome++) {
    let weight = 1;
    const dZ = z.map((logit, k) => {
      const label = (outcome >>> k) & 1;
      weight *= label === 1 ? sigmoid(logit) : sigmoid(-logit);
      return sigmoid(logit) - label;
    });
    directions.push({ weight, dZ });
  }
  return directions;
}

/**
 * One direction per output k: weight 2, gradient dz_k. The squared error is the negative log
 * likelihood of a Gaussian with variance 1/2 and E[(2 e_k)^2] = 4 / 2.
 */
function gaussianDirections(z: number[]): Direction[] {
  return z.map((_, output) => ({ weight: 2, dZ: z.map((_, k) => (k === output ? 1 : 0)) }));
}

function exactDirections(loss: LossName, z: number[]): Direction[] {
  if (loss === "softmax-cross-entropy") return softmaxDirections(z);
  if (loss === "binary-cross-entropy") return binaryDirections(z);
  if (loss === "mse") return gaussianDirections(z);
  throw new RangeError(`Expected a loss with a label distribution of its own, got ${loss}.`);
}

/**
 * Returns the mean over the rows of the squared gradients of single rows, f64[P]:
 *
 *     empirical  F_p = (1/S) sum_s (d rowLoss_s / dtheta_p)^2
 *     exact      F_p = (1/S) sum_s E_label[(d rowLoss_s(label) / dtheta_p)^2]
 *
 * The expectation is an enumeration: over the classes for softmax-cross-entropy, over all 2^o
 * outcomes for binary-cross-entropy (o at most 30), and in closed form for mse, sum_k 2
 * (dz_k / dtheta_p)^2. For negative-sharpe (empirical only) the gradient of row s is
 * S (dL/dz_s) dz_s/dtheta, with dL/dz_s taken once on the whole batch. Row weights are ignored.
 * Throws a RangeError for `exact` on huber and negative-sharpe, which name no distribution.
 */
export function analyticFisher(
  layers: readonly Layer[],
  batch: Batch,
  loss: LossName,
  labels: FisherLabels,
  trainable: Trainable,
  options: NegativeSharpeOptions = {},
): Float64Array {
  const { inputSize } = layers[0]!;
  const o = layers[layers.length - 1]!.outputSize;
  const allTraces = forward(layers, batch.input, batch.count);
  const z = Array.from(lossInput(layers, allTraces, loss));
  const own = empiricalGradients(layers, allTraces, batch, loss, options);
  const onPreActivation = lossReadsPreActivation(layers, loss);
  const input = Float64Array.from(batch.input);
  const fisher = new Float64Array(flatten(parameterTensors(layers, trainable)).length);
  for (let s = 0; s < batch.count; s++) {
    const traces = forward(layers, input.subarray(s * inputSize, (s + 1) * inputSize), 1);
    const directions: Direction[] =
      labels === "exact"
        ? exactDirections(loss, z.slice(s * o, (s + 1) * o))
        : [{ weight: 1, dZ: Array.from(own.subarray(s * o, (s + 1) * o)) }];
    for (const { weight, dZ } of directions) {
      const gradients = backward(layers, traces, Float64Array.from(dZ), 1, onPreActivation);
      const flat = flatten(gradientTensors(gradients, trainable));
      for (let p = 0; p < flat.length; p++) fisher[p]! += (weight * flat[p]! ** 2) / batch.count;
    }
  }
  return fisher;
}
