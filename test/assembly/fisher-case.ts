// Networks, batches and placed blocks for the tests of the Fisher information.

import { EVALUATION_ROWS, LABELS_EMPIRICAL, RANDOM_BYTES } from "../../assembly/layout.ts";
import type { ActivationName } from "../reference/activation.ts";
import type { LossName } from "../reference/loss.ts";
import type { Layer } from "../reference/network.ts";
import type { Batch } from "../reference/network-loss.ts";
import { parameterTensors, unflatten } from "../reference/parameters.ts";
import { Random } from "../reference/random.ts";
import type { Core } from "./harness.ts";
import {
  activationNames,
  lossNames,
  networkOf,
  place,
  type Tensors,
  tensorsOf,
} from "./network-block.ts";
import { placeBatch, type Trained, tensorsIn } from "./network-pass.ts";
import { normals, uniforms } from "./values.ts";

export const COST = 0.05;

/** One network under one loss. */
export interface FisherPlan {
  activation: ActivationName;
  loss: LossName;
  last: ActivationName;
  /** Adapters on the first two layers, the second of which has no base. */
  hasLora: boolean;
}

/** Every activation under every loss, with and without adapters, and the fused pair. */
export const fisherPlans: FisherPlan[] = [true, false].flatMap((hasLora) => [
  ...activationNames.flatMap((activation) =>
    lossNames.map((loss): FisherPlan => ({ activation, loss, last: "identity", hasLora })),
  ),
  { activation: "tanh", loss: "binary-cross-entropy", last: "sigmoid", hasLora } as const,
  { activation: "gelu", loss: "softmax-cross-entropy", last: "tanh", hasLora } as const,
  { activation: "relu", loss: "negative-sharpe", last: "tanh", hasLora } as const,
]);

/** Two hidden layers. */
export function layersOf({ activation, last, hasLora }: FisherPlan): Layer[] {
  const lora = (rank: number) => (hasLora ? { rank } : {});
  return networkOf(new Random(31), 4, [
    { outputs: 5, activation, ...lora(2) },
    { outputs: 6, activation, hasBase: !hasLora, ...lora(3) },
    { outputs: 3, activation: last },
  ]);
}

/** Rows with labels that suit every loss. */
export function rowsOf(count: number, inputs = 4, outputs = 3): Batch {
  const random = new Random(count + 40);
  return {
    count,
    input: normals(random, count * inputs),
    label: uniforms(random, count * outputs),
  };
}

/** The flat Fisher of a reference as tensors. */
export function tensorsOfFlat(layers: readonly Layer[], flat: Float64Array): Tensors[] {
  const copies = structuredClone(layers) as Layer[];
  unflatten(parameterTensors(copies, "all"), flat);
  return copies.map(tensorsOf);
}

/** What `analytic` may be told beside the network and its rows. */
interface AnalyticOptions {
  labels?: number;
  seed?: number;
  trained?: Trained;
}

/** The mean of squared gradients by `fisherAnalytic`, as tensors and as the core's own blocks. */
export function analytic(
  core: Core,
  layers: readonly Layer[],
  batch: Batch,
  loss: LossName,
  { labels: labelKind = LABELS_EMPIRICAL, seed = 0, trained }: AnalyticOptions = {},
) {
  const { network, base, adapter, blocks } = place(core, layers, loss, COST);
  const { inputs, labels, rows } = placeBatch(core, batch);
  const [fBase, fAdapter] = [blocks.base, blocks.adapter].map((block) =>
    core.f32(new Float32Array(block.length)),
  ) as [Float32Array, Float32Array];
  const o = layers.at(-1)!.outputSize;
  const n = Math.min(rows, EVALUATION_ROWS);
  const random = core.scratch(RANDOM_BYTES);
  core.exports.randomSeed(random, seed);
  core.exports.fisherAnalytic(
    base && trained?.base !== false ? fBase.byteOffset : 0,
    adapter && trained?.adapter !== false ? fAdapter.byteOffset : 0,
    network,
    base,
    adapter,
    inputs,
    labels,
    rows,
    labelKind,
    random,
    core.f32(2 * rows * o).byteOffset,
    core.f64(rows).byteOffset,
    core.scratch(core.exports.workspaceBytes(network, n)),
    core.scratch(core.exports.squaresBytes(network, n)),
  );
  const mean = (sums: Float32Array) => Float64Array.from(sums, (sum) => sum / rows);
  return { tensors: tensorsIn(layers, mean(fBase), mean(fAdapter)), fBase, fAdapter };
}

/** The same by `fisherStructured`. */
export function structured(
  core: Core,
  layers: readonly Layer[],
  batch: Batch,
  loss: LossName,
  trained: Trained = { base: true, adapter: true },
) {
  const { network, base, adapter, blocks } = place(core, layers, loss, COST);
  const { inputs, labels, rows } = placeBatch(core, batch);
  const [fBase, fAdapter] = [blocks.base, blocks.adapter].map((block) =>
    core.f64(new Float64Array(block.length)),
  ) as [Float64Array, Float64Array];
  core.exports.fisherStructured(
    base && trained.base ? fBase.byteOffset : 0,
    adapter && trained.adapter ? fAdapter.byteOffset : 0,
    network,
    base,
    adapter,
    inputs,
    labels,
    rows,
    core.scratch(core.exports.structuredBytes(network)),
    core.f32(2 * rows * layers.at(-1)!.outputSize).byteOffset,
    core.f64(rows).byteOffset,
    core.scratch(core.exports.workspaceBytes(network, Math.min(rows, EVALUATION_ROWS))),
  );
  const mean = (sums: Float64Array) => sums.map((sum) => sum / rows);
  return { tensors: tensorsIn(layers, mean(fBase), mean(fAdapter)), fBase, fAdapter };
}
