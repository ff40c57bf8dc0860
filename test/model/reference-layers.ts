// The references' layers with the numbers of a network or an adapted model, and back from a vector.

import type { Model } from "../../src/core/network-compute.ts";
import type { Layer } from "../reference/network.ts";

/** Reference layers of a model that has both blocks, or one of them. */
export function layersOf({ description, base, adapter }: Model): Layer[] {
  return description.layers.map((shape, index): Layer => {
    const { inputSize, outputSize, activation, rank, scale, hasBase } = shape;
    const { weight, bias, A, Bt } = description.offsets[index]!;
    const layer: Layer = { inputSize, outputSize, activation };
    if (hasBase && base) {
      layer.weight = Float64Array.from(base.f32(weight, inputSize * outputSize));
      layer.bias = Float64Array.from(base.f32(bias, outputSize));
    }
    if (rank > 0 && adapter) {
      layer.adapter = {
        rank,
        alpha: scale * rank,
        A: Float64Array.from(adapter.f32(A, rank * inputSize)),
        B: transposed(Float64Array.from(adapter.f32(Bt, rank * outputSize)), rank, outputSize),
      };
    }
    return layer;
  });
}

/** Which parameters a vector holds: the adapters' first, then the base's. */
export interface VectorScope {
  adapter: boolean;
  base: boolean;
}

/** Writes a vector of parameters, in the order of the core's blocks, into reference layers. */
export function setVector(layers: Layer[], vector: ArrayLike<number>, scope: VectorScope): void {
  let position = 0;
  const fill = (target: Float64Array) => {
    for (let p = 0; p < target.length; p++) target[p] = vector[position++]!;
  };
  for (const { adapter, outputSize } of scope.adapter ? layers : []) {
    if (!adapter) continue;
    fill(adapter.A);
    const Bt = new Float64Array(adapter.B.length);
    fill(Bt);
    adapter.B.set(transposed(Bt, adapter.rank, outputSize));
  }
  for (const { weight, bias } of scope.base ? layers : []) {
    if (weight) fill(weight);
    if (bias) fill(bias);
  }
}

/** [columns x rows] from a row-major [rows x columns]. */
export function transposed(matrix: Float64Array, rows: number, columns: number): Float64Array {
  return Float64Array.from(matrix, (_, at) => {
    const [column, row] = [Math.floor(at / rows), at % rows];
    return matrix[row * columns + column]!;
  });
}
