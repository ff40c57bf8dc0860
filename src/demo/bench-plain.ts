// The work of the bench page in plain JavaScript: typed arrays, and loops over contiguous memory.
//
// Letters: n samples, i inputs, o outputs, u hidden units, r rank. Matrices are row-major.

/** out = x W^T + b. out: f32[n x o]; x: f32[n x i]; W: f32[o x i]; b: f32[o]. */
export function plainLayer(
  out: Float32Array,
  x: Float32Array,
  W: Float32Array,
  b: Float32Array,
  isRelu: boolean,
): void {
  const o = b.length;
  const i = W.length / o;
  for (let s = 0; s * o < out.length; s++) {
    for (let q = 0; q < o; q++) {
      let sum = b[q]!;
      for (let k = 0; k < i; k++) sum += x[s * i + k]! * W[q * i + k]!;
      out[s * o + q] = isRelu && sum < 0 ? 0 : sum;
    }
  }
}

/** (lambda / 2) sum F (w - baseline)^2. */
export function plainPenalty(
  w: Float32Array,
  baseline: Float32Array,
  fisher: Float32Array,
  lambda: number,
): number {
  let sum = 0;
  for (let p = 0; p < w.length; p++) {
    const distance = w[p]! - baseline[p]!;
    sum += fisher[p]! * distance * distance;
  }
  return 0.5 * lambda * sum;
}

/** grad += lambda F (w - baseline). */
export function plainAddGradient(
  grad: Float32Array,
  w: Float32Array,
  baseline: Float32Array,
  fisher: Float32Array,
  lambda: number,
): void {
  for (let p = 0; p < grad.length; p++) {
    grad[p] = grad[p]! + lambda * fisher[p]! * (w[p]! - baseline[p]!);
  }
}

/** Weights of a network with one hidden layer of relu. */
export interface PlainNetwork {
  /** f32[u x i], f32[u], f32[o x u], f32[o]. */
  W1: Float32Array;
  b1: Float32Array;
  W2: Float32Array;
  b2: Float32Array;
}

/**
 * Adds the squares of one sample's gradient, divided by n, to `fisher` in the order W1, b1, W2, b2.
 * The loss is the squared error, summed over the outputs.
 */
export function plainAddSquares(
  fisher: Float32Array,
  { W1, b1, W2, b2 }: PlainNetwork,
  { input, label }: { input: Float32Array; label: Float32Array },
  n: number,
): void {
  const [i, u, o] = [input.length, b1.length, b2.length];
  const hidden = new Float32Array(u);
  const output = new Float32Array(o);
  plainLayer(hidden, input, W1, b1, true);
  plainLayer(output, hidden, W2, b2, false);
  const dHidden = new Float64Array(u);
  const [atB1, atW2] = [W1.length, W1.length + u];
  for (let q = 0; q < o; q++) {
    const d = 2 * (output[q]! - label[q]!);
    for (let k = 0; k < u; k++) {
      const g = d * hidden[k]!;
      fisher[atW2 + q * u + k]! += (g * g) / n;
      dHidden[k]! += d * W2[q * u + k]!;
    }
    fisher[atW2 + W2.length + q]! += (d * d) / n;
  }
  for (let k = 0; k < u; k++) {
    const d = hidden[k]! > 0 ? dHidden[k]! : 0;
    for (let j = 0; j < i; j++) {
      const g = d * input[j]!;
      fisher[k * i + j]! += (g * g) / n;
    }
    fisher[atB1 + k]! += (d * d) / n;
  }
}

/** Sharpe ratio of the first differences of the last `windowSize` values, with running sums. */
export function plainRollingSharpe(
  values: Float64Array,
  windowSize: number,
  annualization: number,
): Float64Array {
  const out = new Float64Array(values.length).fill(Number.NaN);
  const size = windowSize - 1;
  const scale = Math.sqrt(annualization);
  let [sum, squares] = [0, 0];
  for (let t = 1; t < values.length; t++) {
    const gain = values[t]! - values[t - 1]!;
    sum += gain;
    squares += gain * gain;
    if (t > size) {
      const gone = values[t - size]! - values[t - size - 1]!;
      sum -= gone;
      squares -= gone * gone;
    }
    if (t < size) continue;
    const mean = sum / size;
    const variance = Math.max(0, squares / size - mean * mean);
    out[t] = variance === 0 ? 0 : (mean / Math.sqrt(variance)) * scale;
  }
  return out;
}
