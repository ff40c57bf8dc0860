// Causal 1-D convolutions over windows of time, channels last: what a row holds depends on no later row.
//
// Letters: windows of `steps` rows of `channels` f32 each, one behind the other; k taps; tap j looks j rows back.
//
//   convolve    y[p] = sum_j x[p - j] W_j               W [k x channels x channels], row-major [from x to]
//   depthwise   y[p][c] = sum_j w[j][c] x[p - j][c]     w [k x channels]
//
// Rows before a window are 0. The lanes are the channels: a full convolution is one matrix product per window and tap.
//
// Accuracy: a sum over time is cut at every window, whose sums are added in f32. Its error is at most
// (steps + windows + 2) * eps32 * sum |terms| while steps <= K_BLOCK, below that of a plain f32 sum of 4096 terms for
// the windows of one batch.

import { lanesAt, storeLanes } from "./lanes";
import { gemmNN, gemmNT, gemmTN } from "./matrix";

/** y = x * W. y, x: f32[windows x steps x channels], apart; weight: f32[taps x channels x channels]. */
export function convolve(
  y: usize, x: usize, weight: usize, windows: i32, steps: i32, channels: i32, taps: i32,
): void {
  const row = <usize>channels << 2;
  const square = row * channels;
  for (let s: i32 = 0; s < windows; s++) {
    for (let j: i32 = 0, reach = min(taps, steps); j < reach; j++) {
      gemmNN(y + <usize>j * row, x, weight + <usize>j * square, steps - j, channels, channels, 1, j > 0);
    }
    y += <usize>steps * row;
    x += <usize>steps * row;
  }
}

/**
 * Adds the gradients of `convolve`, times `scale`: dX[p - j] += dY[p] W_j^T and dW_j += x[p - j]^T dY[p]. An address of
 * 0 for dW skips it. Shapes as there; dX apart from dY.
 */
export function convolveBackward(
  dX: usize, dW: usize, dY: usize, x: usize, weight: usize,
  windows: i32, steps: i32, channels: i32, taps: i32, scale: f32,
): void {
  const row = <usize>channels << 2;
  const square = row * channels;
  for (let s: i32 = 0; s < windows; s++) {
    for (let j: i32 = 0, reach = min(taps, steps); j < reach; j++) {
      const d = dY + <usize>j * row;
      const at = <usize>j * square;
      gemmNT(dX, d, weight + at, steps - j, channels, channels, scale, true);
      if (dW) gemmTN(dW + at, x, d, channels, channels, steps - j, scale, true);
    }
    dX += <usize>steps * row;
    dY += <usize>steps * row;
    x += <usize>steps * row;
  }
}

/** y = x * w, each channel by itself. y, x: f32[windows x steps x channels], apart; weight: f32[taps x channels]. */
export function depthwise(
  y: usize, x: usize, weight: usize, windows: i32, steps: i32, channels: i32, taps: i32,
): void {
  const row = <usize>channels << 2;
  for (let s: i32 = 0; s < windows; s++) {
    for (let p: i32 = 0; p < steps; p++) {
      const reach = min(taps, p + 1);
      for (let c: i32 = 0; c < channels;) {
        const whole = c + 4 <= channels;
        const lane = <usize>c << 2;
        let total = f32x4.splat(0);
        for (let j: i32 = 0; j < reach; j++) {
          const back = <usize>j * row;
          total = f32x4.add(total, f32x4.mul(lanesAt(weight + back + lane, whole), lanesAt(x - back + lane, whole)));
        }
        storeLanes(y + lane, total, whole);
        c += whole ? 4 : 1;
      }
      y += row;
      x += row;
    }
  }
}

/** Adds the gradients of `depthwise`, times `scale`; an address of 0 for dW skips it. Shapes as there; dX apart. */
export function depthwiseBackward(
  dX: usize, dW: usize, dY: usize, x: usize, weight: usize,
  windows: i32, steps: i32, channels: i32, taps: i32, scale: f32,
): void {
  const row = <usize>channels << 2;
  const factor = f32x4.splat(scale);
  for (let s: i32 = 0; s < windows; s++) {
    for (let c: i32 = 0; c < channels;) {
      const whole = c + 4 <= channels;
      const lane = <usize>c << 2;
      for (let j: i32 = 0, reach = min(taps, steps); j < reach; j++) {
        const tap = <usize>j * row + lane;
        const w = lanesAt(weight + tap, whole);
        let total = f32x4.splat(0);
        for (let from = lane, end = <usize>(steps - j) * row; from < end; from += row) {
          const d = f32x4.mul(factor, lanesAt(dY + from + <usize>j * row, whole));
          storeLanes(dX + from, f32x4.add(lanesAt(dX + from, whole), f32x4.mul(w, d)), whole);
          total = f32x4.add(total, f32x4.mul(d, lanesAt(x + from, whole)));
        }
        if (dW) storeLanes(dW + tap, f32x4.add(lanesAt(dW + tap, whole), total), whole);
      }
      c += whole ? 4 : 1;
    }
    dX += <usize>steps * row;
    dY += <usize>steps * row;
    x += <usize>steps * row;
  }
}
