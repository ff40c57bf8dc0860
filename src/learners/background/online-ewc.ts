// EWC for a stream of tasks: one averaged Fisher, one baseline, and a test for where a task ends.

import * as z from "zod/mini";
import { decodeBase64, encodeBase64, parseOptions, parseState } from "../../foundation.ts";
import { DriftkeelRangeError, DriftkeelTypeError, Ewc, PageHinkley } from "../../index.ts";
import { type OnlineEwcOptions, onlineEwcSchema } from "./background-options.ts";
import { GradientTest } from "./gradient-test.ts";

/** Losses and gradients of samples that nothing has trained on. */
export interface BoundarySample {
  /** Of the newest samples, each 0..1, oldest first. */
  losses: readonly number[];
  /** Per-sample gradients of the present task: f32[n x P]; n may be 0. */
  reference: Float32Array;
  /** Per-sample gradients of the newest samples at the same weights: f32[m x P]. */
  fresh: Float32Array;
}

/** What speaks for the end of a task. */
export interface BoundaryEvidence {
  isBoundary: boolean;
  /** The losses have risen. */
  byLosses: boolean;
  /** The gradients have another mean. */
  byGradients: boolean;
  /** About chi-square with 24 degrees of freedom when nothing changed; NaN: too few gradients. */
  statistic: number;
}

const stateSchema = z.strictObject({
  options: onlineEwcSchema,
  losses: z.unknown(),
  average: z.string(),
  penalty: z.nullable(z.string()),
});
const KIND = "OnlineEwc";
/** Losses before the first possible boundary. */
const MIN_LOSSES = 30;

/**
 * EWC++ (Chaudhry et al. 2018) on one flat vector of P weights. The Fisher is an average with decay
 * and bias correction that takes in every update; the penalty reads the one of the last boundary,
 * around the weights of that moment, so that a task is free until the next one begins.
 */
export class OnlineEwc {
  readonly #options: z.output<typeof onlineEwcSchema>;
  readonly #losses: PageHinkley;
  readonly #gradients: GradientTest;
  readonly #length: number;
  /** Holds the average; its baseline plays no part. */
  #average: Ewc;
  /** Fisher and baseline of the last boundary. */
  #penalty: Ewc | undefined;

  /** weights: f32[P], copied. Throws OPTION_INVALID, OPTION_UNKNOWN, ARGUMENT_TYPE, DATA_EMPTY. */
  constructor(weights: Float32Array, options?: OnlineEwcOptions) {
    this.#options = parseOptions(KIND, onlineEwcSchema, options);
    const {
      lambda,
      fisherDecay: gamma,
      lossDelta: delta,
      lossThreshold: threshold,
    } = this.#options;
    this.#average = new Ewc(weights, { lambda, consolidation: "ema", gamma });
    this.#losses = new PageHinkley({ mode: "up", minInstances: MIN_LOSSES, delta, threshold });
    const { gradientFalseAlarmRate, seed } = this.#options;
    this.#gradients = new GradientTest(weights.length, gradientFalseAlarmRate, seed);
    this.#length = weights.length;
  }

  /** Whether there has been a boundary, so that something is protected. */
  get isActive(): boolean {
    return this.#penalty !== undefined;
  }

  /**
   * Whether a task ended before these samples: by the losses (Page-Hinkley, over all calls) or by
   * the gradients (`GradientTest`, within this call). Throws LENGTH_MISMATCH, ARGUMENT_RANGE.
   */
  judge({ losses, reference, fresh }: BoundarySample): BoundaryEvidence {
    this.#checkGradients("reference", reference);
    this.#checkGradients("fresh", fresh);
    const bad = losses.findIndex((loss) => !(loss >= 0 && loss <= 1));
    if (bad >= 0) {
      const message = `Expected losses from 0 to 1, got ${losses[bad]} at index ${bad}.`;
      throw new DriftkeelRangeError("ARGUMENT_RANGE", message);
    }
    // All are taken in: a detector that stopped at the first alarm would miss what came after it.
    const alarms = losses.filter((loss) => this.#losses.update(loss) === "drift");
    const { isShift, statistic } = this.#gradients.compare(reference, fresh);
    const byLosses = alarms.length > 0;
    return { isBoundary: byLosses || isShift, byLosses, byGradients: isShift, statistic };
  }

  /**
   * Ends a task: protects `weights` with the Fisher of now. Returns whether there was a Fisher to
   * protect them with; without one nothing changes.
   */
  consolidate(weights: Float32Array): boolean {
    this.#checkWeights(weights);
    this.#losses.reset();
    if (!this.#average.fisher()) return false;
    const penalty = Ewc.fromBytes(this.#average.toBytes());
    penalty.updateBaseline(weights);
    this.#penalty?.dispose();
    this.#penalty = penalty;
    return true;
  }

  /** Takes per-sample gradients of an update into the average. gradients: f32[n x P], n > 0. */
  learn(gradients: Float32Array): void {
    this.#checkGradients("gradients", gradients);
    this.#average.updateFisher(gradients, gradients.length / this.#length);
  }

  /** (lambda / 2) sum F (w - baseline)^2; 0 before the first boundary. */
  penalty(weights: Float32Array): number {
    this.#checkWeights(weights);
    return this.#penalty?.penalty(weights) ?? 0;
  }

  /** w = (w + a baseline) / (1 + a), a = lr lambda F, in place; nothing before a boundary. */
  proximalStep(weights: Float32Array, lr: number): void {
    this.#checkWeights(weights);
    this.#penalty?.proximalStep(weights, lr);
  }

  #checkWeights(weights: Float32Array): void {
    if (weights.length === this.#length) return;
    const message = `Expected weights of length ${this.#length}, got ${weights.length}.`;
    throw new DriftkeelRangeError("LENGTH_MISMATCH", message);
  }

  #checkGradients(name: string, gradients: Float32Array): void {
    if (!(gradients instanceof Float32Array)) {
      throw new DriftkeelTypeError("ARGUMENT_TYPE", `Expected ${name} to be a Float32Array.`);
    }
    if (gradients.length % this.#length === 0) return;
    throw new DriftkeelRangeError(
      "LENGTH_MISMATCH",
      `Expected ${name} to be rows of ${this.#length}, got ${gradients.length} elements.`,
    );
  }

  /** All that decides later results, as JSON. */
  state(): object {
    return {
      options: this.#options,
      losses: this.#losses.state(),
      average: encodeBase64(this.#average.toBytes()),
      penalty: this.#penalty ? encodeBase64(this.#penalty.toBytes()) : null,
    } satisfies z.input<typeof stateSchema>;
  }

  /** Goes on where `state()` was taken. Throws STATE_INVALID, FILE_CORRUPT. */
  static fromState(state: unknown): OnlineEwc {
    const saved = parseState(KIND, stateSchema, state);
    const average = readEwc(saved.average);
    const online = new OnlineEwc(average.baseline(), saved.options);
    online.#losses.restore(saved.losses);
    online.#average.dispose();
    online.#average = average;
    if (saved.penalty !== null) online.#penalty = readEwc(saved.penalty);
    return online;
  }

  /** Gives the memory back. Later use throws DISPOSED. */
  dispose(): void {
    this.#average.dispose();
    this.#penalty?.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Throws FILE_CORRUPT. */
function readEwc(text: string): Ewc {
  let bytes = new Uint8Array();
  try {
    bytes = decodeBase64(text);
  } catch {
    // What is no base64 holds no Ewc either, and that is what the next line says.
  }
  return Ewc.fromBytes(bytes);
}
