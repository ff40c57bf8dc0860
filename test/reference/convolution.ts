// Causal convolutions and pooling over windows of time, with gradients, as plain loops in f64.

/** Sizes of a batch: windows of `steps` rows of `channels`, and how many rows an operation sees. */
export interface TimeShape {
  windows: number;
  steps: number;
  channels: number;
  taps: number;
}

type Numbers = ArrayLike<number>;

/** Calls `visit` with the output row, the input row and the tap of every pair in reach. */
function eachPair(
  { windows, steps, taps }: TimeShape,
  visit: (to: number, from: number, tap: number, reach: number) => void,
): void {
  for (let row = 0; row < windows * steps; row++) {
    const reach = Math.min(taps, (row % steps) + 1);
    for (let tap = 0; tap < reach; tap++) visit(row, row - tap, tap, reach);
  }
}

/** y[p] = sum_j x[p - j] W_j; y: f64[windows x steps x channels], new. */
export function convolve(x: Numbers, weight: Numbers, shape: TimeShape): Float64Array {
  const c = shape.channels;
  const y = new Float64Array(shape.windows * shape.steps * c);
  eachPair(shape, (to, from, tap) => {
    for (let a = 0; a < c; a++) {
      for (let b = 0; b < c; b++)
        y[to * c + b]! += x[from * c + a]! * weight[(tap * c + a) * c + b]!;
    }
  });
  return y;
}

/** Gradients of sum(dY y) with respect to x and W. */
export function convolveGradients(dY: Numbers, x: Numbers, weight: Numbers, shape: TimeShape) {
  const c = shape.channels;
  const dX = new Float64Array(x.length);
  const dW = new Float64Array(weight.length);
  eachPair(shape, (to, from, tap) => {
    for (let a = 0; a < c; a++) {
      for (let b = 0; b < c; b++) {
        const at = (tap * c + a) * c + b;
        dX[from * c + a]! += dY[to * c + b]! * weight[at]!;
        dW[at]! += dY[to * c + b]! * x[from * c + a]!;
      }
    }
  });
  return { dX, dW };
}

/** y[p][c] = sum_j w[j][c] x[p - j][c]. */
export function depthwise(x: Numbers, weight: Numbers, shape: TimeShape): Float64Array {
  const c = shape.channels;
  const y = new Float64Array(shape.windows * shape.steps * c);
  eachPair(shape, (to, from, tap) => {
    for (let k = 0; k < c; k++) y[to * c + k]! += x[from * c + k]! * weight[tap * c + k]!;
  });
  return y;
}

/** Gradients of sum(dY y) with respect to x and w. */
export function depthwiseGradients(dY: Numbers, x: Numbers, weight: Numbers, shape: TimeShape) {
  const c = shape.channels;
  const dX = new Float64Array(x.length);
  const dW = new Float64Array(weight.length);
  eachPair(shape, (to, from, tap) => {
    for (let k = 0; k < c; k++) {
      dX[from * c + k]! += dY[to * c + k]! * weight[tap * c + k]!;
      dW[tap * c + k]! += dY[to * c + k]! * x[from * c + k]!;
    }
  });
  return { dX, dW };
}

/** The mean of the rows in reach. */
export function averagePool(x: Numbers, shape: TimeShape): Float64Array {
  const c = shape.channels;
  const y = new Float64Array(x.length);
  eachPair(shape, (to, from, _, reach) => {
    for (let k = 0; k < c; k++) y[to * c + k]! += x[from * c + k]! / reach;
  });
  return y;
}

/** Gradient of sum(dY y) with respect to x. */
export function averagePoolGradient(dY: Numbers, shape: TimeShape): Float64Array {
  const c = shape.channels;
  const dX = new Float64Array(dY.length);
  eachPair(shape, (to, from, _, reach) => {
    for (let k = 0; k < c; k++) dX[from * c + k]! += dY[to * c + k]! / reach;
  });
  return dX;
}

/** The largest of the rows in reach. */
export function maxPool(x: Numbers, shape: TimeShape): Float64Array {
  const c = shape.channels;
  const y = new Float64Array(x.length).fill(Number.NEGATIVE_INFINITY);
  eachPair(shape, (to, from) => {
    for (let k = 0; k < c; k++) y[to * c + k] = Math.max(y[to * c + k]!, x[from * c + k]!);
  });
  return y;
}

/** Gradient of sum(dY y) with respect to x: all of it to the latest row with the largest value. */
export function maxPoolGradient(dY: Numbers, x: Numbers, shape: TimeShape): Float64Array {
  const c = shape.channels;
  const dX = new Float64Array(x.length);
  const y = maxPool(x, shape);
  const taken = new Set<number>();
  eachPair(shape, (to, from) => {
    for (let k = 0; k < c; k++) {
      const at = to * c + k;
      if (taken.has(at) || x[from * c + k] !== y[at]) continue;
      taken.add(at);
      dX[from * c + k]! += dY[at]!;
    }
  });
  return dX;
}
