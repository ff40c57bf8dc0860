// Rolling moments and the rolling Sharpe ratio: O(1) per value, nothing is ever subtracted from a running sum.
//
// The stream is cut into blocks of W values. The window that ends inside a block is a suffix of the block before plus a
// prefix of this one, so its sums are one stored suffix plus one running prefix: additions only, no drift, however
// long the stream. Sums are taken around a reference c that lies in the window (the last value of the block before),
// which bounds the cancellation in sum d^2 - (sum d)^2 / n by a factor n + 1 and makes the variance of a constant
// window exactly 0. When a block is full, c moves to its last value and the suffix sums are rebuilt: W operations every
// W values.
//
//     Sharpe = mean / population std * scale, 0 when std is 0

import {
  ALERT_FIELDS, SHARPE_COUNT, SHARPE_CURRENT, SHARPE_DIFFERENCES, SHARPE_HEADER_BYTES, SHARPE_HISTORY, SHARPE_MEAN,
  SHARPE_PREVIOUS, SHARPE_SCALE, SHARPE_SIGMAS, SHARPE_THRESHOLD, SHARPE_VALUES, WINDOW_CENTER, WINDOW_FILL,
  WINDOW_FULL, WINDOW_HEADER_BYTES, WINDOW_SIZE, WINDOW_SQUARES, WINDOW_SUM,
} from "./layout";

/** Bytes of a window of `size` values. */
export function windowBytes(size: i32): usize {
  return <usize>WINDOW_HEADER_BYTES + 16 * (<usize>size + 1) + 8 * <usize>size;
}

/** Empties a window of `size` >= 1 values. */
export function windowReset(window: usize, size: i32): void {
  memory.fill(window, 0, windowBytes(size));
  store<i32>(window, size, WINDOW_SIZE);
}

// @ts-ignore: decorator
@inline
function suffixAt(window: usize, index: i32): usize {
  return window + WINDOW_HEADER_BYTES + (<usize>index << 4);
}

// @ts-ignore: decorator
@inline
function valuesOf(window: usize, size: i32): usize {
  return suffixAt(window, size + 1);
}

/** Values in the window now. */
// @ts-ignore: decorator
@inline
export function windowCount(window: usize): i32 {
  return load<i32>(window, WINDOW_FULL) ? load<i32>(window, WINDOW_SIZE) : load<i32>(window, WINDOW_FILL);
}

/** Closes a full block: moves the reference to its last value and rebuilds the suffix sums. */
function closeBlock(window: usize, size: i32): void {
  const values = valuesOf(window, size);
  const center = load<f64>(values + (<usize>(size - 1) << 3));
  let sum: f64 = 0;
  let squares: f64 = 0;
  store<f64>(suffixAt(window, size), 0);
  store<f64>(suffixAt(window, size), 0, 8);
  for (let k = size - 1; k >= 0; k--) {
    const d = load<f64>(values + (<usize>k << 3)) - center;
    sum += d;
    squares += d * d;
    store<f64>(suffixAt(window, k), sum);
    store<f64>(suffixAt(window, k), squares, 8);
  }
  store<f64>(window, center, WINDOW_CENTER);
  store<f64>(window, 0, WINDOW_SUM);
  store<f64>(window, 0, WINDOW_SQUARES);
  store<i32>(window, 0, WINDOW_FILL);
  store<i32>(window, 1, WINDOW_FULL);
}

/** Adds a value; the oldest leaves once the window is full. */
// @ts-ignore: decorator
@inline
function push(window: usize, x: f64): void {
  const size = load<i32>(window, WINDOW_SIZE);
  const fill = load<i32>(window, WINDOW_FILL);
  if (fill == 0 && !load<i32>(window, WINDOW_FULL)) store<f64>(window, x, WINDOW_CENTER);
  store<f64>(valuesOf(window, size) + (<usize>fill << 3), x);
  if (fill + 1 == size) {
    closeBlock(window, size);
    return;
  }
  const d = x - load<f64>(window, WINDOW_CENTER);
  store<f64>(window, load<f64>(window, WINDOW_SUM) + d, WINDOW_SUM);
  store<f64>(window, load<f64>(window, WINDOW_SQUARES) + d * d, WINDOW_SQUARES);
  store<i32>(window, fill + 1, WINDOW_FILL);
}

/** Sum around the reference of the values in the window. */
// @ts-ignore: decorator
@inline
function sumOf(window: usize): f64 {
  return load<f64>(suffixAt(window, load<i32>(window, WINDOW_FILL))) + load<f64>(window, WINDOW_SUM);
}

/** Sum of squares around the reference. */
// @ts-ignore: decorator
@inline
function squaresOf(window: usize): f64 {
  return load<f64>(suffixAt(window, load<i32>(window, WINDOW_FILL)), 8) + load<f64>(window, WINDOW_SQUARES);
}

/** Population standard deviation of 1/inverse values from their sums around the reference. */
// @ts-ignore: decorator
@inline
function stdOf(sum: f64, squares: f64, inverse: f64): f64 {
  return Math.sqrt(max(0.0, (squares - sum * sum * inverse) * inverse));
}

/** mean / std * scale of 1/inverse values; 0 when the std is 0. */
// @ts-ignore: decorator
@inline
function ratioOf(center: f64, sum: f64, squares: f64, inverse: f64, scale: f64): f64 {
  const std = stdOf(sum, squares, inverse);
  return std == 0 ? 0 : ((center + sum * inverse) / std) * scale;
}

/** mean / std * scale of what is in the window; 0 when it is empty or its std is 0. */
// @ts-ignore: decorator
@inline
function sharpeOf(window: usize, scale: f64): f64 {
  const n = windowCount(window);
  if (n == 0) return 0;
  return ratioOf(load<f64>(window, WINDOW_CENTER), sumOf(window), squaresOf(window), 1.0 / <f64>n, scale);
}

/**
 * out[t] = Sharpe of the last `values` of x[0..t], NaN until there are that many. out, x: f64[n].
 * isPnl: x is P&L and its first differences are the returns (so values - 1 of them); else x are the returns.
 * window: `windowBytes` of the number of returns; scale: sqrt(annualization).
 */
export function rollingSharpe(out: usize, x: usize, n: i32, values: i32, isPnl: bool, scale: f64, window: usize): void {
  const size = isPnl ? values - 1 : values;
  const head = min(n, values);
  windowReset(window, size);
  for (let t: i32 = 0; t < head; t++) {
    const at = <usize>t << 3;
    if (!isPnl) push(window, load<f64>(x + at));
    else if (t > 0) push(window, load<f64>(x + at) - load<f64>(x + at - 8));
    store<f64>(out + at, t + 1 < values ? NaN : sharpeOf(window, scale));
  }
  if (n > head) rollOn(out, x, head, n, isPnl, scale, window, size);
}

/** `rollingSharpe` of x[from..n-1] on a full window, whose state stays in registers between two blocks. */
function rollOn(
  out: usize, x: usize, from: i32, n: i32, isPnl: bool, scale: f64, window: usize, size: i32,
): void {
  const inverse = 1.0 / <f64>size;
  const values = valuesOf(window, size);
  let fill = load<i32>(window, WINDOW_FILL);
  let center = load<f64>(window, WINDOW_CENTER);
  let sum = load<f64>(window, WINDOW_SUM);
  let squares = load<f64>(window, WINDOW_SQUARES);
  for (let t = from; t < n; t++) {
    const at = x + (<usize>t << 3);
    const value = isPnl ? load<f64>(at) - load<f64>(at - 8) : load<f64>(at);
    store<f64>(values + (<usize>fill << 3), value);
    if (++fill == size) {
      closeBlock(window, size);
      fill = 0;
      center = load<f64>(window, WINDOW_CENTER);
      sum = 0;
      squares = 0;
    } else {
      const d = value - center;
      sum += d;
      squares += d * d;
    }
    const suffix = suffixAt(window, fill);
    const ratio = ratioOf(center, load<f64>(suffix) + sum, load<f64>(suffix, 8) + squares, inverse, scale);
    store<f64>(out + (<usize>t << 3), ratio);
  }
}

/** Bytes of a detector over `values` observations. */
export function sharpeBytes(values: i32, isPnl: bool): usize {
  return <usize>SHARPE_HEADER_BYTES + windowBytes(isPnl ? values - 1 : values) + windowBytes(10 * values - 1);
}

/** Prepares a detector: a window of `values` >= 2 observations and a history of 10 * values Sharpe ratios. */
export function sharpeReset(detector: usize, values: i32, isPnl: bool, sigmas: f64, scale: f64): void {
  const returns = detector + SHARPE_HEADER_BYTES;
  const history = returns + windowBytes(isPnl ? values - 1 : values);
  memory.fill(detector, 0, SHARPE_HEADER_BYTES);
  store<i32>(detector, isPnl, SHARPE_DIFFERENCES);
  store<usize>(detector, history, SHARPE_HISTORY);
  store<i32>(detector, values, SHARPE_VALUES);
  store<f64>(detector, sigmas, SHARPE_SIGMAS);
  store<f64>(detector, scale, SHARPE_SCALE);
  store<f64>(detector, NaN, SHARPE_MEAN);
  store<f64>(detector, NaN, SHARPE_THRESHOLD);
  windowReset(returns, isPnl ? values - 1 : values);
  windowReset(history, 10 * values - 1); // all but the current one of at most 10 * values
}

/**
 * Takes one observation; returns whether it is an alert: with a full window and at least 3 Sharpe ratios in the
 * history, the current one lies below mean - sigmas * std of those before it. Leaves the numbers in SHARPE_*.
 */
export function sharpeObserve(detector: usize, x: f64): bool {
  const returns = detector + SHARPE_HEADER_BYTES;
  const history = load<usize>(detector, SHARPE_HISTORY);
  const values = load<i32>(detector, SHARPE_VALUES);
  const count = min(load<i32>(detector, SHARPE_COUNT) + 1, i32.MAX_VALUE - 1);
  if (!load<i32>(detector, SHARPE_DIFFERENCES)) push(returns, x);
  else if (count > 1) push(returns, x - load<f64>(detector, SHARPE_PREVIOUS));
  store<i32>(detector, count, SHARPE_COUNT);
  store<f64>(detector, x, SHARPE_PREVIOUS);
  const current = sharpeOf(returns, load<f64>(detector, SHARPE_SCALE));
  store<f64>(detector, current, SHARPE_CURRENT);
  if (count < values) return false;
  let isAlert = false;
  const past = windowCount(history);
  if (past >= 2) {
    const sum = sumOf(history);
    const inverse = 1.0 / <f64>past;
    const center = load<f64>(history, WINDOW_CENTER) + sum * inverse;
    const spread = stdOf(sum, squaresOf(history), inverse);
    const threshold = center - load<f64>(detector, SHARPE_SIGMAS) * spread;
    store<f64>(detector, center, SHARPE_MEAN);
    store<f64>(detector, threshold, SHARPE_THRESHOLD);
    isAlert = current < threshold;
  }
  push(history, current);
  return isAlert;
}

/**
 * Takes n observations, as `sharpeObserve` one by one, and returns the number of alerts.
 * alerts: f64[ALERT_FIELDS x n]: index, Sharpe ratio, mean and threshold of each. x: f64[n].
 */
export function sharpeObserveBatch(alerts: usize, detector: usize, x: usize, n: i32): i32 {
  let count: i32 = 0;
  for (let t: i32 = 0; t < n; t++) {
    if (!sharpeObserve(detector, load<f64>(x + (<usize>t << 3)))) continue;
    const at = alerts + <usize>count * (ALERT_FIELDS * 8);
    store<f64>(at, <f64>t);
    store<f64>(at, load<f64>(detector, SHARPE_CURRENT), 8);
    store<f64>(at, load<f64>(detector, SHARPE_MEAN), 16);
    store<f64>(at, load<f64>(detector, SHARPE_THRESHOLD), 24);
    count++;
  }
  return count;
}
