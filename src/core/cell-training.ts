// First values of a network of cells, and one clipped AdamW move of all its parameters.

import { withFrame } from "./arrays.ts";
import { Block } from "./block.ts";
import type { CellPlan, CellShape } from "./cell-description.ts";
import { drawNormals } from "./initialize.ts";
import { core } from "./instance.ts";

/** Fills every tensor with seeded normals of its own deviation; biases are 0. */
export function initializeCells(
  { tensors, head }: CellPlan,
  { inputFeatures, channels, outputSize }: CellShape,
  parameters: Block,
  seed: number,
): void {
  drawNormals(seed, (fill) => {
    for (const { offset, length, deviation } of tensors) {
      fill(parameters.address + 4 * offset, length, deviation);
    }
  });
  const values = parameters.f32();
  for (let c = 1; c <= channels; c++) values[c * (inputFeatures + 1) - 1] = 0;
  for (let o = 1; o <= outputSize; o++) values[head + o * (channels + 1) - 1] = 0;
}

/** e^logit over its sum, computed in the core: hosts differ in the last bit of an exponential. */
export function softmax(logits: Float64Array): Float64Array {
  const shares = Float32Array.from(logits);
  withFrame((frame) => {
    const at = frame.write(shares);
    core().exports.softmax(at, at, shares.length);
  });
  return Float64Array.from(shares);
}

/** How one move is made. */
export interface CellMove {
  lr: number;
  weightDecay: number;
  /** Largest L2 norm of the gradient. */
  clipNorm: number;
}

const BETA1 = 0.9;
const BETA2 = 0.999;

/** AdamW with its gradient and moments, for one block of parameters. */
export class CellOptimizer {
  readonly gradient: Block;
  readonly #first: Block;
  readonly #second: Block;
  readonly #norms: Block;
  #steps = 0;

  constructor(sizeBytes: number) {
    this.gradient = new Block(sizeBytes, "CellNetwork");
    this.#first = new Block(sizeBytes, "CellNetwork");
    this.#second = new Block(sizeBytes, "CellNetwork");
    this.#norms = new Block(24, "CellNetwork");
  }

  /** L2 norm of the gradient; NaN when an element is not finite. */
  gradientNorm(): number {
    const { sizeBytes, address } = this.gradient;
    core().exports.norms(this.#norms.address, address, sizeBytes / 4);
    const [norm, , broken] = this.#norms.f64();
    return broken! > 0 ? Number.NaN : norm!;
  }

  /** Moves the parameters along the gradient, whose norm is given. */
  move(parameters: Block, norm: number, { lr, weightDecay, clipNorm }: CellMove): void {
    this.#steps++;
    core().exports.adamw(
      parameters.address,
      this.gradient.address,
      this.#first.address,
      this.#second.address,
      parameters.sizeBytes / 4,
      lr,
      BETA1,
      BETA2,
      power(BETA1, this.#steps),
      power(BETA2, this.#steps),
      norm > clipNorm ? clipNorm / norm : 1,
      weightDecay,
    );
  }

  /** Gives the memory back. */
  dispose(): void {
    for (const block of [this.gradient, this.#first, this.#second, this.#norms]) block.dispose();
  }
}

/** base^steps by squaring: the host's own power may differ in the last bit. */
function power(base: number, steps: number): number {
  let result = 1;
  for (let factor = base, left = steps; left > 0; left >>>= 1, factor *= factor) {
    if (left & 1) result *= factor;
  }
  return result;
}
