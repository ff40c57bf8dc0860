// A network of cells over windows of time: the model of architecture search, one operation per edge
// or a mixture of several.
//
// Letters: n windows, T steps, F input features, C channels, H outputs, P parameters.

import * as z from "zod/mini";
import { checkCount, checkFinite, checkFloat32, checkInstance, checkLength } from "../checks.ts";
import { Block } from "../core/block.ts";
import {
  type CellOperation,
  type CellPlan,
  type CellShape,
  cellEdges,
  operationNames,
  planCells,
} from "../core/cell-description.ts";
import { CellPass } from "../core/cell-pass.ts";
import { type CellMove, CellOptimizer, initializeCells } from "../core/cell-training.ts";
import { DriftkeelError, DriftkeelRangeError } from "../errors.ts";
import { parseOptions, positiveInteger, seed } from "../options.ts";

/** What `CellNetwork` takes. */
export interface CellNetworkOptions {
  /** Features of one time step, F: 1..1024. */
  inputFeatures: number;
  /** Time steps of a window, T: 1..512. */
  patchLen: number;
  /** Outputs, H: 1..256. */
  horizonLen: number;
  /** Channels of every node, C: 1..256. */
  hiddenDim: number;
  /** Cells behind each other, 1..16; they share their operations, not their weights. */
  numLayers: number;
  /** Nodes of a cell, its input included: 2..8. */
  numNodes: number;
  /** Operations on each edge (i, j), i < j, by j and then by i: 1..8 different ones. */
  operations: readonly (readonly CellOperation[])[];
  /** Windows that one pass takes at most: 1..1024, default 64. */
  batchSize?: number;
  /** Seed of the first weights; default 0. */
  seed?: number;
}

function upTo(most: number, least = 1): z.ZodMiniNumber {
  const phrase = `an integer from ${least} to ${most}`;
  return positiveInteger.check(z.minimum(least, phrase), z.maximum(most, phrase));
}

const networkOptions = z.strictObject({
  inputFeatures: upTo(1024),
  patchLen: upTo(512),
  horizonLen: upTo(256),
  hiddenDim: upTo(256),
  numLayers: upTo(16),
  numNodes: upTo(8, 2),
  operations: z.array(
    z.array(z.enum(operationNames)).check(z.minLength(1), z.maxLength(operationNames.length)),
  ),
  batchSize: z._default(upTo(1024), 64),
  seed: z._default(seed, 0),
});

/**
 * Node j of a cell is the sum over its edges (i, j) of the mixture of their operations on node i:
 *
 *     node_j = sum_i sum_k p_ijk op_ijk(node_i)
 *
 * Operations are causal over time: `conv3`, `conv5` (relu, then a convolution), `sep_conv3`,
 * `sep_conv5` (relu, depthwise, pointwise), `avg_pool3`, `max_pool3`, `skip`, `zero`. Node 0 of the
 * first cell is a linear embedding of each step's features; the outputs are linear in the last step
 * of the last node. The loss is the mean squared error, summed over outputs.
 *
 * Everything runs on the calling thread; one step at a time, so that the caller decides when to
 * pause.
 */
export class CellNetwork {
  readonly inputSize: number;
  readonly outputSize: number;
  /** Weights of embedding, cells and head. */
  readonly parameterCount: number;
  readonly operations: readonly (readonly CellOperation[])[];
  readonly #shape: CellShape;
  readonly #plan: CellPlan;
  readonly #parameters: Block;
  readonly #pass: CellPass;
  #optimizer: CellOptimizer | undefined;
  #mixture: Float64Array[];

  /** Throws OPTION_INVALID, OPTION_UNKNOWN, CORE_NOT_READY, CORE_OUT_OF_MEMORY. */
  constructor(options: CellNetworkOptions) {
    const parsed = parseOptions("CellNetwork", networkOptions, options);
    checkOperations(parsed.operations, parsed.numNodes);
    this.#shape = {
      inputFeatures: parsed.inputFeatures,
      steps: parsed.patchLen,
      channels: parsed.hiddenDim,
      outputSize: parsed.horizonLen,
      layers: parsed.numLayers,
      nodes: parsed.numNodes,
      operations: parsed.operations,
    };
    this.#plan = planCells(this.#shape);
    this.inputSize = parsed.patchLen * parsed.inputFeatures;
    this.outputSize = parsed.horizonLen;
    this.operations = parsed.operations;
    this.parameterCount = this.#plan.parameterCount;
    this.#parameters = new Block(4 * this.parameterCount, "CellNetwork");
    this.#pass = new CellPass(this.#shape, this.#plan, parsed.batchSize);
    initializeCells(this.#plan, this.#shape, this.#parameters, parsed.seed);
    this.#mixture = parsed.operations.map(({ length }) =>
      new Float64Array(length).fill(1 / length),
    );
  }

  /** A copy of p, by edge; at first every operation of an edge weighs the same. */
  mixture(): Float64Array[] {
    return this.#mixture.map((shares) => shares.slice());
  }

  /** Replaces p by a copy. Throws LENGTH_MISMATCH, VALUE_NOT_FINITE, ARGUMENT_TYPE. */
  setMixture(mixture: readonly Float64Array[]): void {
    checkLength("mixture", mixture.length, this.operations.length, "one array per edge");
    for (const [edge, shares] of mixture.entries()) {
      const name = `mixture[${edge}]`;
      checkInstance(name, shares, Float64Array);
      checkLength(name, shares.length, this.operations[edge]!.length, "its operations");
      checkFinite(name, shares);
    }
    this.#mixture = mixture.map((shares) => shares.slice());
  }

  /** Outputs of n windows, f32[n x H] from f32[n x T x F]. Throws LENGTH_MISMATCH, DISPOSED. */
  forward(inputs: Float32Array, count = 1): Float32Array {
    this.#checkInputs(inputs, count);
    const outputs = new Float32Array(count * this.outputSize);
    for (let from = 0; from < count; from += this.#pass.rows) {
      const rows = Math.min(count - from, this.#pass.rows);
      const windows = inputs.subarray(from * this.inputSize, (from + rows) * this.inputSize);
      outputs.set(this.#pass.outputs(windows, rows, this.#request()), from * this.outputSize);
    }
    return outputs;
  }

  /** Mean loss of n windows with labels f32[n x H]. Throws LENGTH_MISMATCH, DISPOSED. */
  loss(inputs: Float32Array, labels: Float32Array, count: number): number {
    checkFloat32("labels", labels, count * this.outputSize, "count x the outputs");
    const outputs = this.forward(inputs, count);
    let sum = 0;
    for (let k = 0; k < outputs.length; k++) sum += (outputs[k]! - labels[k]!) ** 2;
    return sum / count;
  }

  /**
   * One AdamW move of all weights on a batch; returns the batch's loss before it. The mixture
   * stays. Throws UPDATE_DIVERGED, with the weights as they were, when the loss or the gradient is
   * not finite.
   */
  trainStep(inputs: Float32Array, labels: Float32Array, count: number, move: CellMove): number {
    this.#checkBatch(inputs, labels, count);
    this.#optimizer ??= new CellOptimizer(4 * this.parameterCount);
    const { gradient } = this.#optimizer;
    const loss = this.#pass.gradients(inputs, labels, count, { ...this.#request(), gradient });
    const norm = this.#optimizer.gradientNorm();
    if (!Number.isFinite(loss) || !Number.isFinite(norm)) throw diverged(loss, norm);
    this.#optimizer.move(this.#parameters, norm, move);
    return loss;
  }

  /** Loss of a batch and its gradients: dL/dP f32[P], and dL/dp by edge. Nothing changes. */
  gradients(inputs: Float32Array, labels: Float32Array, count: number) {
    this.#checkBatch(inputs, labels, count);
    const gradient = new Block(4 * this.parameterCount, "CellNetwork");
    try {
      const mixture = this.#mixture.map(({ length }) => new Float64Array(length));
      const request = { ...this.#request(), gradient, mixtureGradient: mixture };
      const loss = this.#pass.gradients(inputs, labels, count, request);
      return { loss, weights: gradient.f32().slice(), mixture };
    } finally {
      gradient.dispose();
    }
  }

  /** Loss of a batch and dL/dp by edge, without the weights' gradient. Nothing changes. */
  mixtureGradient(inputs: Float32Array, labels: Float32Array, count: number) {
    this.#checkBatch(inputs, labels, count);
    const gradient = this.#mixture.map(({ length }) => new Float64Array(length));
    const request = { ...this.#request(), mixtureGradient: gradient };
    return { loss: this.#pass.gradients(inputs, labels, count, request), gradient };
  }

  #request() {
    return { parameters: this.#parameters, mixture: this.#mixture };
  }

  #checkInputs(inputs: Float32Array, count: number): void {
    this.#parameters.checkLive();
    checkCount("count", count, 1);
    checkFloat32("inputs", inputs, count * this.inputSize, "count x patchLen x inputFeatures");
  }

  #checkBatch(inputs: Float32Array, labels: Float32Array, count: number): void {
    this.#checkInputs(inputs, count);
    checkFloat32("labels", labels, count * this.outputSize, "count x the outputs");
    if (count <= this.#pass.rows) return;
    throw new DriftkeelRangeError(
      "ARGUMENT_RANGE",
      `Expected a batch of at most ${this.#pass.rows} windows (batchSize), got ${count}.`,
    );
  }

  /**
   * Copies of all tensors: `embedding.weight` [C x (F + 1)] and `head.weight` [H x (C + 1)], bias
   * last; `cell<l>.edge<i>-<j>.<operation>.weight` [k x C x C] or [k x C], `.pointwise` [C x C].
   */
  weights(): Map<string, Float32Array> {
    this.#parameters.checkLive();
    const { tensors } = this.#plan;
    return new Map(
      tensors.map(({ name, offset, length }) => [
        name,
        this.#parameters.f32(offset, length).slice(),
      ]),
    );
  }

  /** Replaces all tensors. Nothing changes unless every one is there and fits. */
  setWeights(weights: ReadonlyMap<string, Float32Array>): void {
    this.#parameters.checkLive();
    checkInstance("weights", weights, Map);
    const { tensors } = this.#plan;
    checkLength("weights", weights.size, tensors.length, "a tensor for each of weights()");
    for (const { name, length } of tensors) {
      checkFloat32(`weights.get("${name}")`, weights.get(name), length, "its size here");
      checkFinite(`weights.get("${name}")`, weights.get(name)!);
    }
    for (const { name, offset, length } of tensors) {
      this.#parameters.f32(offset, length).set(weights.get(name)!);
    }
  }

  /** Gives the memory back. Later use throws DISPOSED. */
  dispose(): void {
    this.#parameters.dispose();
    this.#pass.dispose();
    this.#optimizer?.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function checkOperations(operations: readonly (readonly CellOperation[])[], nodes: number): void {
  const edges = cellEdges(nodes);
  const twice = operations.find((each) => new Set(each).size !== each.length);
  if (operations.length === edges.length && twice === undefined) return;
  const got = twice ? `one twice in [${twice.join(", ")}]` : `lists for ${operations.length} edges`;
  throw new DriftkeelRangeError(
    "OPTION_INVALID",
    `Expected CellNetwork option "operations" to be ${edges.length} lists of different ` +
      `operations (the edges of ${nodes} nodes), got ${got}.`,
  );
}

function diverged(loss: number, norm: number): DriftkeelError {
  return new DriftkeelError(
    "UPDATE_DIVERGED",
    `Expected a finite loss and gradient, got ${loss} and a norm of ${norm}. Lower the learning ` +
      "rate, or scale the features.",
  );
}
