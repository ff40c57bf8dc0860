// A network of cells as its formula says, in f64: outputs and mean squared error of a batch.

import type { CellNetworkOptions } from "../../src/model/cell-network.ts";
import { averagePool, convolve, depthwise, maxPool, type TimeShape } from "./convolution.ts";

type Tensors = ReadonlyMap<string, ArrayLike<number>>;

/** What one operation makes of a node. */
function apply(
  operation: string,
  node: Float64Array,
  name: string,
  tensors: Tensors,
  shape: Omit<TimeShape, "taps">,
): Float64Array {
  const taps = Number(operation.at(-1));
  const relu = node.map((value) => Math.max(0, value));
  const weight = tensors.get(`${name}.weight`) ?? [];
  switch (operation) {
    case "skip":
      return node;
    case "zero":
      return node.map(() => 0);
    case "avg_pool3":
      return averagePool(node, { ...shape, taps });
    case "max_pool3":
      return maxPool(node, { ...shape, taps });
    case "conv3":
    case "conv5":
      return convolve(relu, weight, { ...shape, taps });
    default: {
      const inner = depthwise(relu, weight, { ...shape, taps });
      return convolve(inner, tensors.get(`${name}.pointwise`)!, { ...shape, taps: 1 });
    }
  }
}

/** z [o] = W [o x (i + 1)] of x [i] with a 1 behind it. */
function affine(weight: ArrayLike<number>, x: ArrayLike<number>, outputs: number): number[] {
  const wide = x.length + 1;
  return Array.from({ length: outputs }, (_, o) => {
    let sum = weight[o * wide + x.length]!;
    for (let i = 0; i < x.length; i++) sum += weight[o * wide + i]! * x[i]!;
    return sum;
  });
}

/** Outputs of `windows` windows, f64[windows x H]. */
export function cellOutputs(
  options: CellNetworkOptions,
  tensors: Tensors,
  mixture: readonly ArrayLike<number>[],
  inputs: ArrayLike<number>,
  windows: number,
): Float64Array {
  const { patchLen: steps, inputFeatures, hiddenDim: channels, operations } = options;
  const rows = Array.from({ length: windows * steps }, (_, row) =>
    Array.from({ length: inputFeatures }, (_, f) => inputs[row * inputFeatures + f]!),
  );
  const embedding = tensors.get("embedding.weight")!;
  let node = Float64Array.from(rows.flatMap((row) => affine(embedding, row, channels)));
  for (let layer = 0; layer < options.numLayers; layer++) {
    const nodes = [node];
    let edge = 0;
    for (let to = 1; to < options.numNodes; to++) {
      const sum = new Float64Array(node.length);
      for (let from = 0; from < to; from++, edge++) {
        for (const [k, operation] of operations[edge]!.entries()) {
          const name = `cell${layer}.edge${from}-${to}.${operation}`;
          const output = apply(operation, nodes[from]!, name, tensors, {
            windows,
            steps,
            channels,
          });
          for (let at = 0; at < sum.length; at++) sum[at]! += mixture[edge]![k]! * output[at]!;
        }
      }
      nodes.push(sum);
    }
    node = nodes.at(-1)!;
  }
  const head = tensors.get("head.weight")!;
  return Float64Array.from(
    Array.from({ length: windows }, (_, window) => {
      const end = (window + 1) * steps * channels;
      return affine(head, node.subarray(end - channels, end), options.horizonLen);
    }).flat(),
  );
}

/** Mean over windows of the squared error, summed over outputs. */
export function cellLoss(
  options: CellNetworkOptions,
  tensors: Tensors,
  mixture: readonly ArrayLike<number>[],
  inputs: ArrayLike<number>,
  labels: ArrayLike<number>,
  windows: number,
): number {
  const outputs = cellOutputs(options, tensors, mixture, inputs, windows);
  return outputs.reduce((sum, value, k) => sum + (value - labels[k]!) ** 2, 0) / windows;
}
