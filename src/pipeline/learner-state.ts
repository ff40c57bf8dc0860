// What a learner's later behaviour depends on beside the weights, and how it is kept and comes
// back.

import * as z from "zod/mini";
import { DriftkeelError } from "../errors.ts";
import { checkTrainable } from "../model/check-samples.ts";
import type { Learnable, ModelVersion } from "../model/learnable.ts";
import type { Sample } from "../model/sample.ts";
import { nonNegativeInteger, parseState } from "../options.ts";
import type { DriftDetector } from "./drift/drift-detector.ts";
import { Intake } from "./feedback/intake.ts";
import { duplicateSample } from "./feedback/sample-copy.ts";
import { nextOffsets } from "./feedback/source-position.ts";
import type { learnerOptions } from "./learner-options.ts";
import { Probation } from "./promote/probation.ts";
import { SafeMode } from "./promote/safe-mode.ts";
import type { Trigger, TriggerState } from "./trigger/trigger.ts";
import { CandidateTrainer } from "./update/candidate-trainer.ts";

const EWC = "ewc.bin";
const MODEL_STATE = "learner.json";

/** Kept beside each version: what belongs to its model. */
const modelState = z.strictObject({ detector: z.unknown(), replay_cursor: z.unknown() });

/** Kept for the active version: everything. */
const wholeState = z.strictObject({
  observed: nonNegativeInteger,
  next_offsets: z.optional(nextOffsets),
  attempts: nonNegativeInteger,
  is_adapting: z.boolean(),
  held: z.nullable(z.string()),
  intake: z.unknown(),
  detector: z.unknown(),
  safe_mode: z.unknown(),
  probation: z.unknown(),
  trigger: z.unknown(),
  trigger_state: z.strictObject({
    last_trigger_ms: z.nullable(z.number()),
    sample_count: nonNegativeInteger,
    recent_losses: z.array(z.number()),
  }),
});

/** The state of one learner. */
export class LearnerState {
  readonly intake: Intake;
  readonly trainer: CandidateTrainer;
  readonly detector: DriftDetector | undefined;
  readonly safeMode: SafeMode | undefined;
  readonly triggerState: TriggerState = {
    lastTriggerTime: null,
    sampleCount: 0,
    recentLosses: [],
  };
  readonly trigger: Trigger | undefined;
  /** Of the active version, when it has one. */
  probation: Probation | undefined;
  /** Samples since the learner began. */
  observed = 0;
  /** By source: the offset after that of its newest sample. */
  readonly nextOffsets = new Map<string, number>();
  /** Between a drift and a training window full of what came after it. */
  isAdapting = false;
  /** Why an operator holds updates off. */
  held: string | undefined;
  /** A fresh one for a version that was just promoted; undefined for a learner without. */
  readonly #newProbation: () => Probation | undefined;
  readonly #watched: "loss" | "pnl";
  readonly #model: Learnable;

  /** Throws OPTION_INVALID, OPTION_UNKNOWN for the parts' own options. */
  constructor(options: z.output<typeof learnerOptions>) {
    const { model, seed, intake, replayShare, ewc, safeMode, probation, watched, now } = options;
    this.#model = model;
    this.intake = new Intake({ seed, ...intake });
    this.trainer = new CandidateTrainer(model, { seed, replayShare, ewc });
    this.detector = options.detector;
    this.trigger = options.trigger;
    this.safeMode = safeMode === false ? undefined : new SafeMode({ ...safeMode, now });
    this.#watched = watched;
    this.#newProbation = () =>
      probation === false ? undefined : new Probation({ ...probation, input: watched, now });
    this.#newProbation(); // wrong options are reported now and not at the first promotion
  }

  /** Begins with what the first version was trained on. Throws as the model's check. */
  fill(history: readonly Sample[]): void {
    if (history.length === 0) return;
    this.#model.check("history", history);
    checkTrainable("history", history);
    for (const sample of history) this.intake.accept(duplicateSample(sample));
    this.intake.markUpdate();
  }

  /** What lies beside the first version: what it was trained on is protected from now on. */
  beginWith(first: ModelVersion, history: readonly Sample[]): Map<string, Uint8Array> {
    this.trainer.consolidate(first, history);
    return this.saveModelParts();
  }

  /** Whether a probation of the active version is under way. */
  get isOnProbation(): boolean {
    return this.probation?.outcome === "running";
  }

  /**
   * Starts over with a version that is about to serve after an accepted update. The losses of
   * another model would look like drift to the detector; P&L is the account's, whoever earned it.
   */
  beginProbation(): void {
    this.safeMode?.recordAccepted();
    this.probation = this.#newProbation();
    if (this.#watched === "loss") this.detector?.reset();
  }

  /** Everything but EWC, which lies beside the active version, as JSON. */
  save(): object {
    const { trainer, detector, safeMode, trigger, triggerState, probation, intake } = this;
    const { lastTriggerTime, sampleCount, recentLosses } = triggerState;
    const saved: z.input<typeof wholeState> = {
      observed: this.observed,
      ...(this.nextOffsets.size > 0 && { next_offsets: Object.fromEntries(this.nextOffsets) }),
      attempts: trainer.attempts,
      is_adapting: this.isAdapting,
      held: this.held ?? null,
      intake: intake.state(),
      detector: detector?.state() ?? null,
      safe_mode: safeMode?.state() ?? null,
      probation: probation?.state() ?? null,
      trigger: trigger?.state?.() ?? null,
      trigger_state: {
        last_trigger_ms: lastTriggerTime == null ? null : Number(lastTriggerTime),
        sample_count: sampleCount,
        recent_losses: [...recentLosses],
      },
    };
    return saved;
  }

  /**
   * Goes on from what `save()` returned. Throws STATE_INVALID when it does not fit the learner as
   * it is configured.
   */
  restore(state: unknown): void {
    const saved = parseState("OnlineLearner", wholeState, state);
    const { last_trigger_ms, sample_count, recent_losses } = saved.trigger_state;
    this.intake.restore(saved.intake);
    if (saved.detector !== null) this.detector?.restore(saved.detector);
    if (saved.safe_mode !== null) this.safeMode?.restore(saved.safe_mode);
    if (saved.trigger !== null) this.trigger?.restore?.(saved.trigger);
    this.probation = saved.probation === null ? undefined : this.#newProbation();
    this.probation?.restore(saved.probation);
    this.trainer.attempts = saved.attempts;
    this.observed = saved.observed;
    this.nextOffsets.clear();
    for (const [source, next] of Object.entries(saved.next_offsets ?? {})) {
      this.nextOffsets.set(source, next);
    }
    this.isAdapting = saved.is_adapting;
    this.held = saved.held ?? undefined;
    Object.assign(this.triggerState, {
      lastTriggerTime: last_trigger_ms,
      sampleCount: sample_count,
      recentLosses: [...recent_losses],
    });
  }

  /** What is kept beside a version, as named pieces of bytes. */
  saveModelParts(): Map<string, Uint8Array> {
    const { detector, intake, trainer } = this;
    const text = JSON.stringify({
      detector: detector?.state() ?? null,
      replay_cursor: intake.replay?.cursor() ?? null,
    } satisfies z.input<typeof modelState>);
    const pieces = new Map<string, Uint8Array>([[MODEL_STATE, new TextEncoder().encode(text)]]);
    const ewc = trainer.ewcBytes();
    if (ewc) pieces.set(EWC, ewc);
    return pieces;
  }

  /** Takes EWC alone from what was kept beside a version. Throws FILE_CORRUPT. */
  restoreEwc(pieces: ReadonlyMap<string, Uint8Array>): void {
    this.trainer.restoreEwc(pieces.get(EWC));
  }

  /**
   * Takes all that was kept beside a version to which the learner goes back. Samples, attempts and
   * triggers stay: what happened has happened. Throws FILE_CORRUPT, STATE_INVALID.
   */
  restoreModelParts(pieces: ReadonlyMap<string, Uint8Array>): void {
    const bytes = pieces.get(MODEL_STATE);
    const saved = bytes ? parseModelState(bytes) : { detector: null, replay_cursor: null };
    this.restoreEwc(pieces);
    if (saved.detector === null) this.detector?.reset();
    else this.detector?.restore(saved.detector);
    if (saved.replay_cursor !== null) this.intake.replay?.seek(saved.replay_cursor);
  }

  /** What a rollback changes: the version's own state, no probation, and care from now on. */
  goBack(pieces: ReadonlyMap<string, Uint8Array>): void {
    this.restoreModelParts(pieces);
    this.probation = undefined;
    this.safeMode?.enter();
  }

  /** Remembers what acts other than samples change; the returned function puts it back. */
  savepoint(): () => void {
    const { trainer, detector, safeMode, probation, intake, held } = this;
    const ewc = trainer.ewcBytes();
    const before = [detector?.state(), safeMode?.state(), intake.replay?.cursor()] as const;
    return () => {
      trainer.restoreEwc(ewc);
      this.probation = probation;
      this.held = held;
      detector?.restore(before[0]);
      safeMode?.restore(before[1]);
      intake.replay?.seek(before[2]);
    };
  }

  /** Remembers where the random draws stand; the returned function puts them back. */
  drawsPoint(): () => void {
    const { trainer, intake } = this;
    const { attempts } = trainer;
    const cursor = intake.replay?.cursor();
    return () => {
      trainer.attempts = attempts;
      if (cursor !== undefined) intake.replay?.seek(cursor);
    };
  }

  dispose(): void {
    this.trainer.dispose();
  }
}

function parseModelState(bytes: Uint8Array) {
  try {
    return modelState.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    throw new DriftkeelError(
      "STATE_INVALID",
      `Expected the state of a learner beside its version, got something else: ${cause}. ` +
        "Roll back to another version.",
      { cause },
    );
  }
}
