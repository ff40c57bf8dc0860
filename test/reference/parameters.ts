// The flat order of a network's trainable numbers: layer by layer, weight, bias, A, B.

import type { Layer, LayerGradient } from "./network.ts";

/** `adapter`: only A and B learn. `all`: weights and biases too. */
export type Trainable = "adapter" | "all";

function inOrder(
  base: (Float64Array | undefined)[],
  adapter: (Float64Array | undefined)[],
  trainable: Trainable,
): Float64Array[] {
  const tensors = trainable === "all" ? [...base, ...adapter] : adapter;
  return tensors.filter((tensor) => tensor !== undefined);
}

/** Returns the trainable tensors themselves (not copies), in flat order. */
export function parameterTensors(layers: readonly Layer[], trainable: Trainable): Float64Array[] {
  return layers.flatMap(({ weight, bias, adapter }) =>
    inOrder([weight, bias], [adapter?.A, adapter?.B], trainable),
  );
}

/** Returns the gradients of `parameterTensors`, in the same order. */
export function gradientTensors(
  gradients: readonly LayerGradient[],
  trainable: Trainable,
): Float64Array[] {
  return gradients.flatMap(({ dWeight, dBias, dA, dB }) =>
    inOrder([dWeight, dBias], [dA, dB], trainable),
  );
}

/** Returns one array with the tensors one after the other. */
export function flatten(tensors: readonly Float64Array[]): Float64Array {
  const values: number[] = [];
  for (const tensor of tensors) {
    for (const value of tensor) values.push(value);
  }
  return Float64Array.from(values);
}

/** Writes a flat array back into the tensors it was made from, in place. */
export function unflatten(tensors: readonly Float64Array[], flat: ArrayLike<number>): void {
  let position = 0;
  for (const tensor of tensors) {
    for (let p = 0; p < tensor.length; p++) tensor[p] = flat[position++]!;
  }
}
