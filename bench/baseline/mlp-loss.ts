// The loss of a small classifier in plain JavaScript, f64: what a user would hand to computeFisher.
//
// One hidden layer with tanh, softmax cross-entropy. Letters: i inputs, u hidden units, o classes.
// theta holds W1 [u x i], b1 [u], W2 [o x u], b2 [o].

/** A loss with buffers of its own: `at(theta, input, label)`. */
export class MlpLoss {
  readonly #hidden: Float64Array;
  readonly #logits: Float64Array;

  constructor(
    readonly i: number,
    readonly u: number,
    readonly o: number,
  ) {
    this.#hidden = new Float64Array(u);
    this.#logits = new Float64Array(o);
  }

  /** log sum exp(z) - z of the label's class. input: f32[i], label: a distribution f32[o]. */
  at(theta: Float64Array, input: Float32Array, label: Float32Array): number {
    const { i, u, o } = this;
    const hidden = this.#hidden;
    const logits = this.#logits;
    const b1 = u * i;
    for (let j = 0; j < u; j++) {
      let z = theta[b1 + j]!;
      for (let p = 0; p < i; p++) z += theta[j * i + p]! * input[p]!;
      hidden[j] = Math.tanh(z);
    }
    const w2 = b1 + u;
    const b2 = w2 + o * u;
    let top = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < o; k++) {
      let z = theta[b2 + k]!;
      for (let j = 0; j < u; j++) z += theta[w2 + k * u + j]! * hidden[j]!;
      logits[k] = z;
      if (z > top) top = z;
    }
    let total = 0;
    for (let k = 0; k < o; k++) total += Math.exp(logits[k]! - top);
    const rest = top + Math.log(total);
    let loss = 0;
    for (let k = 0; k < o; k++) loss += label[k]! * (rest - logits[k]!);
    return loss;
  }
}
