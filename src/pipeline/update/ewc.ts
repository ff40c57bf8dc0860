// Elastic Weight Consolidation: remembers where the weights were good and how much each one
// mattered.
//
//     penalty(w) = (lambda / 2) sum_p F[p] (w[p] - baseline[p])^2        Kirkpatrick et al. 2017
//
// P parameters. F is the diagonal Fisher information: the mean over samples of squared per-sample
// gradients.

import * as z from "zod/mini";
import {
  checkCount,
  checkFilled,
  checkFinite,
  checkFloat32,
  checkInstance,
  checkLength,
  checkNumber,
} from "../../checks.ts";
import { overlaps } from "../../core/arrays.ts";
import * as vectors from "../../core/ewc-vectors.ts";
import { Vector } from "../../core/ewc-vectors.ts";
import { callbackFisher } from "../../core/fisher-callback.ts";
import { describeValue } from "../../describe-value.ts";
import { DriftkeelRangeError, DriftkeelTypeError } from "../../errors.ts";
import type { Network } from "../../model/network.ts";
import { type NetworkFisherOptions, networkFisher } from "../../model/network-fisher.ts";
import type { Sample } from "../../model/sample.ts";
import { count } from "../../model/train-options.ts";
import { nonNegativeNumber, parseOptions, share } from "../../options.ts";
import { evenlySpaced } from "./evenly-spaced.ts";
import { decodeEwc, type EwcState, encodeEwc, encodeLegacyEwc } from "./ewc-file.ts";
import { checkPath, readEwcFile, writeEwcFile } from "./ewc-storage.ts";
import { type ConsolidationRule, FisherMemory } from "./fisher-memory.ts";

export interface EwcOptions {
  /** Samples used for one Fisher, evenly spaced over the data; default: all. */
  fisherSamples?: number;
  /** Strength of the penalty, finite and >= 0; default 1. */
  lambda?: number;
  /**
   * How a new Fisher joins the old one: `sum`, F <- gamma F + F_new (default), or `ema`, F <- gamma
   * F + (1-gamma) F_new with bias correction.
   */
  consolidation?: "sum" | "ema";
  /** Memory of old tasks; default 1 for `sum`, 0.9 for `ema` (which needs gamma below 1). */
  gamma?: number;
  /**
   * Scales the Fisher to mean 1, so that lambda does not depend on the loss's scale; default false.
   */
  normalize?: boolean;
}

const ewcOptions = z.strictObject({
  fisherSamples: z.optional(count),
  lambda: z._default(nonNegativeNumber, 1),
  consolidation: z._default(z.enum(["sum", "ema"]), "sum"),
  gamma: z.optional(share),
  normalize: z._default(z.boolean(), false),
});
const fisherOptions = z.strictObject({
  method: z._default(z.enum(["gradient", "curvature"]), "gradient"),
});
const bytesOptions = z.strictObject({
  format: z._default(z.enum(["driftkeel", "legacy"]), "driftkeel"),
});

const DEFAULT_EMA_GAMMA = 0.9;

/**
 * Joins a Fisher that was measured elsewhere to an Ewc's own; for the updater, not part of the
 * public API.
 */
export let addFisher: (ewc: Ewc, fisher: Float32Array) => void;

/** The penalty's two references, baseline and Fisher, over one flat vector of weights. */
export class Ewc {
  static {
    addFisher = (ewc, fisher) => ewc.#join(fisher);
  }

  #lambda: number;
  readonly #fisherSamples: number | undefined;
  readonly #rule: ConsolidationRule;
  readonly #memory: FisherMemory;
  #baseline: Vector;

  /**
   * Takes a copy of `weights`, f32[P], as baseline; there is no Fisher yet, so the penalty is 0.
   * Throws OPTION_INVALID, OPTION_UNKNOWN, ARGUMENT_TYPE, DATA_EMPTY, VALUE_NOT_FINITE.
   */
  constructor(weights: Float32Array, options?: EwcOptions) {
    const { lambda, gamma, fisherSamples, consolidation, normalize } = parseOptions(
      "Ewc",
      ewcOptions,
      options,
    );
    const memory = gamma ?? (consolidation === "ema" ? DEFAULT_EMA_GAMMA : 1);
    if (consolidation === "ema" && memory === 1) {
      throw new DriftkeelRangeError(
        "OPTION_INVALID",
        'Expected Ewc option "gamma" to be below 1 with consolidation "ema" ' +
          "(1 would ignore every new Fisher), got 1.",
      );
    }
    checkWeights(weights);
    this.#lambda = lambda;
    this.#fisherSamples = fisherSamples;
    this.#rule = { consolidation, gamma: memory, normalize };
    this.#memory = new FisherMemory(this.#rule);
    this.#baseline = new Vector(weights, "Ewc");
  }

  /** Strength of the penalty; finite and >= 0. */
  get lambda(): number {
    return this.#lambda;
  }

  set lambda(value: number) {
    checkNumber("lambda", value, 0);
    this.#lambda = value;
  }

  /**
   * Measures the Fisher of any loss at the baseline by finite differences and adds it to what there
   * is.
   *
   * `gradient`: F = mean over samples of ((L(w + h) - L(w - h)) / 2h)^2, h = cbrt(eps64) max(1,
   * |w|).
   * `curvature`: F = |L(w + h) - 2 L(w) + L(w - h)| / h^2 of the mean loss, h = eps64^(1/4) max(1,
   * |w|).
   *
   * `lossFn` gets the weights in f64 (a view that is reused: do not keep it) and one sample; it is
   * called 2 S P times and must not change the weights. Throws DATA_EMPTY, LOSS_FAILED when it
   * throws or returns anything but a finite number; the Fisher is then as before.
   */
  computeFisher<S>(
    data: readonly S[],
    lossFn: (weights: Float64Array, sample: S) => number,
    options?: { method?: "gradient" | "curvature" },
  ): void {
    const { method } = parseOptions("computeFisher", fisherOptions, options);
    checkFilled("data", data);
    if (typeof lossFn !== "function") {
      throw new DriftkeelTypeError(
        "ARGUMENT_TYPE",
        `Expected lossFn to be a function (weights, sample) => number, got ` +
          `${describeValue(lossFn)}.`,
      );
    }
    const samples = this.#subset(data);
    const fisher = callbackFisher(this.#baseline.copy(), samples, lossFn, method);
    this.#join(Float32Array.from(fisher));
  }

  /**
   * Measures the Fisher of a network at its present weights and adds it to what there is.
   * `analytic` (default) is exact and fast; `finite-difference` gives the same by central
   * differences. `labels`: the data's own (`empirical`, default), or the model's, in expectation
   * (`exact`) or one draw (`sampled`). Sample weights play no part.
   * Throws LENGTH_MISMATCH when the network has not P parameters, and the errors of bad samples.
   */
  computeFisherFor(network: Network, samples: Sample[], options?: NetworkFisherOptions): void {
    this.#baseline.checkLive();
    checkFilled("samples", samples);
    const fisher = networkFisher(network, this.#subset(samples), options);
    checkLength(
      "the network's parameters",
      fisher.length,
      this.#baseline.length,
      "this Ewc's weights",
    );
    this.#join(fisher);
  }

  /**
   * Adds the Fisher of `sampleCount` gradients that the caller has computed. perSampleGradients:
   * f32[S x P].
   */
  updateFisher(perSampleGradients: Float32Array, sampleCount: number): void {
    this.#baseline.checkLive();
    checkCount("sampleCount", sampleCount, 1);
    const length = sampleCount * this.#baseline.length;
    checkFloat32("perSampleGradients", perSampleGradients, length, "sampleCount x weights");
    checkFinite("perSampleGradients", perSampleGradients);
    this.#join(vectors.meanSquares(perSampleGradients, sampleCount));
  }

  /** Adds a Fisher of the right length. Throws VALUE_NOT_FINITE, DISPOSED. */
  #join(fisher: Float32Array): void {
    this.#baseline.checkLive(); // the caller's loss may have disposed of this Ewc
    this.#memory.add(fisher);
  }

  /** (lambda / 2) sum F (w - baseline)^2; 0 before there is a Fisher. weights: f32[P]. */
  penalty(weights: Float32Array): number {
    this.#checkWeights("weights", weights);
    const fisher = this.#memory.effective;
    return fisher ? vectors.penalty(weights, this.#baseline, fisher, this.#lambda) : 0;
  }

  /**
   * grad += lambda F (w - baseline), in place; returns the penalty. grad, weights: f32[P] that do
   * not overlap.
   */
  addGradient(grad: Float32Array, weights: Float32Array): number {
    this.#checkWeights("grad", grad);
    this.#checkWeights("weights", weights);
    if (overlaps(grad, weights)) {
      throw new DriftkeelRangeError(
        "ARGUMENT_RANGE",
        "Expected grad and weights not to overlap, but they share memory. Pass a gradient " +
          "array of its own.",
      );
    }
    const fisher = this.#memory.effective;
    return fisher ? vectors.addGradient(grad, weights, this.#baseline, fisher, this.#lambda) : 0;
  }

  /**
   * w = (w + a baseline) / (1 + a) with a = lr lambda F, in place: stable for any lambda. lr:
   * finite, >= 0.
   */
  proximalStep(weights: Float32Array, lr: number): void {
    this.#checkWeights("weights", weights);
    checkNumber("lr", lr, 0);
    const fisher = this.#memory.effective;
    if (fisher) vectors.proximalStep(weights, this.#baseline, fisher, lr * this.#lambda);
  }

  /** taskLoss + penalty; a task loss that is not finite comes back as it is. */
  loss(taskLoss: number, weights: Float32Array): number {
    if (typeof taskLoss !== "number") {
      throw new DriftkeelTypeError(
        "ARGUMENT_TYPE",
        `Expected taskLoss to be a number, got ${describeValue(taskLoss)}.`,
      );
    }
    const penalty = this.penalty(weights);
    return Number.isFinite(taskLoss) ? taskLoss + penalty : taskLoss;
  }

  /**
   * Re-centres the penalty on a copy of `weights`. The Fisher stays, unless the length differs:
   * then it is dropped.
   */
  updateBaseline(weights: Float32Array): void {
    this.#baseline.checkLive();
    checkWeights(weights);
    const baseline = new Vector(weights, "Ewc");
    if (weights.length !== this.#baseline.length) this.#memory.clear();
    this.#baseline.dispose();
    this.#baseline = baseline;
  }

  /** A copy of the Fisher that the penalty uses, f32[P]; undefined before there is one. */
  fisher(): Float32Array | undefined {
    this.#baseline.checkLive();
    return this.#memory.effective?.copy();
  }

  /** A copy of the baseline, f32[P]. */
  baseline(): Float32Array {
    return this.#baseline.copy();
  }

  /** Bytes of core memory held; 0 after a dispose. */
  get memoryBytes(): number {
    return this.#baseline.sizeBytes + this.#memory.sizeBytes;
  }

  /**
   * Everything, as bytes: our format with a checksum, or the legacy one (no options, no accumulated
   * ema).
   */
  toBytes(options?: { format?: "driftkeel" | "legacy" }): Uint8Array {
    const { format } = parseOptions("toBytes", bytesOptions, options);
    if (format === "legacy") return encodeLegacyEwc({ ...this.#state(), fisher: this.fisher() });
    return encodeEwc(this.#state());
  }

  /** Reads what `toBytes` wrote, in either format. Throws FILE_CORRUPT, ARGUMENT_TYPE. */
  static fromBytes(bytes: Uint8Array): Ewc {
    checkInstance("bytes", bytes, Uint8Array);
    const { baseline, fisher, updates, fisherSamples, ...options } = decodeEwc(bytes);
    const ewc = new Ewc(
      baseline,
      fisherSamples === undefined ? options : { ...options, fisherSamples },
    );
    ewc.#memory.restore(fisher, updates);
    return ewc;
  }

  /** Writes `toBytes()` to a file, whole or not at all. Throws FILE_FAILED. */
  async save(path: string): Promise<void> {
    checkPath(path);
    await writeEwcFile(path, this.toBytes());
  }

  /** Reads a file of `save`, or a legacy one. Throws FILE_FAILED, FILE_CORRUPT. */
  static async load(path: string): Promise<Ewc> {
    checkPath(path);
    return Ewc.fromBytes(await readEwcFile(path));
  }

  #state(): EwcState {
    return {
      ...this.#rule,
      fisherSamples: this.#fisherSamples,
      lambda: this.#lambda,
      updates: this.#memory.updates,
      baseline: this.#baseline.copy(),
      fisher: this.#memory.accumulated(),
    };
  }

  #subset<S>(data: readonly S[]): readonly S[] {
    return evenlySpaced(data, this.#fisherSamples ?? data.length);
  }

  #checkWeights(name: string, weights: Float32Array): void {
    this.#baseline.checkLive();
    checkFloat32(name, weights, this.#baseline.length, "this Ewc's weights");
  }

  /** Gives the memory back. Later use throws DISPOSED. */
  dispose(): void {
    this.#memory.clear();
    this.#baseline.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function checkWeights(weights: Float32Array): void {
  checkFloat32("weights", weights, weights?.length ?? 0, "any");
  if (weights.length === 0) {
    throw new DriftkeelRangeError(
      "DATA_EMPTY",
      "Expected weights to hold at least one weight, got none.",
    );
  }
  checkFinite("weights", weights);
}
