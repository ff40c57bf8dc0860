// Incremental LoRA updates: trains a copy of the adapter on new samples, and can go back.

import { checkFilled, checkFloat32, checkInstance } from "../../checks.ts";
import { lossOf, predictInto } from "../../core/network-compute.ts";
import { SampleBlock } from "../../core/sample-block.ts";
import { DriftkeelError, DriftkeelRangeError } from "../../errors.ts";
import { AdaptedModel, type ModuleAdapter, type Parameters } from "../../model/adapted-model.ts";
import { checkSamples, checkTrainable, type SampleShape } from "../../model/check-samples.ts";
import { lossShape } from "../../model/loss.ts";
import { modelFisher } from "../../model/network-fisher.ts";
import type { Sample } from "../../model/sample.ts";
import type { TrainReport } from "../../model/train-options.ts";
import { trainCopy } from "../../model/training-run.ts";
import { parseOptions } from "../../options.ts";
import { addFisher, Ewc } from "./ewc.ts";
import {
  type IncrementalUpdaterOptions,
  type UpdateOptions,
  updateOptions,
  updaterOptions,
} from "./updater-options.ts";

/** One state the updater can be in. */
interface State {
  model: AdaptedModel;
  parameters: Parameters;
  /** Updates that led here. */
  updates: number;
}

/** The state before an update, and its samples where their Fisher will be asked for. */
interface Before {
  state: State | undefined;
  samples: readonly Sample[];
}

/**
 * A LoRA adapter that learns in updates. `update` trains a copy and makes it the current state;
 * then `commitUpdate` keeps it, or `rollback` returns to the state before.
 */
export class IncrementalUpdater {
  readonly #options: ReturnType<typeof parseUpdaterOptions>;
  #current: State | undefined;
  /** The state before the last update, until that update is committed or rolled back. */
  #before: Before | undefined;
  #ewc: Ewc | undefined;
  #attempts = 0;
  #cancel: AbortController | undefined;
  #isDisposed = false;

  /** Throws OPTION_INVALID, OPTION_UNKNOWN, MODULE_UNKNOWN, DISPOSED (the network). */
  constructor(options: IncrementalUpdaterOptions) {
    this.#options = parseUpdaterOptions(options);
    const { network } = this.#options;
    if (network) this.#current = this.#fresh(AdaptedModel.onNetwork(network, this.#options));
  }

  #fresh(model: AdaptedModel): State {
    const { seed, trainable } = this.#options;
    return { model, parameters: model.initialize(seed, trainable === "all"), updates: 0 };
  }

  /**
   * Trains a copy on `samples` (their `weight` counts) and makes it the current state. The samples
   * are copied.
   * Throws DATA_EMPTY, LENGTH_MISMATCH, VALUE_NOT_FINITE, SAMPLE_QUARANTINED; UPDATE_IN_PROGRESS;
   * UPDATE_DIVERGED with the step at which a value stopped being finite; UPDATE_CANCELLED. The
   * adapter is then as before.
   */
  async update(samples: Sample[], options?: UpdateOptions): Promise<TrainReport> {
    this.#checkIdle();
    const { signal, onProgress } = parseOptions("update", updateOptions, options);
    checkFilled("samples", samples);
    const state = this.#current ?? this.#stateFor(samples);
    this.#cancel = new AbortController();
    try {
      checkSamples("samples", samples, this.#shapeOf(state));
      checkTrainable("samples", samples);
      const signals = signal ? [this.#cancel.signal, signal] : [this.#cancel.signal];
      const kept = this.#options.ewc ? samples.map(duplicate) : []; // the caller's may change
      return await trainCopy({
        ...this.#request(state, samples),
        signal: AbortSignal.any(signals),
        onProgress,
        adopt: ({ adapter, base }) => this.#advance(state, { adapter: adapter!, base }, kept),
      });
    } finally {
      this.#cancel = undefined;
      if (this.#current?.model !== state.model) disposeState(state);
    }
  }

  /** Everything that decides a run but its signal. Every attempt draws its own order of samples. */
  #request({ model, parameters }: State, samples: readonly Sample[]) {
    const { ewc, replay, earlyStop, trainable, seed } = this.#options;
    return {
      owner: "IncrementalUpdater",
      model: model.with(parameters),
      trainsBase: trainable === "all",
      trainsAdapter: true,
      samples,
      options: this.#options,
      ewc: this.#ewc,
      ewcForm: ewc?.form,
      replay,
      earlyStop,
      seed: (seed + this.#attempts++) >>> 0,
    };
  }

  #advance(before: State, parameters: Parameters, samples: readonly Sample[]): void {
    this.#forgetBefore();
    this.#before = { state: this.#current, samples };
    this.#current = { model: before.model, parameters, updates: before.updates + 1 };
    if (!this.#before.state) disposeParameters(before.parameters);
  }

  /** The first update of an updater without a network gives its shapes. */
  #stateFor(samples: readonly Sample[]): State {
    const first = samples[0];
    checkFloat32("samples[0].input", first?.input, first?.input?.length || 1, "at least 1");
    checkFloat32("samples[0].label", first?.label, first?.label?.length || 1, "at least 1");
    const { loss } = this.#options;
    const { input, label } = first!;
    return this.#fresh(
      AdaptedModel.alone(input.length, label.length, this.#options, lossShape(loss ?? "mse")),
    );
  }

  #shapeOf({ model: { description } }: State): SampleShape {
    const { inputSize, outputSize, loss } = description;
    return { inputSize, outputSize, loss: loss.name };
  }

  /**
   * Returns to the state before the last update. Throws NO_SNAPSHOT when there is none: before any
   * update, after a commit, after a rollback; UPDATE_IN_PROGRESS.
   */
  rollback(): void {
    const { state } = this.#checkBefore("roll back");
    const after = this.#current!;
    this.#before = undefined;
    this.#current = state;
    if (state) disposeParameters(after.parameters);
    else disposeState(after);
  }

  /**
   * Keeps the last update for good. With EWC, its Fisher is measured on the update's samples
   * (unweighted, without the penalty) and joined to the old one, and the baseline moves to the
   * present weights. Throws NO_SNAPSHOT when there is no update to commit; UPDATE_IN_PROGRESS;
   * VALUE_NOT_FINITE when the Fisher overflows. The update then still waits for commit or rollback.
   */
  commitUpdate(): void {
    const { samples } = this.#checkBefore("commit");
    if (this.#options.ewc) this.#consolidate(samples);
    this.#forgetBefore();
  }

  /**
   * Protects what the model can do now: measures the Fisher on `samples` at the present weights,
   * joins it to the old one, and re-centres the baseline here. For skill that was learnt before the
   * first update. Needs the `ewc` option.
   */
  consolidate(samples: Sample[]): void {
    this.#checkIdle();
    if (!this.#options.ewc) {
      throw new DriftkeelRangeError(
        "OPTION_INVALID",
        'Expected IncrementalUpdater option "ewc" to be set for consolidate(), got none. ' +
          "Pass ewc: { lambda }.",
      );
    }
    const state = this.#checkShapesKnown("consolidate");
    checkSamples("samples", samples, this.#shapeOf(state));
    checkTrainable("samples", samples);
    this.#consolidate(samples);
  }

  #consolidate(samples: readonly Sample[]): void {
    const { model, parameters } = this.#current!;
    const { form: _form, fisherSamples, ...options } = this.#options.ewc!;
    const scope = { base: parameters.base !== undefined, adapter: true };
    const fisher = modelFisher(model.with(parameters), scope, evenly(samples, fisherSamples));
    const weights = model.vector(parameters);
    this.#ewc ??= new Ewc(weights, definedOnly(options));
    addFisher(this.#ewc, fisher);
    this.#ewc.updateBaseline(weights);
  }

  /** Mean loss over the samples; Infinity without samples or before the first update. */
  currentLoss(samples: Sample[]): number {
    this.#checkLive();
    checkInstance("samples", samples, Array);
    const state = this.#current;
    if (!state || state.updates === 0 || samples.length === 0) return Number.POSITIVE_INFINITY;
    checkSamples("samples", samples, this.#shapeOf(state));
    const { inputSize, outputSize } = state.model.description;
    const block = new SampleBlock(samples, inputSize, outputSize);
    try {
      return lossOf(state.model.with(state.parameters), block);
    } finally {
      block.dispose();
    }
  }

  /**
   * Output of the current state, f32[outputSize]. Throws NOT_TRAINED without a network before the
   * first update.
   */
  predict(input: Float32Array): Float32Array {
    this.#checkLive();
    const { model, parameters } = this.#checkShapesKnown("predict");
    checkFloat32("input", input, model.description.inputSize, "the model's input size");
    const outputs = new Float32Array(model.description.outputSize);
    predictInto(outputs, model.with(parameters), input, 1);
    return outputs;
  }

  /** Copies of the adapters in PEFT's layout; none before shapes are known. */
  adapter(): ModuleAdapter[] {
    this.#checkLive();
    return this.#current ? this.#current.model.adapters(this.#current.parameters) : [];
  }

  /** EWC penalty of the current state; 0 without EWC or before a Fisher. */
  penalty(): number {
    this.#checkLive();
    if (!this.#ewc || !this.#current) return 0;
    return this.#ewc.penalty(this.#current.model.vector(this.#current.parameters));
  }

  #checkShapesKnown(what: string): State {
    if (this.#current) return this.#current;
    throw new DriftkeelError(
      "NOT_TRAINED",
      `Expected an update before ${what}, but there was none: its samples give the shapes of an ` +
        "updater without a network. " +
        "Call update(samples) first, or pass a network.",
    );
  }

  #checkBefore(what: string): Before {
    this.#checkIdle();
    if (this.#before) return this.#before;
    throw new DriftkeelError(
      "NO_SNAPSHOT",
      `Expected an update to ${what}, but there is none since the last commit or ` +
        `rollback. Call update() first.`,
    );
  }

  #forgetBefore(): void {
    if (this.#before?.state) disposeParameters(this.#before.state.parameters);
    this.#before = undefined;
  }

  #checkIdle(): void {
    this.#checkLive();
    if (!this.#cancel) return;
    throw new DriftkeelError(
      "UPDATE_IN_PROGRESS",
      "Expected no update of this updater to be under way, but there is one. Await it first.",
    );
  }

  #checkLive(): void {
    if (!this.#isDisposed) return;
    throw new DriftkeelError(
      "DISPOSED",
      "Expected a live IncrementalUpdater, but it has been disposed of. Create a new one.",
    );
  }

  /** Gives the memory back; an update under way is cancelled. The network is not touched. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#cancel?.abort();
    this.#forgetBefore();
    if (this.#current) disposeState(this.#current);
    this.#ewc?.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function parseUpdaterOptions(value: IncrementalUpdaterOptions) {
  const options = parseOptions("IncrementalUpdater", updaterOptions, value);
  const { network, loss, targetModules, trainable } = options;
  const refuse = (expected: string, got: string) => {
    throw new DriftkeelRangeError(
      "OPTION_INVALID",
      `Expected IncrementalUpdater option ${expected}, got ${got}.`,
    );
  };
  if (network && loss !== undefined)
    refuse('"loss" to be left out with a network, which has its own', "one");
  if (!network && trainable === "all") refuse('"network" to be given with trainable "all"', "none");
  if (!network && (targetModules?.length ?? 0) > 1) {
    refuse('"targetModules" to name one module without a network', `${targetModules!.length}`);
  }
  return options;
}

function disposeParameters({ adapter, base }: Parameters): void {
  adapter.dispose();
  base?.dispose();
}

function disposeState({ model, parameters }: State): void {
  disposeParameters(parameters);
  model.dispose();
}

function duplicate(sample: Sample): Sample {
  return { ...sample, input: sample.input.slice(), label: sample.label.slice() };
}

/** At most `count` elements, evenly spaced. */
function evenly<T>(all: readonly T[], count: number): readonly T[] {
  if (all.length <= count) return all;
  return Array.from(
    { length: count },
    (_, index) => all[Math.floor((index * all.length) / count)]!,
  );
}

/** Drops members that are undefined, which exact optional types do not allow. */
function definedOnly<T extends { gamma?: number | undefined }>({ gamma, ...rest }: T) {
  return gamma === undefined ? rest : { ...rest, gamma };
}
