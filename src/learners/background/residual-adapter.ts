// An adapter that corrects embeddings: y = x + (alpha / r) B A x.
//
// Letters: d elements of an embedding, r rank; A [r x d], B [d x r], row-major, in one flat array.
// Sums are in f64 and rounded once, when they are stored.

import type { Random } from "../../index.ts";

/** Sizes and scale of an adapter. */
export interface AdapterShape {
  size: number;
  rank: number;
  alpha: number;
}

/** Both factors of an adapter. Copy it before you train it. */
export class ResidualAdapter {
  readonly shape: AdapterShape;
  /** f32[2 r d]: A, then B. */
  readonly weights: Float32Array;
  readonly #scale: number;

  /** Takes over `weights`, f32[2 r d]. */
  constructor(shape: AdapterShape, weights: Float32Array) {
    this.shape = shape;
    this.weights = weights;
    this.#scale = shape.alpha / shape.rank;
  }

  /** Changes nothing yet: A is normal with standard deviation sqrt(2 / d), B is 0. */
  static initial(shape: AdapterShape, random: Random): ResidualAdapter {
    const weights = new Float32Array(2 * shape.rank * shape.size);
    const deviation = Math.sqrt(2 / shape.size);
    for (let at = 0; at < shape.rank * shape.size; at++) weights[at] = deviation * random.normal();
    return new ResidualAdapter(shape, weights);
  }

  /** An adapter of its own with the same weights. */
  copy(): ResidualAdapter {
    return new ResidualAdapter(this.shape, this.weights.slice());
  }

  /** A x. x: f32[d]. Allocates f64[r]. */
  hidden(x: Float32Array): Float64Array {
    const { size, rank } = this.shape;
    const h = new Float64Array(rank);
    for (let q = 0, at = 0; q < rank; q++) {
      let sum = 0;
      for (let k = 0; k < size; k++) sum += this.weights[at++]! * x[k]!;
      h[q] = sum;
    }
    return h;
  }

  /** y for an x and its A x. Allocates f32[d]. */
  output(x: Float32Array, h: Float64Array = this.hidden(x)): Float32Array {
    const { size, rank } = this.shape;
    const y = new Float32Array(size);
    for (let k = 0, at = rank * size; k < size; k++) {
      let sum = 0;
      for (let q = 0; q < rank; q++) sum += this.weights[at++]! * h[q]!;
      y[k] = x[k]! + this.#scale * sum;
    }
    return y;
  }

  /**
   * Adds the gradient of a loss to `gradient`, given that with respect to y:
   *
   *     dB += (alpha / r) dy (A x)^T        dA += (alpha / r) (B^T dy) x^T
   *
   * gradient: f32[2 r d]; dy: f64[d]; x: f32[d]; h: A x.
   */
  addGradient(gradient: Float32Array, dy: Float64Array, x: Float32Array, h: Float64Array): void {
    const { size, rank } = this.shape;
    const dh = new Float64Array(rank);
    for (let k = 0, at = rank * size; k < size; k++) {
      const slope = this.#scale * dy[k]!;
      for (let q = 0; q < rank; q++, at++) {
        dh[q]! += slope * this.weights[at]!;
        gradient[at]! += slope * h[q]!;
      }
    }
    for (let q = 0, at = 0; q < rank; q++) {
      for (let k = 0; k < size; k++) gradient[at++]! += dh[q]! * x[k]!;
    }
  }
}
