// One SGD step of a LoRA adapter in plain JavaScript: y = s B (A x), mean squared error, true
// gradients of both factors.
//
// Letters: n rows, i inputs, o outputs, r rank. A [r x i]; B lies transposed, Bt [r x o], so that
// every inner loop runs along contiguous memory. Of the layouts tried it was the fastest.

/** Shapes, data and first parameters of one run; all matrices row-major. */
export interface LoraCase {
  n: number;
  i: number;
  o: number;
  r: number;
  /** alpha / r. */
  scale: number;
  lr: number;
  /** f32[n x i] */
  x: Float32Array;
  /** f32[n x o] */
  labels: Float32Array;
  /** f32[r x i] */
  A: Float32Array;
  /** f32[r x o] */
  Bt: Float32Array;
}

/** z += a x over `count` elements. */
function axpy(
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

/** An adapter with the buffers of its step. */
export class PlainLora {
  readonly A: Float32Array;
  readonly Bt: Float32Array;
  readonly #case: LoraCase;
  readonly #h: Float32Array;
  readonly #dH: Float32Array;
  readonly #d: Float32Array;
  readonly #dA: Float32Array;
  readonly #dBt: Float32Array;

  constructor(each: LoraCase) {
    this.#case = each;
    this.A = each.A.slice();
    this.Bt = each.Bt.slice();
    this.#h = new Float32Array(each.n * each.r);
    this.#dH = new Float32Array(each.n * each.r);
    this.#d = new Float32Array(each.n * each.o);
    this.#dA = new Float32Array(each.A.length);
    this.#dBt = new Float32Array(each.Bt.length);
  }

  /** Moves both factors once and returns the loss before the move. */
  step(): number {
    const loss = this.#forward();
    this.#backward();
    const { lr } = this.#case;
    axpy(this.A, 0, -lr, this.#dA, 0, this.A.length);
    axpy(this.Bt, 0, -lr, this.#dBt, 0, this.Bt.length);
    return loss;
  }

  /** Leaves h = A x and d = dL/dz; returns the loss. */
  #forward(): number {
    const { n, i, o, r, scale, x, labels } = this.#case;
    const h = this.#h;
    const d = this.#d;
    let loss = 0;
    for (let s = 0; s < n; s++) {
      for (let k = 0; k < o; k++) d[s * o + k] = -labels[s * o + k]!;
      for (let q = 0; q < r; q++) {
        const value = dot(x, s * i, this.A, q * i, i);
        h[s * r + q] = value;
        axpy(d, s * o, scale * value, this.Bt, q * o, o);
      }
      for (let k = 0; k < o; k++) {
        const error = d[s * o + k]!;
        loss += error * error;
        d[s * o + k] = (2 / n) * error;
      }
    }
    return loss / n;
  }

  #backward(): void {
    const { n, i, o, r, scale, x } = this.#case;
    this.#dA.fill(0);
    this.#dBt.fill(0);
    for (let s = 0; s < n; s++) {
      for (let q = 0; q < r; q++) {
        const value = scale * dot(this.#d, s * o, this.Bt, q * o, o);
        this.#dH[s * r + q] = value;
        axpy(this.#dBt, q * o, scale * this.#h[s * r + q]!, this.#d, s * o, o);
        axpy(this.#dA, q * i, value, x, s * i, i);
      }
    }
  }
}
