// A LoRA adapter on one frozen layer in plain JavaScript: y = W x + b + s B A x, mean squared
// error, one SGD step on A and B.
//
// Letters: n samples, i inputs, o outputs, r rank. A [r x i]; B lies transposed, Bt [r x o], so
// that every inner loop runs along contiguous memory.

import { plainLayer } from "./bench-plain.ts";

/** What the adapter stands on and learns from. */
export interface LoraWork {
  /** f32[n x i], f32[n x o]. */
  x: Float32Array;
  labels: Float32Array;
  /** f32[o x i], f32[o]. */
  W: Float32Array;
  b: Float32Array;
  /** s: alpha / rank. */
  scale: number;
  lr: number;
}

/** An adapter with the buffers of its step. */
export class PlainLora {
  readonly A: Float32Array;
  readonly Bt: Float32Array;
  readonly #work: LoraWork;
  readonly #n: number;
  readonly #r: number;
  /** A x; dL/dy. */
  readonly #h: Float32Array;
  readonly #d: Float32Array;
  readonly #dA: Float32Array;
  readonly #dBt: Float32Array;

  /** A: f32[r x i]; B starts at 0. */
  constructor(work: LoraWork, A: Float32Array) {
    const [o, i] = [work.b.length, work.W.length / work.b.length];
    this.#work = work;
    this.#n = work.x.length / i;
    this.#r = A.length / i;
    this.A = A.slice();
    this.Bt = new Float32Array(this.#r * o);
    this.#h = new Float32Array(this.#n * this.#r);
    this.#d = new Float32Array(this.#n * o);
    this.#dA = new Float32Array(A.length);
    this.#dBt = new Float32Array(this.Bt.length);
  }

  step(): void {
    this.#forward();
    this.#backward();
    const { lr } = this.#work;
    addScaled(this.A, 0, -lr, this.#dA, 0, this.A.length);
    addScaled(this.Bt, 0, -lr, this.#dBt, 0, this.Bt.length);
  }

  #forward(): void {
    const { x, labels, W, b, scale } = this.#work;
    const [n, r, o] = [this.#n, this.#r, b.length];
    const i = x.length / n;
    plainLayer(this.#d, x, W, b, false);
    for (let s = 0; s < n; s++) {
      for (let q = 0; q < r; q++) {
        const value = dot(x, s * i, this.A, q * i, i);
        this.#h[s * r + q] = value;
        addScaled(this.#d, s * o, scale * value, this.Bt, q * o, o);
      }
    }
    for (let k = 0; k < n * o; k++) this.#d[k] = (2 / n) * (this.#d[k]! - labels[k]!);
  }

  #backward(): void {
    const { x, b, scale } = this.#work;
    const [n, r, o] = [this.#n, this.#r, b.length];
    const i = x.length / n;
    this.#dA.fill(0);
    this.#dBt.fill(0);
    for (let s = 0; s < n; s++) {
      for (let q = 0; q < r; q++) {
        const value = scale * dot(this.#d, s * o, this.Bt, q * o, o);
        addScaled(this.#dBt, q * o, scale * this.#h[s * r + q]!, this.#d, s * o, o);
        addScaled(this.#dA, q * i, value, x, s * i, i);
      }
    }
  }
}

/** z += a x over `count` elements. */
function addScaled(
  z: Float32Array,
  at: number,
  a: number,
  x: Float32Array,
  from: number,
  count: number,
): void {
  for (let k = 0; k < count; k++) z[at + k] = z[at + k]! + a * x[from + k]!;
}

function dot(x: Float32Array, at: number, y: Float32Array, from: number, count: number): number {
  let sum = 0;
  for (let k = 0; k < count; k++) sum += x[at + k]! * y[from + k]!;
  return sum;
}
