// Forward and backward passes of a network of cells, in buffers of one batch.
//
// Letters: n windows of a batch, T steps, F features, C channels, H outputs; a node is
// f32[n x T x C].
//
//   node 0 of the first cell = X W_e^T          X [nT x (F + 1)], last column 1: the bias
//   node j = sum over edges (i, j) and their operations k of p_k op_k(node i)
//   outputs = [last row of the last node, 1] W_h^T
//
// Convolutions read relu(node i); pooling and skip read the node itself.

import { ACTIVATION_RELU, LOSS_MSE } from "../../assembly/layout.ts";
import type { CoreExports } from "./abi.ts";
import { Block } from "./block.ts";
import {
  type CellOperation,
  type CellPlan,
  type CellShape,
  operationTaps,
  type PlacedOperation,
} from "./cell-description.ts";
import { core } from "./instance.ts";

/** What a pass is asked for: weights of the mixture by edge, and which gradients to leave. */
export interface PassRequest {
  parameters: Block;
  /** f32[P] for dW, cleared first; left out when the weights stay. */
  gradient?: Block | undefined;
  /** p_k by edge, in the order of the operations. */
  mixture: readonly Float64Array[];
  /** dp_k by edge, added to; left out when the mixture stays. */
  mixtureGradient?: readonly Float64Array[] | undefined;
}

/** Buffers of one cell: values and gradients of its nodes, and what its operations made. */
interface CellBuffers {
  nodes: number[];
  relu: number[];
  dNodes: number[];
  dRelu: number[];
  /** Output and intermediate of each operation, in the order of the plan. */
  outputs: number[];
  between: number[];
}

const isConvolution = (operation: CellOperation): boolean => operation.includes("conv");
const isSeparable = (operation: CellOperation): boolean => operation.startsWith("sep");

/** Buffers for batches of at most `rows` windows, and the passes over them. */
export class CellPass {
  readonly #shape: CellShape;
  readonly #plan: CellPlan;
  readonly #block: Block;
  readonly #rows: number;
  readonly #cells: CellBuffers[] = [];
  #cursor = 0;
  readonly #input: number;
  readonly #lastRows: number;
  readonly #dLastRows: number;
  readonly #outputs: number;
  readonly #dOutputs: number;
  readonly #labels: number;
  readonly #scratch: number;

  constructor(shape: CellShape, plan: CellPlan, rows: number) {
    this.#shape = shape;
    this.#plan = plan;
    this.#rows = rows;
    const { steps, inputFeatures, channels, outputSize, nodes } = shape;
    const node = rows * steps * channels;
    // The first run only counts: offsets become addresses once the block is there.
    this.#input = this.#take(rows * steps * (inputFeatures + 1));
    this.#lastRows = this.#take(rows * (channels + 1));
    this.#dLastRows = this.#take(rows * (channels + 1));
    this.#outputs = this.#take(rows * outputSize);
    this.#dOutputs = this.#take(rows * outputSize);
    this.#labels = this.#take(rows * outputSize);
    this.#scratch = this.#take(node);
    const many = (count: number) => Array.from({ length: count }, () => this.#take(node));
    for (const [layer, operations] of plan.layers.entries()) {
      const before = this.#cells[layer - 1];
      const between = operations.map(({ operation }) =>
        isSeparable(operation) ? this.#take(node) : 0,
      );
      const made = operations.map(({ operation }) =>
        operation === "skip" || operation === "zero" ? 0 : this.#take(node),
      );
      this.#cells.push({
        nodes: [before?.nodes.at(-1) ?? this.#take(node), ...many(nodes - 1)],
        dNodes: [before?.dNodes.at(-1) ?? this.#take(node), ...many(nodes - 1)],
        relu: many(nodes - 1),
        dRelu: many(nodes - 1),
        outputs: made,
        between,
      });
    }
    this.#block = new Block(this.#cursor, "CellNetwork");
  }

  /** Reserves room for f32 values on cache lines; returns where, in bytes from the block. */
  #take(count: number): number {
    const offset = this.#cursor;
    this.#cursor += (4 * count + 63) & ~63;
    return offset;
  }

  /** Largest batch. */
  get rows(): number {
    return this.#rows;
  }

  /** Outputs of n windows of f32[n x T x F]: f32[n x H], valid until the next pass. */
  outputs(inputs: Float32Array, n: number, request: PassRequest): Float32Array {
    this.#forward(inputs, n, request);
    return this.#block.f32(this.#outputs / 4, n * this.#shape.outputSize);
  }

  /** Mean squared error of n windows (summed over outputs), and the gradients asked for. */
  gradients(inputs: Float32Array, labels: Float32Array, n: number, request: PassRequest): number {
    const { exports } = core();
    this.#forward(inputs, n, request);
    const { outputSize } = this.#shape;
    this.#block.f32(this.#labels / 4, n * outputSize).set(labels);
    const base = this.#block.address;
    const [d, z, t] = [this.#dOutputs, this.#outputs, this.#labels].map((at) => base + at);
    const loss = exports.loss(d!, z!, t!, 0, 0, n, outputSize, LOSS_MSE, 0, 0, 0);
    if (request.gradient) request.gradient.bytes().fill(0);
    this.#backward(n, request);
    return loss;
  }

  /** Copies windows in, each row with a 1 behind it. */
  #fill(inputs: Float32Array, n: number): void {
    const { steps, inputFeatures: features } = this.#shape;
    const rows = this.#block.f32(this.#input / 4, n * steps * (features + 1));
    for (let row = 0, to = 0, from = 0; row < n * steps; row++) {
      for (let f = 0; f < features; f++) rows[to++] = inputs[from++]!;
      rows[to++] = 1;
    }
  }

  #forward(inputs: Float32Array, n: number, request: PassRequest): void {
    const { exports } = core();
    const { steps, inputFeatures, channels, outputSize } = this.#shape;
    this.#fill(inputs, n);
    const base = this.#block.address;
    const weights = request.parameters.address;
    const first = base + this.#cells[0]!.nodes[0]!;
    const columns = inputFeatures + 1;
    exports.gemmNT(first, base + this.#input, weights, n * steps, channels, columns, 1, 0);
    for (const [layer, cell] of this.#cells.entries()) {
      this.#forwardCell(cell, this.#plan.layers[layer]!, n, request);
    }
    const last = this.#block.f32(this.#cells.at(-1)!.nodes.at(-1)! / 4, n * steps * channels);
    const lastRows = this.#block.f32(this.#lastRows / 4, n * (channels + 1));
    for (let row = 0; row < n; row++) {
      const from = ((row + 1) * steps - 1) * channels;
      lastRows.set(last.subarray(from, from + channels), row * (channels + 1));
      lastRows[row * (channels + 1) + channels] = 1;
    }
    const head = weights + 4 * this.#plan.head;
    const outputs = base + this.#outputs;
    exports.gemmNT(outputs, base + this.#lastRows, head, n, outputSize, channels + 1, 1, 0);
  }

  #forwardCell(
    cell: CellBuffers,
    placed: PlacedOperation[],
    n: number,
    request: PassRequest,
  ): void {
    const { exports } = core();
    const base = this.#block.address;
    const count = n * this.#shape.steps * this.#shape.channels;
    let node = 0;
    for (const [at, each] of placed.entries()) {
      if (each.to !== node) {
        // The node before is complete: every edge into it stands before those that leave it.
        exports.activate(ACTIVATION_RELU, base + cell.relu[node]!, base + cell.nodes[node]!, count);
        node = each.to;
        this.#block.f32(cell.nodes[node]! / 4, count).fill(0);
      }
      const share = request.mixture[each.edge]![each.index]!;
      if (share === 0 || each.operation === "zero") continue;
      const from = base + cell.nodes[each.from]!;
      const output = each.operation === "skip" ? from : base + cell.outputs[at]!;
      this.#apply(exports, cell, each, at, n, request.parameters.address);
      exports.axpy(base + cell.nodes[node]!, output, count, share);
    }
  }

  /** Computes the output of one operation; skip has none of its own. */
  #apply(
    exports: CoreExports,
    cell: CellBuffers,
    { operation, from, weight, pointwise }: PlacedOperation,
    at: number,
    n: number,
    weights: number,
  ): void {
    if (operation === "skip") return;
    const { steps, channels } = this.#shape;
    const base = this.#block.address;
    const output = base + cell.outputs[at]!;
    const taps = operationTaps[operation];
    const x = base + (isConvolution(operation) ? cell.relu[from]! : cell.nodes[from]!);
    const w = weights + 4 * weight;
    if (operation === "avg_pool3") exports.averagePool(output, x, n, steps, channels, taps);
    else if (operation === "max_pool3") exports.maxPool(output, x, n, steps, channels, taps);
    else if (isSeparable(operation)) {
      const between = base + cell.between[at]!;
      exports.depthwise(between, x, w, n, steps, channels, taps);
      exports.convolve(output, between, weights + 4 * pointwise, 1, n * steps, channels, 1);
    } else exports.convolve(output, x, w, n, steps, channels, taps);
  }

  #backward(n: number, request: PassRequest): void {
    const { exports } = core();
    const { steps, inputFeatures, channels, outputSize } = this.#shape;
    const base = this.#block.address;
    const wide = channels + 1;
    const [d, rows] = [base + this.#dOutputs, base + this.#lastRows];
    const gradient = request.gradient?.address;
    if (gradient !== undefined) {
      exports.gemmTN(gradient + 4 * this.#plan.head, d, rows, outputSize, wide, n, 1, 0);
    }
    const head = request.parameters.address + 4 * this.#plan.head;
    exports.gemmNN(base + this.#dLastRows, d, head, n, wide, outputSize, 1, 0);
    this.#clearGradients(n);
    const dLast = this.#block.f32(this.#cells.at(-1)!.dNodes.at(-1)! / 4, n * steps * channels);
    const dRows = this.#block.f32(this.#dLastRows / 4, n * wide);
    for (let row = 0; row < n; row++) {
      const to = ((row + 1) * steps - 1) * channels;
      dLast.set(dRows.subarray(row * wide, row * wide + channels), to);
    }
    for (let layer = this.#cells.length - 1; layer >= 0; layer--) {
      this.#backwardCell(this.#cells[layer]!, this.#plan.layers[layer]!, n, request);
    }
    if (gradient === undefined) return;
    const dFirst = base + this.#cells[0]!.dNodes[0]!;
    const columns = inputFeatures + 1;
    exports.gemmTN(gradient, dFirst, base + this.#input, channels, columns, n * steps, 1, 0);
  }

  #clearGradients(n: number): void {
    const count = n * this.#shape.steps * this.#shape.channels;
    for (const { dNodes, dRelu } of this.#cells) {
      for (const at of [...dNodes, ...dRelu]) this.#block.f32(at / 4, count).fill(0);
    }
  }

  #backwardCell(
    cell: CellBuffers,
    placed: PlacedOperation[],
    n: number,
    request: PassRequest,
  ): void {
    const { exports } = core();
    const base = this.#block.address;
    const count = n * this.#shape.steps * this.#shape.channels;
    const finish = (node: number) => {
      const [d, z] = [base + cell.dRelu[node]!, base + cell.nodes[node]!];
      exports.activateBackward(ACTIVATION_RELU, d, z, base + cell.relu[node]!, count);
      exports.axpy(base + cell.dNodes[node]!, d, count, 1);
    };
    let node = this.#shape.nodes - 1;
    for (let at = placed.length - 1; at >= 0; at--) {
      const each = placed[at]!;
      if (each.to !== node) {
        node = each.to;
        finish(node);
      }
      const share = request.mixture[each.edge]![each.index]!;
      if (share === 0 || each.operation === "zero") continue;
      const dNode = base + cell.dNodes[node]!;
      const isSkip = each.operation === "skip";
      if (request.mixtureGradient) {
        const output = base + (isSkip ? cell.nodes[each.from]! : cell.outputs[at]!);
        request.mixtureGradient[each.edge]![each.index]! += exports.dot(dNode, output, count);
      }
      if (isSkip) exports.axpy(base + cell.dNodes[each.from]!, dNode, count, share);
      else this.#retrace(exports, cell, each, at, n, share, request);
    }
    finish(0);
  }

  /** Adds one operation's gradients, times its share of the mixture. */
  #retrace(
    exports: CoreExports,
    cell: CellBuffers,
    { operation, from, to, weight, pointwise }: PlacedOperation,
    at: number,
    n: number,
    share: number,
    { parameters, gradient }: PassRequest,
  ): void {
    const { steps, channels } = this.#shape;
    const base = this.#block.address;
    const taps = operationTaps[operation];
    const dY = base + cell.dNodes[to]!;
    const dX = base + (isConvolution(operation) ? cell.dRelu[from]! : cell.dNodes[from]!);
    const x = base + (isConvolution(operation) ? cell.relu[from]! : cell.nodes[from]!);
    const w = parameters.address + 4 * weight;
    const dW = gradient ? gradient.address + 4 * weight : 0;
    if (operation === "avg_pool3") {
      exports.averagePoolBackward(dX, dY, n, steps, channels, taps, share);
    } else if (operation === "max_pool3") {
      exports.maxPoolBackward(dX, dY, x, n, steps, channels, taps, share);
    } else if (isSeparable(operation)) {
      const wide = parameters.address + 4 * pointwise;
      const dWide = gradient ? gradient.address + 4 * pointwise : 0;
      const [between, inner] = [base + cell.between[at]!, base + this.#scratch];
      this.#block.f32(this.#scratch / 4, n * steps * channels).fill(0);
      exports.convolveBackward(inner, dWide, dY, between, wide, 1, n * steps, channels, 1, share);
      exports.depthwiseBackward(dX, dW, inner, x, w, n, steps, channels, taps, 1);
    } else {
      exports.convolveBackward(dX, dW, dY, x, w, n, steps, channels, taps, share);
    }
  }

  /** Gives the memory back. */
  dispose(): void {
    this.#block.dispose();
  }
}
