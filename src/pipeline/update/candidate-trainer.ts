// Proposes candidates: trains a copy of the active version on the newest samples under EWC and
// replay.

import type { EwcForm } from "../../core/training.ts";
import type { Learnable, ModelVersion } from "../../model/learnable.ts";
import type { Sample } from "../../model/sample.ts";
import type { TrainProgress, TrainReport } from "../../model/train-options.ts";
import type { ReplaySource } from "../../model/training-run.ts";
import { addFisher, Ewc, type EwcOptions } from "./ewc.ts";

/** EWC of a learner; `form` as in training. */
export interface LearnerEwcOptions extends Omit<EwcOptions, "fisherSamples"> {
  form?: EwcForm;
}

/** What one proposal starts from. */
export interface Proposal {
  active: ModelVersion;
  samples: readonly Sample[];
  replay: ReplaySource | undefined;
  /** Factors of the configured learning rate and lambda: safe mode's. */
  lrFactor: number;
  lambdaFactor: number;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: TrainProgress) => void) | undefined;
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
  async propose(proposal: Proposal): Promise<{
    candidate: ModelVersion;
    report: TrainReport;
    seed: number;
  }> {
    const { active, samples, replay, lrFactor, lambdaFactor, signal, onProgress } = proposal;
    const { replayShare } = this.#options;
    const seed = (this.#options.seed + this.attempts++) >>> 0;
    const { candidate, report } = await this.#model.propose(active, {
      samples,
      lrFactor,
      replay: replay && replayShare > 0 ? { buffer: replay, share: replayShare } : undefined,
      ewc: this.#strengthened(lambdaFactor),
      ewcForm: this.#options.ewc?.form,
      seed,
      signal,
      onProgress,
    });
    return { candidate, report, seed };
  }

  /** The Ewc with its lambda times a factor. */
  #strengthened(factor: number) {
    const ewc = this.#ewc;
    if (!ewc) return undefined;
    return {
      lambda: ewc.lambda * factor,
      fisher: () => ewc.fisher(),
      baseline: () => ewc.baseline(),
    };
  }

  /** Remembers an accepted version: its Fisher joins the old one, the baseline moves to it. */
  consolidate(version: ModelVersion, samples: readonly Sample[]): void {
    if (!this.#options.ewc || samples.length === 0) return;
    const { form: _form, ...options } = this.#options.ewc;
    const weights = version.vector();
    this.#ewc ??= new Ewc(weights, options);
    this.#ewc.updateBaseline(weights);
    addFisher(this.#ewc, this.#model.fisher(version, samples));
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
