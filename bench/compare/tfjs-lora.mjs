// The LoRA step in TensorFlow.js with its WebAssembly backend, written with the least operations we
// found: gradients by hand, no tape, the loss read back once per step as the core does.

import { version_wasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";

export const version = version_wasm;

/** Starts the backend: the SIMD build, one thread (its default in Node). */
export async function ready() {
  tf.env().set("IS_TEST", true); // no advertisement of another package on the console
  await tf.setBackend("wasm");
  await tf.ready();
}

export class TfjsLora {
  constructor({ n, i, o, r, scale, lr, x, labels, A, Bt }) {
    this.n = n;
    this.scale = scale;
    this.lr = lr;
    this.x = tf.tensor2d(x, [n, i]);
    this.labels = tf.tensor2d(labels, [n, o]);
    this.A = tf.variable(tf.tensor2d(A, [r, i]));
    this.Bt = tf.variable(tf.tensor2d(Bt, [r, o]));
  }

  /** Moves both factors once; returns the loss before the move. */
  step() {
    const { n, scale, lr, x, labels, A, Bt } = this;
    return tf.tidy(() => {
      const h = tf.matMul(x, A, false, true);
      const error = tf.sub(tf.mul(tf.matMul(h, Bt), scale), labels);
      const loss = tf.sum(tf.square(error));
      const d = tf.mul(error, (2 * scale) / n);
      const dH = tf.matMul(d, Bt, false, true);
      const dBt = tf.matMul(h, d, true, false);
      const dA = tf.matMul(dH, x, true, false);
      A.assign(tf.sub(A, tf.mul(dA, lr)));
      Bt.assign(tf.sub(Bt, tf.mul(dBt, lr)));
      return loss.dataSync()[0] / n;
    });
  }

  state() {
    return { A: this.A.dataSync(), Bt: this.Bt.dataSync() };
  }
}
