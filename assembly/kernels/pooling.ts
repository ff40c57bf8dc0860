// Causal pooling over windows of time, channels last: each row from itself and the rows just before it.
//
// Letters: windows of `steps` rows of `channels` f32 each; k taps. Row p pools m = min(k, p + 1) rows: those before a
// window do not exist, so that they weigh nothing in a mean and win no maximum.
//
//   averagePool   y[p] = (1/m) sum_(j < m) x[p - j]
//   maxPool       y[p] = max_(j < m) x[p - j]; the gradient goes to the latest of equal rows

import { lanesAt, storeLanes } from "./lanes";

/** Means. y, x: f32[windows x steps x channels], apart. */
export function averagePool(y: usize, x: usize, windows: i32, steps: i32, channels: i32, taps: i32): void {
  const row = <usize>channels << 2;
  for (let s: i32 = 0; s < windows; s++) {
    for (let p: i32 = 0; p < steps; p++) {
      const m = min(taps, p + 1);
      const part = f32x4.splat(1 / <f32>m);
      for (let c: i32 = 0; c < channels;) {
        const whole = c + 4 <= channels;
        const lane = <usize>c << 2;
        let total = f32x4.splat(0);
        for (let j: i32 = 0; j < m; j++) total = f32x4.add(total, lanesAt(x - <usize>j * row + lane, whole));
        storeLanes(y + lane, f32x4.mul(part, total), whole);
        c += whole ? 4 : 1;
      }
      y += row;
      x += row;
    }
  }
}

/** Adds the gradient of `averagePool`, times `scale`: dX[p - j] += (scale / m) dY[p]. dX apart from dY. */
export function averagePoolBackward(
  dX: usize, dY: usize, windows: i32, steps: i32, channels: i32, taps: i32, scale: f32,
): void {
  const row = <usize>channels << 2;
  for (let s: i32 = 0; s < windows; s++) {
    for (let p: i32 = 0; p < steps; p++) {
      const m = min(taps, p + 1);
      const part = f32x4.splat(scale / <f32>m);
      for (let c: i32 = 0; c < channels;) {
        const whole = c + 4 <= channels;
        const lane = <usize>c << 2;
        const d = f32x4.mul(part, lanesAt(dY + lane, whole));
        for (let j: i32 = 0; j < m; j++) {
          const at = dX - <usize>j * row + lane;
          storeLanes(at, f32x4.add(lanesAt(at, whole), d), whole);
        }
        c += whole ? 4 : 1;
      }
      dX += row;
      dY += row;
    }
  }
}

/** Maxima; NaN where one is in reach. y, x: f32[windows x steps x channels], apart. */
export function maxPool(y: usize, x: usize, windows: i32, steps: i32, channels: i32, taps: i32): void {
  const row = <usize>channels << 2;
  for (let s: i32 = 0; s < windows; s++) {
    for (let p: i32 = 0; p < steps; p++) {
      const m = min(taps, p + 1);
      for (let c: i32 = 0; c < channels;) {
        const whole = c + 4 <= channels;
        const lane = <usize>c << 2;
        let top = lanesAt(x + lane, whole);
        for (let j: i32 = 1; j < m; j++) top = f32x4.max(top, lanesAt(x - <usize>j * row + lane, whole));
        storeLanes(y + lane, top, whole);
        c += whole ? 4 : 1;
      }
      y += row;
      x += row;
    }
  }
}

/** Adds the gradient of `maxPool`, times `scale`, to the row that each maximum came from. dX apart from dY and x. */
export function maxPoolBackward(
  dX: usize, dY: usize, x: usize, windows: i32, steps: i32, channels: i32, taps: i32, scale: f32,
): void {
  const row = <usize>channels << 2;
  const factor = f32x4.splat(scale);
  for (let s: i32 = 0; s < windows; s++) {
    for (let p: i32 = 0; p < steps; p++) {
      const m = min(taps, p + 1);
      for (let c: i32 = 0; c < channels;) {
        const whole = c + 4 <= channels;
        const lane = <usize>c << 2;
        let top = lanesAt(x + lane, whole);
        let winner = i32x4.splat(0);
        for (let j: i32 = 1; j < m; j++) {
          const value = lanesAt(x - <usize>j * row + lane, whole);
          const higher = f32x4.gt(value, top);
          top = v128.bitselect(value, top, higher);
          winner = v128.bitselect(i32x4.splat(j), winner, higher);
        }
        const d = f32x4.mul(factor, lanesAt(dY + lane, whole));
        for (let j: i32 = 0; j < m; j++) {
          const at = dX - <usize>j * row + lane;
          const share = v128.and(d, i32x4.eq(winner, i32x4.splat(j)));
          storeLanes(at, f32x4.add(lanesAt(at, whole), share), whole);
        }
        c += whole ? 4 : 1;
      }
      dX += row;
      dY += row;
      x += row;
    }
  }
}
