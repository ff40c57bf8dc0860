// A series of features and returns as windows, split by time, in units of the training part.
//
// Letters: F features, H horizon, T steps of a window.

import { DriftkeelRangeError, DriftkeelTypeError, type Random } from "../../index.ts";
import type { NasSettings } from "./nas-config.ts";

/** A series, oldest first; both arrays cover the same periods. */
export interface SignalData {
  /** Known at the end of each period: f32[periods x F], row by row. */
  features: Float32Array;
  /** The return of each period: f32[periods]. */
  returns: Float32Array;
}

/** Mean and deviation of each feature, and of the returns, in the training part. */
export interface SignalScale {
  mean: number[];
  deviation: number[];
  /** Root mean square of the returns. */
  returnScale: number;
}

/** Windows of one part, by the period that each of them ends with. */
export interface SignalPart {
  /** The first and the one behind the last. */
  from: number;
  to: number;
}

/** Windows for a network: f32[count x T x F] and f32[count x H]. */
export interface SignalBatch {
  inputs: Float32Array;
  labels: Float32Array;
  count: number;
}

/** Shares of the windows that train and that validate; the rest tests. */
const TRAIN_SHARE = 0.5;
const VALIDATION_SHARE = 0.25;
/** Windows that each part needs: fewer say nothing about a Sharpe ratio. */
const LEAST_WINDOWS = 16;

/**
 * Windows that end with period t forecast the returns of t+1 .. t+H. The parts follow each other in
 * time, with H - 1 windows left out between them, so that no return is a label on both sides.
 */
export class SignalSeries {
  readonly train: SignalPart;
  readonly validation: SignalPart;
  readonly test: SignalPart;
  readonly scale: SignalScale;
  readonly #features: Float32Array;
  readonly #returns: Float32Array;
  readonly #settings: NasSettings;

  /** Throws ARGUMENT_TYPE, LENGTH_MISMATCH, VALUE_NOT_FINITE, DATA_EMPTY. */
  constructor(data: SignalData, settings: NasSettings) {
    const { inputFeatures, patchLen, horizonLen } = settings;
    checkSeries(data, inputFeatures);
    this.#settings = settings;
    const first = patchLen - 1;
    const windows = data.returns.length - horizonLen - first;
    const gap = horizonLen - 1;
    const trainEnd = first + Math.floor(TRAIN_SHARE * windows);
    const validationEnd = trainEnd + Math.floor(VALIDATION_SHARE * windows);
    this.train = { from: first, to: trainEnd - gap };
    this.validation = { from: trainEnd, to: validationEnd - gap };
    this.test = { from: validationEnd, to: first + windows };
    for (const part of [this.train, this.validation, this.test]) checkPart(part, settings);
    // Nothing behind the training part, and no return that it does not know, sets a scale.
    this.scale = measure(data, inputFeatures, trainEnd);
    this.#features = scaled(data.features, this.scale);
    this.#returns = data.returns;
  }

  /** Windows that end with the given periods. */
  batch(ends: readonly number[]): SignalBatch {
    const { inputFeatures, patchLen, horizonLen } = this.#settings;
    const inputs = new Float32Array(ends.length * patchLen * inputFeatures);
    const labels = new Float32Array(ends.length * horizonLen);
    for (const [row, end] of ends.entries()) {
      const from = (end - patchLen + 1) * inputFeatures;
      const window = this.#features.subarray(from, (end + 1) * inputFeatures);
      inputs.set(window, row * window.length);
      for (let h = 0; h < horizonLen; h++) {
        labels[row * horizonLen + h] = this.#returns[end + 1 + h]! / this.scale.returnScale;
      }
    }
    return { inputs, labels, count: ends.length };
  }

  /** All windows of a part, oldest first. */
  whole({ from, to }: SignalPart): SignalBatch {
    return this.batch(Array.from({ length: to - from }, (_, k) => from + k));
  }

  /** A batch drawn with replacement. */
  draw({ from, to }: SignalPart, random: Random): SignalBatch {
    const count = Math.min(this.#settings.batchSize, to - from);
    return this.batch(Array.from({ length: count }, () => from + random.below(to - from)));
  }

  /** All windows of a part as they come, f32[n x T x F], and the returns that follow. */
  raw({ from, to }: SignalPart, { features, returns }: SignalData) {
    const { inputFeatures, patchLen, horizonLen } = this.#settings;
    const count = to - from;
    const windows = new Float32Array(count * patchLen * inputFeatures);
    const labels = new Float32Array(count * horizonLen);
    for (let row = 0; row < count; row++) {
      const end = from + row + 1;
      const window = features.subarray((end - patchLen) * inputFeatures, end * inputFeatures);
      windows.set(window, row * window.length);
      labels.set(returns.subarray(end, end + horizonLen), row * horizonLen);
    }
    return { windows, labels, count, horizonLen };
  }

  /** The return of the period behind each window of a part: what a position earns. */
  nextReturns({ from, to }: SignalPart): Float32Array {
    return this.#returns.slice(from + 1, to + 1);
  }
}

function checkSeries({ features, returns }: SignalData, inputFeatures: number): void {
  for (const [name, values] of Object.entries({ features, returns })) {
    if (!(values instanceof Float32Array)) {
      throw new DriftkeelTypeError(
        "ARGUMENT_TYPE",
        `Expected data.${name} to be a Float32Array, got ${typeof values}.`,
      );
    }
    const broken = values.findIndex((value) => !Number.isFinite(value));
    if (broken < 0) continue;
    throw new DriftkeelRangeError(
      "VALUE_NOT_FINITE",
      `Expected data.${name} to hold finite numbers, got ${values[broken]} at index ${broken}. ` +
        "Remove or repair it.",
    );
  }
  if (features.length === returns.length * inputFeatures) return;
  throw new DriftkeelRangeError(
    "LENGTH_MISMATCH",
    `Expected data.features of length ${returns.length * inputFeatures} (periods x ` +
      `inputFeatures), got ${features.length}.`,
  );
}

function checkPart({ from, to }: SignalPart, { patchLen, horizonLen }: NasSettings): void {
  if (to - from >= LEAST_WINDOWS) return;
  const least = patchLen - 1 + horizonLen + 4 * (LEAST_WINDOWS + horizonLen);
  throw new DriftkeelRangeError(
    "DATA_EMPTY",
    `Expected data of at least ${least} periods (windows to train, validate and test), got ` +
      "fewer. Take a longer series.",
  );
}

/** Moments of the periods before `end`. */
function measure({ features, returns }: SignalData, width: number, end: number): SignalScale {
  const mean = new Array<number>(width).fill(0);
  const squares = new Array<number>(width).fill(0);
  for (let at = 0; at < end * width; at++) mean[at % width]! += features[at]! / end;
  for (let at = 0; at < end * width; at++) {
    squares[at % width]! += (features[at]! - mean[at % width]!) ** 2 / end;
  }
  let power = 0;
  for (let t = 0; t < end; t++) power += returns[t]! ** 2 / end;
  const deviation = squares.map((square, f) => {
    const root = Math.sqrt(square);
    // What never moves keeps its unit: below the rounding of f32 there is nothing but rounding.
    return root > 2 ** -24 * Math.abs(mean[f]!) ? root : 1;
  });
  return { mean, deviation, returnScale: Math.sqrt(power) || 1 };
}

/** (features - mean) / deviation, as a new array. */
export function scaled(features: Float32Array, { mean, deviation }: SignalScale): Float32Array {
  const width = mean.length;
  return features.map((value, at) => (value - mean[at % width]!) / deviation[at % width]!);
}
