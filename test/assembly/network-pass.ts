// Forward, loss and backward of a network in the core, as a training step strings them together.

import { expect } from "vitest";
import type { LossName } from "../reference/loss.ts";
import type { NegativeSharpeOptions } from "../reference/negative-sharpe.ts";
import type { Layer, LayerGradient } from "../reference/network.ts";
import type { Batch } from "../reference/network-loss.ts";
import { expectWithin } from "./expect-within.ts";
import type { Core } from "./harness.ts";
import { lossKinds, type PlacedNetwork, type Tensors, tensorsOf, unpack } from "./network-block.ts";
import { largest } from "./values.ts";

/** Which blocks `passes` trains. */
export interface Trained {
  base: boolean;
  adapter: boolean;
}

/** What the two passes leave. */
interface Passed {
  value: number;
  /** What the loss reads, f32[n x o]. */
  output: Float32Array;
  dBase: Float32Array;
  dAdapter: Float32Array;
}

/** Copies a batch of the references into the core. */
export function placeBatch(core: Core, batch: Batch) {
  return {
    inputs: core.f32(batch.input).byteOffset,
    labels: core.f32(batch.label).byteOffset,
    weights: batch.rowWeight ? core.f32(batch.rowWeight).byteOffset : 0,
    rows: batch.count,
  };
}

/** Runs the passes; a block that is not trained keeps the NaN of a lent array. */
export function passes(
  core: Core,
  layers: readonly Layer[],
  placed: PlacedNetwork,
  batch: Batch,
  loss: LossName,
  options: NegativeSharpeOptions = {},
  trained: Trained = { base: true, adapter: true },
): Passed {
  const { network, base, adapter, blocks } = placed;
  const { inputs, labels, weights, rows: n } = placeBatch(core, batch);
  const o = layers.at(-1)!.outputSize;
  const workspace = core.scratch(core.exports.workspaceBytes(network, n));
  const outputs = core.exports.forward(network, base, adapter, inputs, n, workspace) >>> 0;
  const output = new Float32Array(core.memory.buffer, outputs, n * o).slice();
  const value = core.exports.loss(
    core.exports.outputGradient(network, n, workspace),
    outputs,
    labels,
    weights,
    core.f64(n).byteOffset,
    n,
    o,
    lossKinds[loss],
    options.cost ?? 0,
    options.sequenceRows ?? n,
    0,
  );
  const [dBase, dAdapter] = [core.f32(blocks.base.length), core.f32(blocks.adapter.length)];
  core.exports.backward(
    network,
    base,
    adapter,
    trained.base && base ? dBase.byteOffset : 0,
    trained.adapter && adapter ? dAdapter.byteOffset : 0,
    n,
    workspace,
    0,
  );
  return { value, output, dBase, dAdapter };
}

/** The tensors of two blocks of the core, layer by layer. */
export function tensorsIn(
  layers: readonly Layer[],
  base: ArrayLike<number>,
  adapter: ArrayLike<number>,
): Tensors[] {
  const copies = structuredClone(layers) as Layer[];
  unpack(copies, { base: Float64Array.from(base), adapter: Float64Array.from(adapter) });
  return copies.map(tensorsOf);
}

/** The gradients of a reference as tensors. */
export function gradientTensors(gradients: readonly LayerGradient[]): Tensors[] {
  return gradients.map(({ dWeight, dBias, dA, dB }) => {
    return { weight: dWeight, bias: dBias, A: dA, B: dB };
  });
}

/** Expects each tensor within `relative` times the largest expected element, plus `floor`. */
export function expectTensors(
  actual: readonly Tensors[],
  expected: readonly Tensors[],
  relative: number,
  floor = 0,
): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((tensors, index) => {
    for (const name of ["weight", "bias", "A", "B"] as const) {
      const [mine, theirs] = [actual[index]![name], tensors[name]];
      expect(mine?.length, `${name} of layer ${index}`).toBe(theirs?.length);
      if (!mine || !theirs) continue;
      const allowed = relative * largest(theirs) + floor;
      expectWithin(mine, theirs, allowed, `${name} of layer ${index}`);
    }
  });
}
