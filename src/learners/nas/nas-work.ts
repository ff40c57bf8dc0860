// The work of a search in multiply-adds, so that two ways to search can be given the same of it.

import type { CellOperation } from "../../index.ts";
import type { NasSettings } from "./nas-config.ts";

/** Passes that a step costs: forward, gradient of the values, gradient of the weights. */
const PASSES_PER_STEP = 3;

/** Multiply-adds of one operation on one time step; a comparison or sum counts as one. */
function workOf(operation: CellOperation, channels: number): number {
  switch (operation) {
    case "conv3":
      return 3 * channels * channels;
    case "conv5":
      return 5 * channels * channels;
    case "sep_conv3":
      return (3 + channels) * channels;
    case "sep_conv5":
      return (5 + channels) * channels;
    case "avg_pool3":
    case "max_pool3":
      return 3 * channels;
    case "skip":
      return channels;
    case "zero":
      return 0;
  }
}

/** Counts the multiply-adds of one run. */
export class NasWork {
  readonly #settings: NasSettings;
  #total = 0;

  constructor(settings: NasSettings) {
    this.#settings = settings;
  }

  /** Multiply-adds so far. */
  get total(): number {
    return this.#total;
  }

  /** Adds a step on a batch, for the weights or for the architecture, with so much on the edges. */
  step(operations: readonly (readonly CellOperation[])[], windows: number): void {
    this.#total += PASSES_PER_STEP * this.#pass(operations, windows);
  }

  /** Adds a look at a loss. */
  look(operations: readonly (readonly CellOperation[])[], windows: number): void {
    this.#total += this.#pass(operations, windows);
  }

  #pass(operations: readonly (readonly CellOperation[])[], windows: number): number {
    const { patchLen, inputFeatures, hiddenDim, horizonLen, numLayers } = this.#settings;
    let cell = 0;
    for (const names of operations) for (const name of names) cell += workOf(name, hiddenDim);
    const steps = (inputFeatures + 1) * hiddenDim + numLayers * cell;
    return windows * (patchLen * steps + (hiddenDim + 1) * horizonLen);
  }
}
