// What a network computes outside of training: outputs, losses, Fisher information.

import {
  EVALUATION_ROWS,
  LABELS_EMPIRICAL,
  LABELS_EXACT,
  LABELS_SAMPLED,
  RANDOM_BYTES,
} from "../../assembly/layout.ts";
import { withFrame } from "./arrays.ts";
import type { Block } from "./block.ts";
import { core } from "./instance.ts";
import type { NetworkDescription } from "./network-description.ts";
import type { SampleBlock } from "./sample-block.ts";

/**
 * A network's description with the parameters to use; a block that the network does not have is
 * left out.
 */
export interface Model {
  description: NetworkDescription;
  base?: Block | undefined;
  adapter?: Block | undefined;
}

/** Labels of the Fisher's loss: the data's own, or the model's in expectation or by one draw. */
export const labelKinds = {
  empirical: LABELS_EMPIRICAL,
  exact: LABELS_EXACT,
  sampled: LABELS_SAMPLED,
} as const;
export type FisherLabels = keyof typeof labelKinds;

function addresses({ description, base, adapter }: Model): [number, number, number] {
  return [description.block.address, base?.address ?? 0, adapter?.address ?? 0];
}

/**
 * Writes the outputs of n rows into `outputs`: f32[n x o]; input: f32[n x i]. Lengths have been
 * checked.
 */
export function predictInto(
  outputs: Float32Array,
  model: Model,
  input: Float32Array,
  n: number,
): void {
  const { exports } = core();
  withFrame((frame) => {
    const [network, base, adapter] = addresses(model);
    const workspace = frame.scratch(exports.workspaceBytes(network, Math.min(n, EVALUATION_ROWS)));
    exports.predict(frame.write(outputs), network, base, adapter, frame.read(input), n, workspace);
  });
}

/** Loss over all rows of the samples (at least one). */
export function lossOf(model: Model, samples: SampleBlock): number {
  const { exports } = core();
  const { rows, inputs, labels, weights } = samples;
  return withFrame((frame) => {
    const [network, base, adapter] = addresses(model);
    const outputs = frame.scratch(4 * rows * model.description.outputSize);
    const pnl = frame.scratch(8 * rows);
    const workspace = frame.scratch(
      exports.workspaceBytes(network, Math.min(rows, EVALUATION_ROWS)),
    );
    return exports.evaluate(
      network,
      base,
      adapter,
      inputs,
      labels,
      weights,
      rows,
      outputs,
      pnl,
      workspace,
    );
  });
}

/**
 * Which blocks a Fisher covers. The result holds the adapter's parameters first, then the base's.
 */
export interface FisherScope {
  base: boolean;
  adapter: boolean;
}

/** Mean of the squares of exact per-sample gradients: f32[P]. `seed` serves sampled labels. */
export function analyticFisher(
  model: Model,
  samples: SampleBlock,
  scope: FisherScope,
  labels: FisherLabels,
  seed: number,
): Float32Array {
  const { exports } = core();
  const { description } = model;
  const { rows } = samples;
  const adapterCount = scope.adapter ? description.adapterCount : 0;
  const count = adapterCount + (scope.base ? description.baseCount : 0);
  const fisher = new Float32Array(count);
  withFrame((frame) => {
    const [network, base, adapter] = addresses(model);
    const n = Math.min(rows, EVALUATION_ROWS);
    const random = frame.scratch(RANDOM_BYTES);
    exports.randomSeed(random, seed);
    const sums = frame.write(fisher);
    exports.fisherAnalytic(
      scope.base ? sums + 4 * adapterCount : 0,
      scope.adapter ? sums : 0,
      network,
      base,
      adapter,
      samples.inputs,
      samples.labels,
      rows,
      labelKinds[labels],
      random,
      frame.scratch(8 * rows * description.outputSize),
      frame.scratch(8 * rows),
      frame.scratch(exports.workspaceBytes(network, n)),
      frame.scratch(exports.squaresBytes(network, n)),
    );
  });
  for (let p = 0; p < count; p++) fisher[p]! /= rows;
  return fisher;
}

/**
 * The same by central differences, recomputing only what a moved weight changes. Empirical labels.
 */
export function structuredFisher(
  model: Model,
  samples: SampleBlock,
  scope: FisherScope,
): Float32Array {
  const { exports } = core();
  const { description } = model;
  const { rows } = samples;
  const adapterCount = scope.adapter ? description.adapterCount : 0;
  const count = adapterCount + (scope.base ? description.baseCount : 0);
  const fisher = new Float64Array(count);
  withFrame((frame) => {
    const [network, base, adapter] = addresses(model);
    const sums = frame.write(fisher);
    exports.fisherStructured(
      scope.base ? sums + 8 * adapterCount : 0,
      scope.adapter ? sums : 0,
      network,
      base,
      adapter,
      samples.inputs,
      samples.labels,
      rows,
      frame.scratch(exports.structuredBytes(network)),
      frame.scratch(8 * rows * description.outputSize),
      frame.scratch(8 * rows),
      frame.scratch(exports.workspaceBytes(network, Math.min(rows, EVALUATION_ROWS))),
    );
  });
  return Float32Array.from(fisher, (sum) => sum / rows);
}
