// Samples in the core's memory, row after row.

import { Block } from "./block.ts";

/**
 * n samples: inputs f32[n x i], labels f32[n x o], weights f32[n]. The caller has checked the
 * shapes.
 */
export class SampleBlock {
  readonly rows: number;
  readonly #block: Block;
  readonly #labels: number;
  readonly #weights: number;

  constructor(
    samples: readonly { input: Float32Array; label: Float32Array; weight?: number }[],
    inputSize: number,
    outputSize: number,
  ) {
    const rows = samples.length;
    this.rows = rows;
    this.#labels = rows * inputSize;
    this.#weights = this.#labels + rows * outputSize;
    this.#block = new Block(4 * (this.#weights + rows), "sample block");
    const all = this.#block.f32();
    samples.forEach(({ input, label, weight = 1 }, row) => {
      all.set(input, row * inputSize);
      all.set(label, this.#labels + row * outputSize);
      all[this.#weights + row] = weight;
    });
  }

  get inputs(): number {
    return this.#block.address;
  }

  get labels(): number {
    return this.#block.address + 4 * this.#labels;
  }

  get weights(): number {
    return this.#block.address + 4 * this.#weights;
  }

  dispose(): void {
    this.#block.dispose();
  }
}
