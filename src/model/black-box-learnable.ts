// Any model as something to learn: the caller gives a loss and, when there is one, its gradient.
//
// P parameters, in f64 wherever the caller sees them and while they move, stored in f32 as those of
// a network.

import * as z from "zod/mini";
import * as platform from "#platform";
import { checkFilled, checkFinite, checkFloat32, checkInstance } from "../checks.ts";
import { monotonicMs } from "../clock.ts";
import { callbackFisher } from "../core/fisher-callback.ts";
import { Random } from "../core/random.ts";
import { DriftkeelError } from "../errors.ts";
import { nonNegativeNumber, parseOptions, positiveInteger, positiveNumber } from "../options.ts";
import type { Learnable, ModelVersion, ProposalRequest } from "./learnable.ts";
import type { Sample } from "./sample.ts";
import type { TrainReport } from "./train-options.ts";

/** Loss of one sample at the weights, f64[P]; must not change or keep them. */
export type SampleLoss = (weights: Float64Array, sample: Sample) => number;

export interface BlackBoxOptions {
  /** f32[P]: the first version. */
  weights: Float32Array;
  inputSize: number;
  outputSize: number;
  loss: SampleLoss;
  /**
   * Adds nothing: writes dL/dw of one sample to `out`, f64[P]. Without it: central differences of
   * the loss.
   */
  gradient?: (weights: Float64Array, sample: Sample, out: Float64Array) => void;
  /** Output for one input, f32[outputSize]. */
  predict: (weights: Float64Array, input: Float32Array) => Float32Array;
  lr: number;
  maxSteps: number;
  /** Samples in a batch; default 32. */
  batchSize?: number;
  /** Largest L2 norm of the gradient; default 1. */
  clipNorm?: number;
  /** Default 0. */
  weightDecay?: number;
}

const callback = <F>(phrase: string) => z.custom<F>((value) => typeof value === "function", phrase);

const blackBoxOptions = z.strictObject({
  weights: z.custom<Float32Array>((value) => value instanceof Float32Array, "a Float32Array"),
  inputSize: positiveInteger,
  outputSize: positiveInteger,
  loss: callback<SampleLoss>("a function (weights, sample) => number"),
  gradient: z.optional(
    callback<NonNullable<BlackBoxOptions["gradient"]>>("a function (weights, sample, out)"),
  ),
  predict: callback<BlackBoxOptions["predict"]>("a function (weights, input) => Float32Array"),
  lr: positiveNumber,
  maxSteps: positiveInteger,
  batchSize: z._default(positiveInteger, 32),
  clipNorm: z._default(positiveNumber, 1),
  weightDecay: z._default(nonNegativeNumber, 0),
});

/** Longest time the event loop waits for a run on this thread, in milliseconds. */
const SLICE_MS = 8;
/** cbrt(2^-52): balances truncation and rounding of a central difference. */
const GRADIENT_STEP = Math.cbrt(2 ** -52);

/** A black box that a learner trains by mini-batch SGD on the calling thread, in slices. */
export class BlackBoxLearnable implements Learnable {
  readonly inputSize: number;
  readonly outputSize: number;
  readonly #options: z.output<typeof blackBoxOptions>;
  readonly #first: Float32Array;

  /** Throws OPTION_INVALID, OPTION_UNKNOWN, VALUE_NOT_FINITE, DATA_EMPTY. */
  constructor(options: BlackBoxOptions) {
    this.#options = parseOptions("BlackBoxLearnable", blackBoxOptions, options);
    const { weights, inputSize, outputSize } = this.#options;
    checkFilled("weights", [...weights.subarray(0, 1)]);
    checkFinite("weights", weights);
    this.#first = weights.slice();
    this.inputSize = inputSize;
    this.outputSize = outputSize;
  }

  initial(): ModelVersion {
    return new BlackBoxVersion(this.#first.slice(), this.#options);
  }

  load(weights: ReadonlyMap<string, Float32Array>): ModelVersion {
    const vector = weights.get("weights");
    checkFloat32('weights.get("weights")', vector, this.#first.length, "its size in this model");
    checkFinite('weights.get("weights")', vector!);
    return new BlackBoxVersion(vector!.slice(), this.#options);
  }

  check(name: string, samples: readonly Sample[]): void {
    for (const [index, { input, label }] of samples.entries()) {
      checkFloat32(`${name}[${index}].input`, input, this.inputSize, "the model's input size");
      checkFloat32(`${name}[${index}].label`, label, this.outputSize, "the model's output size");
      checkFinite(`${name}[${index}].input`, input);
      checkFinite(`${name}[${index}].label`, label);
    }
  }

  async propose(active: ModelVersion, request: ProposalRequest) {
    const start = monotonicMs();
    const { samples, signal } = request;
    const lossBefore = active.loss(samples);
    const run = new BlackBoxRun(active.vector(), this.#options, request);
    let sliceStart = start;
    for (let step = 0; step < this.#options.maxSteps; step++) {
      if (signal?.aborted) throw cancelled(step, this.#options.maxSteps);
      run.step(step);
      if (monotonicMs() - sliceStart < SLICE_MS) continue;
      request.onProgress?.({ step: step + 1, maxSteps: this.#options.maxSteps, loss: run.loss });
      await new Promise<void>((resolve) => platform.afterEvents(resolve));
      sliceStart = monotonicMs();
    }
    const candidate = new BlackBoxVersion(Float32Array.from(run.theta), this.#options);
    const report: TrainReport = {
      steps: this.#options.maxSteps,
      lossBefore,
      lossAfter: candidate.loss(samples),
      gradientNorm: run.gradientNorm,
      penalty: run.penalty,
      elapsedMs: monotonicMs() - start,
      stopReason: "finished",
    };
    if (!Number.isFinite(report.lossAfter)) throw diverged(report.steps, report.lossAfter);
    return { candidate: candidate as ModelVersion, report };
  }

  fisher(version: ModelVersion, samples: readonly Sample[]): Float32Array {
    return Float32Array.from(
      callbackFisher(version.vector(), samples, this.#options.loss, "gradient"),
    );
  }
}

/** One run of mini-batch SGD with EWC as a proximal step. */
class BlackBoxRun {
  readonly theta: Float64Array;
  loss = Number.NaN;
  gradientNorm = Number.NaN;
  penalty = 0;
  readonly #options: z.output<typeof blackBoxOptions>;
  readonly #request: ProposalRequest;
  readonly #random: Random;
  readonly #replayed: Sample[];
  readonly #gradient: Float64Array;
  readonly #one: Float64Array;
  readonly #fisher: Float32Array | undefined;
  readonly #baseline: Float32Array | undefined;

  constructor(
    weights: Float32Array,
    options: z.output<typeof blackBoxOptions>,
    request: ProposalRequest,
  ) {
    this.theta = Float64Array.from(weights);
    this.#options = options;
    this.#request = request;
    this.#random = new Random(request.seed);
    this.#gradient = new Float64Array(weights.length);
    this.#one = new Float64Array(weights.length);
    this.#fisher = request.ewc?.fisher();
    this.#baseline = this.#fisher && request.ewc?.baseline();
    const { replay } = request;
    this.#replayed = replay ? replay.buffer.sample(options.maxSteps * options.batchSize) : [];
  }

  /** The next batch: new samples, and replayed ones in their share. */
  #batch(): Sample[] {
    const { samples, replay } = this.#request;
    const share = this.#replayed.length > 0 ? (replay?.share ?? 0) : 0;
    return Array.from({ length: this.#options.batchSize }, () => {
      const from = this.#random.uniform() < share ? this.#replayed : samples;
      return from[this.#random.below(from.length)]!;
    });
  }

  /** Moves theta once. Throws UPDATE_DIVERGED when a value is not finite. */
  step(index: number): void {
    const { clipNorm, weightDecay } = this.#options;
    const { theta } = this;
    const batch = this.#batch();
    this.#gradient.fill(0);
    let loss = 0;
    for (const sample of batch)
      loss += this.#addGradient(sample, (sample.weight ?? 1) / batch.length);
    this.loss = loss;
    this.gradientNorm = Math.sqrt(this.#gradient.reduce((sum, g) => sum + g * g, 0));
    if (!Number.isFinite(loss) || !Number.isFinite(this.gradientNorm)) throw diverged(index, loss);
    const { lr = this.#options.lr, lrFactor } = this.#request;
    const rate = lr * lrFactor;
    const scale = Math.min(1, clipNorm / this.gradientNorm || 1);
    for (let p = 0; p < theta.length; p++) {
      theta[p]! -= rate * (scale * this.#gradient[p]! + weightDecay * theta[p]!);
    }
    this.#consolidate(rate);
  }

  /** theta = (theta + a baseline) / (1 + a), a = rate lambda F. */
  #consolidate(rate: number): void {
    const [fisher, baseline, lambda] = [this.#fisher, this.#baseline, this.#request.ewc?.lambda];
    if (!fisher || !baseline || lambda === undefined) return;
    this.penalty = 0;
    for (let p = 0; p < fisher.length; p++) {
      const distance = this.theta[p]! - baseline[p]!;
      this.penalty += 0.5 * lambda * fisher[p]! * distance * distance;
      this.theta[p] = baseline[p]! + distance / (1 + rate * lambda * fisher[p]!);
    }
  }

  /** Adds factor * dL/dtheta of one sample; returns factor * loss. */
  #addGradient(sample: Sample, factor: number): number {
    const { gradient, loss } = this.#options;
    const { theta } = this;
    if (gradient) gradient(theta, sample, this.#one.fill(0));
    else differences(loss, theta, sample, this.#one);
    for (let p = 0; p < theta.length; p++) this.#gradient[p]! += factor * this.#one[p]!;
    return factor * loss(theta, sample);
  }
}

/** Central differences of the loss, f64[P]. */
function differences(
  loss: SampleLoss,
  theta: Float64Array,
  sample: Sample,
  out: Float64Array,
): void {
  for (let p = 0; p < theta.length; p++) {
    const kept = theta[p]!;
    const h = GRADIENT_STEP * Math.max(1, Math.abs(kept));
    theta[p] = kept + h;
    const above = loss(theta, sample);
    theta[p] = kept - h;
    out[p] = (above - loss(theta, sample)) / (2 * h);
    theta[p] = kept;
  }
}

function diverged(step: number, loss: number): DriftkeelError {
  return new DriftkeelError(
    "UPDATE_DIVERGED",
    `Expected finite values throughout the training of the black box, but step ${step} gave a ` +
      `loss of ${loss}. Nothing has changed. Lower lr or look for outliers in the samples.`,
  );
}

function cancelled(step: number, maxSteps: number): DriftkeelError {
  return new DriftkeelError(
    "UPDATE_CANCELLED",
    `The training of the black box was cancelled after ${step} of ${maxSteps} steps. ` +
      "Nothing has changed.",
  );
}

/** Weights that serve. */
class BlackBoxVersion implements ModelVersion {
  readonly #weights: Float32Array;
  readonly #options: z.output<typeof blackBoxOptions>;

  constructor(weights: Float32Array, options: z.output<typeof blackBoxOptions>) {
    this.#weights = weights;
    this.#options = options;
  }

  predict(input: Float32Array): Float32Array {
    const { inputSize, outputSize, predict } = this.#options;
    checkFloat32("input", input, inputSize, "the model's input size");
    const output = predict(Float64Array.from(this.#weights), input);
    checkInstance("the output of predict", output, Float32Array);
    checkFloat32("the output of predict", output, outputSize, "the model's output size");
    return output;
  }

  outputs(samples: readonly Sample[]): Float32Array {
    const { outputSize } = this.#options;
    const outputs = new Float32Array(samples.length * outputSize);
    for (const [row, { input }] of samples.entries())
      outputs.set(this.predict(input), row * outputSize);
    return outputs;
  }

  loss(samples: readonly Sample[]): number {
    const theta = Float64Array.from(this.#weights);
    const total = samples.reduce(
      (sum, sample) => sum + (sample.weight ?? 1) * this.#options.loss(theta, sample),
      0,
    );
    return total / samples.length;
  }

  weights(): Map<string, Float32Array> {
    return new Map([["weights", this.vector()]]);
  }

  vector(): Float32Array {
    return this.#weights.slice();
  }

  dispose(): void {}
}
