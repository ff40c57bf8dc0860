// The whole loop: feedback, drift, trigger, update, validate, promote, watch, roll back.

import type * as z from "zod";
import { millisecondsOf } from "../clock.ts";
import { DriftkeelError } from "../errors.ts";
import type { EventBody, LearnerEvent, Measurements, UpdateReason } from "../events.ts";
import { checkTrainable } from "../model/check-samples.ts";
import type { Learnable, ModelVersion } from "../model/learnable.ts";
import type { Sample } from "../model/sample.ts";
import { parseOptions } from "../options.ts";
import { MemoryStore } from "../store/memory-store.ts";
import { Turns } from "../store/turns.ts";
import { VersionStore } from "../store/version-store.ts";
import type { DriftState } from "./drift/drift-detector.ts";
import { EventStream } from "./event-stream.ts";
import { Intake } from "./feedback/intake.ts";
import { type LearnerParts, recallLearner, rememberLearner } from "./learner-memory.ts";
import { obstacleToUpdate } from "./learner-obstacle.ts";
import { learnerOptions, type OnlineLearnerOptions } from "./learner-options.ts";
import type { LearnerStatus, Observation, Prediction, UpdateOutcome } from "./learner-results.ts";
import { Probation } from "./promote/probation.ts";
import { Promoter } from "./promote/promoter.ts";
import { SafeMode } from "./promote/safe-mode.ts";
import type { TriggerState } from "./trigger/trigger.ts";
import { CandidateTrainer } from "./update/candidate-trainer.ts";
import { Composite } from "./validate/composite.ts";
import { FiniteWeights } from "./validate/finite-weights.ts";
import { LossDelta } from "./validate/loss-delta.ts";
import { snapshotOf } from "./validate/snapshot-of.ts";
import type { ValidationResult, Validator } from "./validate/validator.ts";

/** A model that learns from its outcomes. Concurrent calls are safe; predictions never wait. */
export class OnlineLearner {
  /** Everything that happens, for each listener from when it began. */
  readonly events = new EventStream<LearnerEvent>();
  readonly #options: z.output<typeof learnerOptions>;
  readonly #model: Learnable;
  readonly #versions: VersionStore;
  readonly #promoter: Promoter;
  readonly #intake: Intake;
  readonly #trainer: CandidateTrainer;
  readonly #validator: Validator;
  readonly #safeMode: SafeMode | undefined;
  readonly #trigger = { lastTriggerTime: null, sampleCount: 0, recentLosses: [] } as TriggerState;
  readonly #turns = new Turns();
  #probation: Probation | undefined;
  #isUpdating = false;
  /** Between a drift and a training window full of what came after it. */
  #isAdapting = false;
  #isClosed = false;

  private constructor(
    options: z.output<typeof learnerOptions>,
    versions: VersionStore,
    promoter: Promoter,
  ) {
    const { model, seed, replayShare, ewc, validator, safeMode, now } = options;
    this.#options = options;
    this.#model = model;
    this.#versions = versions;
    this.#promoter = promoter;
    this.#intake = new Intake({ seed, ...options.intake });
    this.#trainer = new CandidateTrainer(model, { seed, replayShare, ewc });
    this.#validator = validator ?? new Composite([new FiniteWeights(), new LossDelta(0)]);
    this.#safeMode = safeMode === false ? undefined : new SafeMode({ ...safeMode, now });
  }

  /**
   * Opens a learner: with a folder, it goes on with the version that was active and the state kept
   * beside it.
   * Throws OPTION_INVALID, OPTION_UNKNOWN, STORE_LOCKED, SNAPSHOT_CORRUPT, POINTER_CORRUPT,
   * STATE_INVALID, FILE_FAILED.
   */
  static async open(value: OnlineLearnerOptions): Promise<OnlineLearner> {
    const options = parseOptions("OnlineLearner", learnerOptions, value);
    const { storagePath, maxVersions, modelId, seed, now, model } = options;
    const place = storagePath === undefined ? { store: new MemoryStore() } : { storagePath };
    const versions = await VersionStore.open({ ...place, maxVersions, modelId, seed, now });
    try {
      const { promoter, parts } = await Promoter.open(model, versions);
      const learner = new OnlineLearner(options, versions, promoter);
      if (parts.size > 0) recallLearner(learner.#memory, parts, true);
      return learner;
    } catch (error) {
      await versions.close();
      throw error;
    }
  }

  /** Output of the active version. Throws LENGTH_MISMATCH, STORE_CLOSED after `close`. */
  predict(input: Float32Array): Prediction {
    this.#checkOpen();
    const { id, version } = this.#promoter.active;
    return { output: version.predict(input), versionId: id };
  }

  /**
   * Learns from one outcome: tests the active version on it, watches, and updates when drift or the
   * trigger asks. The promise resolves when all that has happened. Samples of origin `benchmark`
   * are refused (SAMPLE_QUARANTINED).
   */
  async observe(feedback: Sample): Promise<Observation> {
    this.#checkOpen();
    return this.#turns.run(async () => {
      this.#model.check("feedback", [feedback]);
      checkTrainable("feedback", [feedback]);
      const loss = this.#promoter.active.version.loss([feedback]); // test, then train
      const rolledBack = await this.#watch(feedback, loss);
      const side = this.#intake.accept(feedback);
      const drift = this.#detectDrift(loss);
      const reason = this.#updateReason(drift, loss);
      const update = reason && (await this.#update(reason));
      return { loss, side, drift, rolledBack, ...(update && { update }) };
    });
  }

  /** Asks for an update now. Throws UPDATE_IN_PROGRESS when one runs. */
  async update(): Promise<UpdateOutcome> {
    this.#checkOpen();
    if (this.#isUpdating) {
      throw new DriftkeelError(
        "UPDATE_IN_PROGRESS",
        "Expected no update of this learner to be under way. Await the one before.",
      );
    }
    return this.#turns.run(() => this.#update("request"));
  }

  /**
   * Goes back to a version: the previous one, or the one of the given id. Throws NO_SNAPSHOT when
   * there is no previous one, VERSION_UNKNOWN (naming the nearest), SNAPSHOT_CORRUPT.
   */
  async rollback(versionId?: string): Promise<void> {
    this.#checkOpen();
    return this.#turns.run(async () => {
      const to = versionId ?? (await this.#versions.getCurrent())?.priorId;
      if (to === undefined) {
        throw new DriftkeelError(
          "NO_SNAPSHOT",
          "Expected a version before the active one to roll back to, but there is none.",
        );
      }
      await this.#goBack(to, "asked for", {});
    });
  }

  /** Ends a freeze after a rollback before its time. Whether there was one. */
  unfreeze(): boolean {
    this.#checkOpen();
    return this.#safeMode?.clear() ?? false;
  }

  /** Where it stands. */
  status(): LearnerStatus {
    const { active, previous } = this.#promoter;
    const isFrozen = this.#safeMode?.mode === "frozen";
    const working = this.#isUpdating ? "updating" : isFrozen ? "frozen" : "ready";
    const probation = this.#probation;
    return {
      modelId: this.#options.modelId,
      versionId: active.id,
      previousId: previous?.id,
      state: this.#isClosed ? "closed" : working,
      samples: {
        training: this.#intake.training().length,
        holdout: this.#intake.holdout().length,
        replay: this.#intake.replay?.size ?? 0,
      },
      probation: probation && { outcome: probation.outcome, reason: probation.reason },
    };
  }

  /** Waits for what is under way and gives everything back. Again does nothing. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#turns.run(async () => {
      await this.#versions.close();
      this.events.close();
      this.#trainer.dispose();
      this.#promoter.dispose();
    });
  }

  /** Probation: the previous version runs in the shadow; goes back when the new one is worse. */
  async #watch(sample: Sample, loss: number): Promise<boolean> {
    const probation = this.#probation;
    const { active, previous } = this.#promoter;
    if (probation?.outcome !== "running" || !previous) return false;
    const outcome = probation.observe(previous.version.loss([sample]), loss);
    if (outcome === "running") return false;
    if (outcome !== "rolled-back") {
      this.#emit({ type: "probation-ended", versionId: active.id, outcome });
      return false;
    }
    await this.#goBack(previous.id, probation.reason, probation.measurements);
    return true;
  }

  async #goBack(to: string, reason: string, measurements: Measurements): Promise<void> {
    const from = this.#promoter.active.id;
    const pieces = await this.#promoter.rollback(to);
    recallLearner(this.#memory, pieces, false);
    this.#probation = undefined;
    this.#safeMode?.enter();
    this.#emit({ type: "rolled-back", from, to, reason, measurements });
  }

  #detectDrift(loss: number): DriftState {
    const { detector } = this.#options;
    if (!detector || !Number.isFinite(loss)) return "stable";
    const drift = detector.update(loss);
    if (drift === "drift") {
      this.#emit({ type: "drift-detected", loss, measurements: detector.measurements });
    }
    return drift;
  }

  /**
   * After drift the windows start empty, and an update is tried whenever `minSamples` new ones are
   * there, until the training window has filled: the first samples of a new world say little.
   */
  #updateReason(drift: DriftState, loss: number): UpdateReason | undefined {
    const { trigger, minSamples, minHoldout } = this.#options;
    if (drift === "drift") {
      this.#intake.startChapter();
      this.#isAdapting = true;
    }
    const isReady = this.#intake.holdout().length >= minHoldout;
    if (this.#isAdapting && isReady && this.#intake.sinceUpdate >= minSamples) {
      this.#isAdapting = !this.#intake.isFull;
      return "drift";
    }
    let isTriggered = false;
    if (trigger && Number.isFinite(loss)) {
      trigger.recordSample(this.#trigger, loss);
      isTriggered = trigger.shouldRetrain(this.#trigger, loss);
    }
    return isTriggered ? "trigger" : undefined;
  }

  async #update(reason: UpdateReason): Promise<UpdateOutcome> {
    const obstacle = await obstacleToUpdate(this.#options, this.#intake, this.#safeMode);
    if (obstacle !== undefined) {
      this.#emit({ type: "update-skipped", reason: obstacle });
      return { outcome: "skipped", reason: obstacle, measurements: {} };
    }
    const training = [...this.#intake.training()];
    this.#intake.markUpdate();
    this.#isUpdating = true;
    this.#trigger.lastTriggerTime = this.#nowMs();
    this.#emit({
      type: "update-started",
      reason,
      samples: training.length,
      replayed: this.#intake.replay?.size ?? 0,
    });
    try {
      return await this.#propose(training);
    } catch (error) {
      if (!(error instanceof DriftkeelError)) throw error;
      this.#emit({ type: "update-failed", code: error.code, message: error.message });
      return { outcome: "failed", reason: error.message, measurements: {} };
    } finally {
      this.#isUpdating = false;
    }
  }

  /** Trains a copy, judges it beside the active version, and settles what becomes of it. */
  async #propose(training: readonly Sample[]): Promise<UpdateOutcome> {
    const active = this.#promoter.active;
    const factors = this.#safeMode?.adjust({ lr: 1, lambda: 1 }) ?? { lr: 1, lambda: 1 };
    const { candidate, report, seed } = await this.#trainer.propose({
      active: active.version,
      samples: training,
      replay: this.#intake.replay,
      lrFactor: factors.lr,
      lambdaFactor: factors.lambda,
    });
    const judges = { holdout: this.#intake.holdout(), retention: this.#intake.retention() };
    const verdict = this.#validator.validate(
      snapshotOf(active.version, judges),
      snapshotOf(candidate, judges, report.gradientNorm),
    );
    if (!verdict.pass) return this.#reject(candidate, verdict);
    return this.#promote(candidate, active.id, seed, verdict, training);
  }

  #reject(candidate: ModelVersion, { reason, measurements }: ValidationResult): UpdateOutcome {
    candidate.dispose();
    this.#emit({ type: "candidate-rejected", reason, measurements });
    return { outcome: "rejected", reason, measurements };
  }

  /** Durable, then swapped, then told; what it can do now is remembered by EWC. */
  async #promote(
    candidate: ModelVersion,
    parentId: string,
    seed: number,
    verdict: ValidationResult,
    training: readonly Sample[],
  ): Promise<UpdateOutcome> {
    const { reason, measurements } = verdict;
    const before = this.#trainer.state();
    this.#trainer.consolidate(candidate, training);
    const promotion = {
      source: "online-learner",
      parts: rememberLearner(this.#memory),
      seed,
      benchmark: measurements,
    };
    const served = await this.#promoter
      .promote(candidate, parentId, promotion)
      .catch((error: unknown) => {
        this.#trainer.restore(before);
        candidate.dispose();
        throw error;
      });
    if (!served) {
      this.#trainer.restore(before);
      return this.#reject(candidate, { ...verdict, reason: "another version became active" });
    }
    this.#safeMode?.recordAccepted();
    const { probation, now } = this.#options;
    this.#probation = probation === false ? undefined : new Probation({ ...probation, now });
    this.#emit({ type: "promoted", versionId: served.id, reason, measurements });
    return { outcome: "promoted", reason, versionId: served.id, measurements };
  }

  get #memory(): LearnerParts {
    const { detector } = this.#options;
    return { trainer: this.#trainer, detector, safeMode: this.#safeMode, trigger: this.#trigger };
  }

  #nowMs(): number {
    return millisecondsOf("now()", this.#options.now());
  }

  #emit(event: EventBody): void {
    this.events.emit({ at: this.#nowMs(), modelId: this.#options.modelId, ...event });
  }

  #checkOpen(): void {
    if (!this.#isClosed) return;
    throw new DriftkeelError(
      "STORE_CLOSED",
      "Expected an open OnlineLearner, got a closed one; open it again.",
    );
  }
}
