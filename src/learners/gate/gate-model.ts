// The gate itself: decides on calls of tools, and learns from what its users make of that.

import {
  type Consolidation,
  DriftkeelError,
  Ewc,
  HoldoutSplit,
  type LearnerEvent,
  type LearnerStatus,
  type Observation,
  OnlineLearner,
  type Sample,
  type UpdateOutcome,
  type UpdateRequest,
  type VersionStore,
} from "../../index.ts";
import { Calibration, type CalibrationSample } from "./calibration.ts";
import { type CalibrationReport, calibrateWithReport } from "./calibration-report.ts";
import type { ConfidenceBands, Verdict } from "./confidence-bands.ts";
import type { ConfusionMatrix } from "./confusion-matrix.ts";
import type { Convergence } from "./convergence.ts";
import type { Contribution } from "./federated-merge.ts";
import { Federation } from "./federation.ts";
import { GateLearnable } from "./gate-learnable.ts";
import { GateMemory, openPlaces } from "./gate-memory.ts";
import {
  createLearnable,
  createNetwork,
  type GateModelOptions,
  HOLDOUT_FRACTION,
  learnerOptionsOf,
  type ParsedGateOptions,
  parseGateOptions,
} from "./gate-options.ts";
import { Scoreboard } from "./scoreboard.ts";
import { signalToTokens } from "./signal-tokens.ts";
import { tokenFeatures } from "./token-features.ts";
import {
  type GateCall,
  type Lesson,
  lessonOf,
  parseCall,
  parseSignal,
  type TrainingSignal,
} from "./training-signal.ts";

/** What the gate says to a call. */
export interface GateDecision {
  verdict: Verdict;
  /** Of allow, calibrated. */
  probability: number;
  /** The version that judged. */
  versionId: string;
}

/** What a signal taught. */
export interface RecordedSignal extends Lesson {
  /** 1, 4 for a wrong decision, 6 for one that was wrong before; a peer's is 1. */
  weight: number;
  isRepeated: boolean;
  /**
   * Why it was not learned: peers are excluded, or its content is held out and a peer must not
   * judge.
   */
  leftOut?: "peers-excluded" | "held-out";
  /** What the online learner made of it, when it was learned. */
  observation?: Observation;
}

/** Signals between two saves of the scoreboard, unless a mistake comes before. */
const SAVE_EVERY = 256;

/** What the gate is made of. */
interface GateParts {
  options: ParsedGateOptions;
  memory: GateMemory;
  learner: OnlineLearner;
  versions: VersionStore;
  federation: Federation;
  disposeNetwork: () => void;
}

/**
 * Decides allow, ask or block at once, also while it trains. Everything that trains, judges and
 * swaps is an `OnlineLearner`: half of each batch is new and half is replayed, at most half of that
 * locked; a candidate that passes the validators is swapped in, and watched.
 */
export class GateModel {
  readonly #parts: GateParts;
  readonly #split: HoldoutSplit;
  readonly #scoreboard: Scoreboard;
  #bands: ConfidenceBands;
  #sinceSave = 0;
  #closing: Promise<void> | undefined;

  private constructor(parts: GateParts, scoreboard: Scoreboard) {
    const { bands, seed } = parts.options;
    const { kept } = parts.memory;
    this.#parts = parts;
    this.#scoreboard = scoreboard;
    this.#split = new HoldoutSplit({ fraction: HOLDOUT_FRACTION, seed });
    this.#bands = kept?.calibration
      ? bands.calibratedBy(Calibration.fromJSON(kept.calibration))
      : bands;
  }

  /**
   * Opens a gate; with a folder it goes on where it was. Throws OPTION_INVALID, OPTION_UNKNOWN,
   * LENGTH_MISMATCH (`protect` is of another model), STORE_LOCKED, FILE_CORRUPT, STATE_INVALID, and
   * as `OnlineLearner.open`.
   */
  static async open(value?: GateModelOptions): Promise<GateModel> {
    const options = parseGateOptions(value);
    const scoreboard = new Scoreboard(options);
    const network = createNetwork(options);
    const undo: (() => unknown)[] = [() => network.dispose()];
    try {
      const learnable = new GateLearnable(createLearnable(network, options), options.protect);
      checkProtected(learnable, options.protect);
      const places = await openPlaces(options);
      undo.push(() => places.own.close());
      const memory = await GateMemory.open(places.own, options);
      if (memory.kept) scoreboard.restore(memory.kept.scoreboard);
      const learner = await OnlineLearner.open({
        ...learnerOptionsOf(learnable, options),
        ...places.learner,
      });
      undo.push(() => learner.close());
      const versions = await places.openVersions();
      const disposeNetwork = () => network.dispose();
      const federation = new Federation({ learnable, learner, versions });
      const parts = { options, memory, learner, versions, federation, disposeNetwork };
      const gate = new GateModel(parts, scoreboard);
      await gate.#save(); // the tokenizer is there before anything is learned with it
      return gate;
    } catch (error) {
      for (const each of undo.reverse()) await Promise.resolve(each()).catch(() => {});
      throw error;
    }
  }

  /**
   * What to do with a call, or a signal, whose outcome is not looked at. Throws OPTION_INVALID,
   * OPTION_UNKNOWN, STORE_CLOSED.
   */
  decide(call: GateCall): GateDecision {
    const { output, versionId } = this.#parts.learner.predict(this.#features(parseCall(call)));
    const probability = this.#bands.calibrated(output[0]!);
    return { verdict: this.#bands.decide(output[0]!), probability, versionId };
  }

  /** The tokens of a call, as the model reads them. Throws OPTION_INVALID, OPTION_UNKNOWN. */
  tokens(call: GateCall): number[] {
    return signalToTokens(parseCall(call), this.#parts.memory.tokenizer);
  }

  #features(call: GateCall): Float32Array {
    const tokens = signalToTokens(call, this.#parts.memory.tokenizer);
    return tokenFeatures(tokens, this.#parts.options.buckets, call.riskScore);
  }

  /**
   * Learns from the outcome of a call; resolves when it is durable and what it caused has happened.
   * With origin `peer` it weighs 1, is never locked, never judges and is no evidence of anything
   * but itself. Throws OPTION_INVALID, OPTION_UNKNOWN, FILE_FAILED, STORE_CLOSED.
   */
  async record(
    signal: TrainingSignal,
    { origin = "live" }: { origin?: "live" | "peer" } = {},
  ): Promise<RecordedSignal> {
    const parsed = parseSignal(signal);
    const lesson = lessonOf(parsed);
    if (origin === "peer") return this.#recordPeer(parsed, lesson);
    const { learner } = this.#parts;
    const input = this.#features(parsed);
    const probability = learner.predict(input).output[0]!;
    const weighing = this.#scoreboard.mistakes.weigh(parsed, lesson);
    const observation = await learner.observe(sampleOf(input, parsed, lesson, weighing.weight));
    this.#scoreboard.record({ probability, shouldAllow: lesson.shouldAllow });
    if (observation.drift === "drift") this.#scoreboard.convergence.noteDrift();
    this.#sinceSave += 1;
    if (lesson.mistake || this.#sinceSave >= SAVE_EVERY) await this.#save();
    return { ...lesson, ...weighing, observation };
  }

  async #recordPeer(signal: TrainingSignal, lesson: Lesson): Promise<RecordedSignal> {
    const { options, learner } = this.#parts;
    const unlearned = { ...lesson, weight: 1, isRepeated: false };
    if (options.peers === "exclude") return { ...unlearned, leftOut: "peers-excluded" };
    const sample: Sample = {
      ...sampleOf(this.#features(signal), signal, lesson, 1),
      origin: "peer",
    };
    if (this.#split.isHoldout(sample)) return { ...unlearned, leftOut: "held-out" };
    return { ...unlearned, observation: await learner.observe(sample) };
  }

  /** Asks for an update now. Throws UPDATE_IN_PROGRESS, STORE_CLOSED. */
  update(request?: UpdateRequest): Promise<UpdateOutcome> {
    return this.#parts.learner.update(request);
  }

  /** Goes back to an earlier version. Throws NO_SNAPSHOT, VERSION_UNKNOWN, as `OnlineLearner`. */
  rollback(versionId?: string): Promise<void> {
    return this.#parts.learner.rollback(versionId);
  }

  /** Right and wrong judgements of the newest live signals, each made before it was learned. */
  get confusion(): ConfusionMatrix {
    return this.#scoreboard.confusion;
  }

  /** Whether the gate agrees with its users; drift starts it anew. */
  get convergence(): Convergence {
    return this.#scoreboard.convergence;
  }

  /** The bands that decide now. */
  get bands(): ConfidenceBands {
    return this.#bands;
  }

  /** Everything that happens to the model, for each listener from when it began. */
  get events(): AsyncIterable<LearnerEvent> {
    return this.#parts.learner.events;
  }

  /** Where the online learner stands. */
  status(): LearnerStatus {
    return this.#parts.learner.status();
  }

  /**
   * Calibrates the bands on samples that the model had not learned: default the newest live
   * judgements; see `calibrateWithReport`. Throws DATA_EMPTY (fewer than 2), OPTION_INVALID,
   * FILE_FAILED.
   */
  async calibrate(
    options: { method?: "isotonic" | "platt"; samples?: readonly CalibrationSample[] } = {},
  ): Promise<CalibrationReport> {
    const { samples = this.#scoreboard.recent(), ...rest } = options;
    const { calibration, report } = calibrateWithReport(samples, rest);
    this.#bands = this.#bands.calibratedBy(calibration);
    await this.#save();
    return report;
  }

  /**
   * What the active version needs for these signals, as EWC: its parameters as baseline and their
   * Fisher. Bytes of it, also in the legacy format, are what the option `protect` of a later gate
   * takes. The caller disposes of it. Throws DATA_EMPTY, OPTION_INVALID, FILE_FAILED.
   */
  async remember(signals: readonly TrainingSignal[], lambda = 1): Promise<Ewc> {
    const { parameters, fisher } = await this.contribution(signals);
    const ewc = new Ewc(parameters, { lambda });
    // One row of gradients whose mean of squares is the Fisher.
    ewc.updateFisher(fisher.map(Math.sqrt), 1);
    return ewc;
  }

  /** The active version's part in a federated merge. Throws DATA_EMPTY, FILE_FAILED. */
  async contribution(signals: readonly TrainingSignal[]): Promise<Contribution> {
    const samples = signals.map((signal) => {
      const parsed = parseSignal(signal);
      return sampleOf(this.#features(parsed), parsed, lessonOf(parsed), 1);
    });
    return this.#parts.federation.contribution(samples);
  }

  /**
   * Merges contributions (this gate's own among them, if it is to count) and puts the result to the
   * validators, like any candidate; see `mergeContributions`. Throws LENGTH_MISMATCH,
   * VALUE_NOT_FINITE, DATA_EMPTY, OPTION_INVALID, UPDATE_IN_PROGRESS.
   */
  merge(
    contributions: readonly Contribution[],
    options?: { trim?: number },
  ): Promise<UpdateOutcome> {
    return this.#parts.federation.merge(contributions, options);
  }

  #save(): Promise<void> {
    this.#sinceSave = 0;
    return this.#parts.memory.save(() => ({
      calibration: this.#bands.calibration?.toJSON(),
      scoreboard: this.#scoreboard.state(),
    }));
  }

  /** Waits for what is under way, keeps everything, gives all back. Throws FILE_FAILED. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { learner, memory, versions, disposeNetwork } = this.#parts;
    try {
      await learner.close();
      await this.#save();
    } finally {
      await memory.close();
      await versions.close();
      disposeNetwork();
    }
  }
}

function sampleOf(
  input: Float32Array,
  { timestamp }: TrainingSignal,
  { shouldAllow }: Lesson,
  weight: number,
): Sample {
  const label = Float32Array.of(Number(shouldAllow));
  return { input, label, weight, timestamp: new Date(timestamp) };
}

/** Before anything is opened: a penalty over other parameters would fail in every update. */
function checkProtected(learnable: GateLearnable, protect: Consolidation | undefined): void {
  if (!protect) return;
  const first = learnable.initial();
  const { length } = first.vector();
  first.dispose();
  const got = protect.baseline().length;
  if (got === length) return;
  throw new DriftkeelError(
    "LENGTH_MISMATCH",
    `Expected GateModel option "protect" over ${length} parameters (the gate's), got ${got}.`,
  );
}
