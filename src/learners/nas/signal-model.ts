// A found architecture that serves: forecasts and positions from windows as they come.
//
// Letters: n windows, T steps, F features, H horizon.

import { CellNetwork, type CellNetworkOptions } from "../../index.ts";
import { type SignalScale, scaled } from "./signal-data.ts";

/** Everything but the weights that a found model needs; survives JSON. */
export interface NasExport {
  network: CellNetworkOptions;
  scale: SignalScale;
}

/** A network of a found cell with the scale of its training data. */
export class SignalModel {
  readonly horizonLen: number;
  readonly #network: CellNetwork;
  readonly #scale: SignalScale;

  /** Throws OPTION_INVALID, LENGTH_MISMATCH, VALUE_NOT_FINITE. */
  constructor({ network, scale }: NasExport, weights: ReadonlyMap<string, Float32Array>) {
    this.#network = new CellNetwork(network);
    this.#network.setWeights(weights);
    this.#scale = scale;
    this.horizonLen = network.horizonLen;
  }

  /** Forecasts of the next H returns, f32[n x H] from f32[n x T x F]. Throws LENGTH_MISMATCH. */
  forecast(windows: Float32Array, count = 1): Float32Array {
    const outputs = this.#network.forward(scaled(windows, this.#scale), count);
    return outputs.map((value) => value * this.#scale.returnScale);
  }

  /** Copies of all tensors. */
  weights(): Map<string, Float32Array> {
    return this.#network.weights();
  }

  /** Gives the memory back. */
  dispose(): void {
    this.#network.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * The positions of a strategy that trades on forecasts: the mean of the H forecasts in deviations
 * of a return, cut to -1 .. 1. forecasts: f32[n x H]; f64[n].
 */
export function positionsOf(
  forecasts: Float32Array,
  horizonLen: number,
  returnScale: number,
): Float64Array {
  return Float64Array.from({ length: forecasts.length / horizonLen }, (_, row) => {
    let sum = 0;
    for (let h = 0; h < horizonLen; h++) sum += forecasts[row * horizonLen + h]!;
    return Math.max(-1, Math.min(1, sum / horizonLen / returnScale));
  });
}

/** What positions earn: each is held for the next period and decided anew after it. */
export function strategyReturns(positions: Float64Array, next: Float32Array): Float64Array {
  return positions.map((position, row) => position * next[row]!);
}
