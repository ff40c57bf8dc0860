// Dense layers with optional LoRA adapters: forward, keeping everything, and backward.
// Letters: n rows, i = inputs and o = outputs of a layer, r rank. All matrices are row-major.

import { type ActivationName, activate, activationDerivative } from "./activation.ts";
import { matmulNN, matmulNT, matmulTN } from "./matrix.ts";

/** A LoRA adapter in PEFT's layout; it adds (alpha/r) B (A x). */
interface Adapter {
  rank: number;
  alpha: number;
  /** f64[r x i] */
  A: Float64Array;
  /** f64[o x r] */
  B: Float64Array;
}

/** One dense layer. Without `weight` and `bias` it is the adapter alone. */
export interface Layer {
  inputSize: number;
  outputSize: number;
  activation: ActivationName;
  /** f64[o x i] */
  weight?: Float64Array;
  /** f64[o] */
  bias?: Float64Array;
  adapter?: Adapter;
}

/** What the forward pass of one layer saw and made. */
export interface LayerTrace {
  /** f64[n x i] */
  input: Float64Array;
  /** A x, f64[n x r]; empty without an adapter. */
  hidden: Float64Array;
  /** The pre-activation, f64[n x o]. */
  z: Float64Array;
  /** f64[n x o] */
  output: Float64Array;
}

/** Gradients of one layer; a tensor the layer lacks has none. */
export interface LayerGradient {
  dWeight?: Float64Array;
  dBias?: Float64Array;
  dA?: Float64Array;
  dB?: Float64Array;
  /** f64[n x i] */
  dInput: Float64Array;
}

function forwardLayer(layer: Layer, input: Float64Array, n: number): LayerTrace {
  const { inputSize: i, outputSize: o, adapter } = layer;
  const z = new Float64Array(n * o);
  if (layer.weight) matmulNT(z, input, layer.weight, n, o, i);
  if (layer.bias) {
    for (let s = 0; s < n; s++) {
      for (let k = 0; k < o; k++) z[s * o + k]! += layer.bias[k]!;
    }
  }
  const hidden = new Float64Array(n * (adapter?.rank ?? 0));
  if (adapter) {
    const scale = adapter.alpha / adapter.rank;
    matmulNT(hidden, input, adapter.A, n, adapter.rank, i);
    matmulNT(z, hidden, adapter.B, n, o, adapter.rank, scale, true);
  }
  return { input, hidden, z, output: z.map((value) => activate(layer.activation, value)) };
}

/**
 * Runs n rows through the layers and returns the trace of each:
 *
 *     z = W x + b + (alpha/r) B (A x)        output = activation(z)
 *
 * Terms whose tensors are absent are 0. input: [n x i of the first layer]. Allocates every trace.
 */
export function forward(layers: readonly Layer[], input: ArrayLike<number>, n: number) {
  const traces: LayerTrace[] = [];
  let current: Float64Array = Float64Array.from(input);
  for (const layer of layers) {
    const trace = forwardLayer(layer, current, n);
    traces.push(trace);
    current = trace.output;
  }
  return traces;
}

/** Returns the column sums of dZ [n x o], which are the gradient of the bias. */
function columnSums(dZ: Float64Array, n: number, o: number): Float64Array {
  const sums = new Float64Array(o);
  for (let s = 0; s < n; s++) {
    for (let k = 0; k < o; k++) sums[k]! += dZ[s * o + k]!;
  }
  return sums;
}

function backwardLayer(layer: Layer, trace: LayerTrace, dZ: Float64Array, n: number) {
  const { inputSize: i, outputSize: o, adapter } = layer;
  const gradient: LayerGradient = { dInput: new Float64Array(n * i) };
  if (layer.weight) {
    gradient.dWeight = new Float64Array(o * i);
    matmulTN(gradient.dWeight, dZ, trace.input, o, i, n);
    matmulNN(gradient.dInput, dZ, layer.weight, n, i, o);
  }
  if (layer.bias) gradient.dBias = columnSums(dZ, n, o);
  if (adapter) {
    const r = adapter.rank;
    const scale = adapter.alpha / r;
    const dHidden = new Float64Array(n * r);
    matmulNN(dHidden, dZ, adapter.B, n, r, o, scale);
    gradient.dB = new Float64Array(o * r);
    matmulTN(gradient.dB, dZ, trace.hidden, o, r, n, scale);
    gradient.dA = new Float64Array(r * i);
    matmulTN(gradient.dA, dHidden, trace.input, r, i, n);
    matmulNN(gradient.dInput, dHidden, adapter.A, n, i, r, 1, true);
  }
  return gradient;
}

/**
 * Returns the gradients of every layer, given that of the last output:
 *
 *     dZ = dOutput * activation'(z)
 *     dW = dZ^T x; db = column sums of dZ
 *     dHidden = (alpha/r) dZ B; dB = (alpha/r) dZ^T hidden; dA = dHidden^T x
 *     dInput = dZ W + dHidden A
 *
 * With `onPreActivation`, `dLast` is already dZ of the last layer.
 * traces: of `forward` on the same layers; dLast: f64[n x o of the last layer].
 */
export function backward(
  layers: readonly Layer[],
  traces: readonly LayerTrace[],
  dLast: Float64Array,
  n: number,
  onPreActivation = false,
): LayerGradient[] {
  const gradients: LayerGradient[] = [];
  let dOutput = dLast;
  for (let index = layers.length - 1; index >= 0; index--) {
    const layer = layers[index]!;
    const trace = traces[index]!;
    const dZ = Float64Array.from(dOutput);
    if (!(onPreActivation && index === layers.length - 1)) {
      for (let p = 0; p < dZ.length; p++) {
        dZ[p]! *= activationDerivative(layer.activation, trace.z[p]!);
      }
    }
    const gradient = backwardLayer(layer, trace, dZ, n);
    gradients.unshift(gradient);
    dOutput = gradient.dInput;
  }
  return gradients;
}
