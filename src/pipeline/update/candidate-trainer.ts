// Proposes candidates: trains a copy of the active version on the newest samples under EWC and
// replay.

import type { EwcForm } from "../../core/training.ts";
import type { Learnable, ModelVersion } from "../../model/learnable.ts";
import type { Sample } from "../../model/sample.ts";
import type { TrainProgress, TrainReport } from "../../model/train-options.ts";
import type { Consolidation, ReplaySource } from "../../model/training-run.ts";
import { evenlySpaced } from "./evenly-spaced.ts";
import { addFisher, Ewc, type EwcOptions } from "./ewc.ts";

/** Of a window of any size, so that its Fisher never holds the thread up for long. */
const FISHER_SAMPLES = 2048;

/** EWC of a learner; `form` as in training. */
export interface LearnerEwcOptions extends Omit<EwcOptions, "fisherSamples"> {
  form?: EwcForm;
}

/** What one proposal starts from. */
export interface Proposal {
  active: ModelVersion;
  samples: readonly Sample[];
  replay: ReplaySource | undefined;
  /** In place of the configured ones. */
  lr?: number | undefined;
  lambda?: number | undefined;
  /** Factors of the learning rate and lambda: safe mode's. */
  lrFactor: number;
  lambdaFactor: number;
  /** Not trained on: for the Fisher when a lambda is asked for and none is remembered. */
  held?: readonly Sample[] | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: TrainProgress) => void) | undefined;
}

/** What a proposal gave. */
interface TrainedCandidate {
  candidate: ModelVersion;
  report: TrainReport;
  /** Of the order of samples. */
  seed: number;
  /** What held the training back. */
  consolidation: Consolidation | undefined;
}

/** Trains candidates of one model and remembers, in an Ewc, what earlier ones needed. */
export class CandidateTrainer {
  readonly #model: Learnable;
  readonly #options: { seed: number; replayShare: number; ewc: LearnerEwcOptions | undefined };
  #ewc: Ewc | undefined;
  /** Proposals so far; each draws its own order of samples. */
  attempts = 0;

  constructor(
    model: Learnable,
    options: { seed: number; replayShare: number; ewc: LearnerEwcOptions | undefined },
  ) {
    this.#model = model;
    this.#options = options;
  }

  /** Trains a copy. Throws as `Learnable.propose`. */
  async propose(proposal: Proposal): Promise<TrainedCandidate> {
    const { active, samples, replay, lr, lrFactor, signal, onProgress } = proposal;
    const { replayShare } = this.#options;
    const seed = (this.#options.seed + this.attempts++) >>> 0;
    const consolidation = this.#consolidation(proposal);
    const { candidate, report } = await this.#model.propose(active, {
      samples,
      lr,
      lrFactor,
      replay: replay && replayShare > 0 ? { buffer: replay, share: replayShare } : undefined,
      ewc: consolidation,
      ewcForm: this.#options.ewc?.form,
      seed,
      signal,
      onProgress,
    });
    return { candidate, report, seed, consolidation };
  }

  /** The Ewc with the strength that is asked for; without one, the active version's own. */
  #consolidation(proposal: Proposal): Consolidation | undefined {
    const { active, held = [], lambda, lambdaFactor } = proposal;
    const ewc = this.#ewc;
    if (ewc) {
      const strength = (lambda ?? ewc.lambda) * lambdaFactor;
      return { lambda: strength, fisher: () => ewc.fisher(), baseline: () => ewc.baseline() };
    }
    if (!lambda || held.length === 0) return undefined;
    const baseline = active.vector();
    const fisher = this.#fisher(active, held);
    return { lambda: lambda * lambdaFactor, fisher: () => fisher, baseline: () => baseline };
  }

  #fisher(version: ModelVersion, samples: readonly Sample[]): Float32Array {
    return this.#model.fisher(version, evenlySpaced(samples, FISHER_SAMPLES));
  }

  /** Remembers an accepted version: its Fisher joins the old one, the baseline moves to it. */
  consolidate(version: ModelVersion, samples: readonly Sample[]): void {
    if (!this.#options.ewc || samples.length === 0) return;
    const { form: _form, ...options } = this.#options.ewc;
    const weights = version.vector();
    this.#ewc ??= new Ewc(weights, options);
    this.#ewc.updateBaseline(weights);
    addFisher(this.#ewc, this.#fisher(version, samples));
  }

  /** The bytes of its EWC; undefined before the first consolidation and without EWC. */
  ewcBytes(): Uint8Array | undefined {
    return this.#ewc?.toBytes();
  }

  /** Continues with the EWC of bytes, or none. Throws FILE_CORRUPT, and then changes nothing. */
  restoreEwc(bytes: Uint8Array | undefined): void {
    const restored = bytes && Ewc.fromBytes(bytes);
    this.#ewc?.dispose();
    this.#ewc = restored;
  }

  dispose(): void {
    this.#ewc?.dispose();
  }
}
