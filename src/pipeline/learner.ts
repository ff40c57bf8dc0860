// The whole loop: feedback, drift, trigger, update, validate, promote, watch, roll back.

import type * as z from "zod/mini";
import { millisecondsOf } from "../clock.ts";
import { DriftkeelError } from "../errors.ts";
import type { LearnerEvent, Measurements, UpdateReason } from "../events.ts";
import { checkTrainable } from "../model/check-samples.ts";
import type { Sample } from "../model/sample.ts";
import { parseOptions } from "../options.ts";
import { Turns } from "../store/turns.ts";
import type { VersionStore } from "../store/version-store.ts";
import { duplicateSample } from "./feedback/sample-copy.ts";
import { parsePosition, type SourcePosition } from "./feedback/source-position.ts";
import { hasHelped } from "./has-helped.ts";
import { LearnerAlarm } from "./learner-alarm.ts";
import { LearnerKeeper } from "./learner-keeper.ts";
import type { PlacedSample } from "./learner-memory.ts";
import { learnerOptions, type OnlineLearnerOptions } from "./learner-options.ts";
import { type CheckedRequest, checkedCopies, checkRequest } from "./learner-request.ts";
import type {
  DryRunOutcome,
  LearnerStatus,
  Observation,
  Prediction,
  Submission,
  UpdateOutcome,
  UpdateRequest,
} from "./learner-results.ts";
import { LearnerState } from "./learner-state.ts";
import { statusOf } from "./learner-status.ts";
import { type LearnerStorage, openStorage } from "./learner-storage.ts";
import { LearnerTrace } from "./learner-trace.ts";
import { LearnerUpdate } from "./learner-update.ts";
import { Promoter } from "./promote/promoter.ts";
import { profitOn, watchedValue } from "./watched-value.ts";

type Options = z.output<typeof learnerOptions>;

/** A model that learns from its outcomes. Concurrent calls are safe; predictions never wait. */
export class OnlineLearner {
  readonly #options: Options;
  readonly #versions: VersionStore;
  readonly #promoter: Promoter;
  readonly #state: LearnerState;
  readonly #trace: LearnerTrace;
  readonly #keeper: LearnerKeeper;
  readonly #alarm: LearnerAlarm;
  readonly #update: LearnerUpdate;
  readonly #turns = new Turns();
  #isRequested = false;
  #closing: Promise<void> | undefined;

  private constructor(
    options: Options,
    storage: LearnerStorage,
    promoter: Promoter,
    state: LearnerState,
  ) {
    this.#options = options;
    this.#versions = storage.versions;
    this.#promoter = promoter;
    this.#state = state;
    const { modelId, keepEvents } = options;
    this.#trace = new LearnerTrace(modelId, () => this.#nowMs(), storage.audit, keepEvents);
    const { checkpointEvery } = options;
    const parts = { promoter, state: this.#state, trace: this.#trace };
    this.#keeper = new LearnerKeeper({ ...parts, checkpointEvery });
    this.#alarm = new LearnerAlarm(options, state, this.#trace);
    this.#update = new LearnerUpdate({
      ...parts,
      options,
      nowMs: () => this.#nowMs(),
      prepare: (id, previousId) => this.#keeper.prepare(id, previousId),
    });
  }

  /**
   * Opens a learner. With a folder or a store it goes on where it was, after a crash too: samples
   * that were acknowledged since the last checkpoint are observed again, updates included.
   * Throws OPTION_INVALID, OPTION_UNKNOWN, STORE_LOCKED, SNAPSHOT_CORRUPT, POINTER_CORRUPT,
   * AUDIT_CORRUPT, FILE_CORRUPT, STATE_INVALID (it was kept by a learner with other options),
   * FILE_FAILED.
   */
  static async open(value: OnlineLearnerOptions): Promise<OnlineLearner> {
    const options = parseOptions("OnlineLearner", learnerOptions, value);
    const { maxVersions, modelId, seed, now, model, history = [] } = options;
    const state = new LearnerState(options);
    state.fill(history);
    const storage = await openStorage(options, { maxVersions, modelId, seed, now });
    try {
      const { promoter, parts } = await Promoter.open(model, storage.versions, (first) =>
        state.beginWith(first, history),
      );
      const learner = new OnlineLearner(options, storage, promoter, state);
      if (!storage.store) return learner;
      const samples = await learner.#keeper.recall(storage.store, parts, options.durableSamples);
      for (const each of samples) await learner.#keeper.concluded(() => learner.#learn(each));
      return learner;
    } catch (error) {
      await storage.audit?.close().catch(() => {});
      await storage.versions.close().catch(() => {});
      throw error;
    }
  }

  /** Everything that happens, for each listener from when it began. */
  get events(): AsyncIterable<LearnerEvent> {
    return this.#trace.events;
  }

  /** Output of the active version. Throws LENGTH_MISMATCH, STORE_CLOSED after `close`. */
  predict(input: Float32Array): Prediction {
    this.#checkOpen();
    const { id, version } = this.#promoter.active;
    return { output: version.predict(input), versionId: id };
  }

  /**
   * Learns from one outcome: tests the active version on it, watches, and updates when drift or the
   * trigger asks. Resolves when all that has happened; the sample is durable before it is learned.
   * Throws, and then has learned nothing, what the model's check throws, SAMPLE_QUARANTINED (origin
   * `benchmark`), FILE_FAILED, STORE_CLOSED.
   */
  async observe(feedback: Sample): Promise<Observation> {
    return (await this.submit(feedback)).learned;
  }

  /**
   * As `observe`, but resolves as soon as the sample is durable, while others before it or an
   * update are still under way; `learned` tells the rest. Samples are learned in the order in which
   * they were submitted, after a crash too. position: kept with the sample, for `nextOffset`.
   * Throws as `observe`, and OPTION_INVALID, OPTION_UNKNOWN for the position.
   */
  async submit(feedback: Sample, position?: SourcePosition): Promise<Submission> {
    this.#checkOpen();
    const placed = position && parsePosition(position);
    this.#options.model.check("feedback", [feedback]);
    checkTrainable("feedback", [feedback]);
    const sample = duplicateSample(feedback);
    const kept = this.#keeper.add({ sample, position: placed });
    const learned = this.#turns.run(async () => {
      await kept;
      return this.#keeper.concluded(() => this.#learn({ sample, position: placed }));
    });
    learned.catch(() => {}); // it is the caller's to hear
    await kept;
    return { learned };
  }

  /**
   * Asks for an update now. Throws OPTION_INVALID, OPTION_UNKNOWN, what the model's check throws
   * for samples of the request, UPDATE_IN_PROGRESS when one runs or waits, STORE_CLOSED.
   */
  async update(request: UpdateRequest = {}): Promise<UpdateOutcome> {
    const isDryRun = false;
    return (await this.#ask(request, isDryRun)) as UpdateOutcome;
  }

  /**
   * Trains and judges as `update` does, promotes nothing and leaves the learner as it was. Throws
   * as `update`.
   */
  async dryRun(request: UpdateRequest = {}): Promise<DryRunOutcome> {
    const isDryRun = true;
    return (await this.#ask(request, isDryRun)) as DryRunOutcome;
  }

  async #ask(
    request: UpdateRequest,
    isDryRun: boolean,
  ): Promise<UpdateOutcome | DryRunOutcome | undefined> {
    this.#checkOpen();
    const { samples, ...rest } = checkRequest(request);
    const copies = samples && { samples: await checkedCopies(this.#options.model, samples) };
    const checked = { ...rest, ...copies, isDryRun };
    this.#checkOpen(); // it may have been closed meanwhile
    if (this.#isRequested || this.#update.isRunning) {
      throw new DriftkeelError(
        "UPDATE_IN_PROGRESS",
        "Expected no update of this learner to be under way. Await the one before.",
      );
    }
    this.#isRequested = true;
    const run = () => this.#runUpdate("request", checked);
    return this.#turns
      .run(() => this.#keeper.concluded(run))
      .finally(() => {
        this.#isRequested = false;
      });
  }

  /**
   * Goes back to a version: the one that the active one was trained from, or the one of the given
   * id. Throws NO_SNAPSHOT when there is none before, VERSION_UNKNOWN (naming the nearest: it may
   * have been evicted), SNAPSHOT_CORRUPT, FILE_FAILED.
   */
  async rollback(versionId?: string): Promise<void> {
    this.#checkOpen();
    return this.#turns.run(async () => {
      const to = versionId ?? (await this.#parentOf(this.#promoter.active.id));
      if (to === undefined) {
        throw new DriftkeelError(
          "NO_SNAPSHOT",
          "Expected a version before the active one to roll back to, but there is none.",
        );
      }
      await this.#keeper.concluded(() => this.#goBack(to, "asked for", {}));
    });
  }

  /** Holds updates off until `unfreeze`; predictions and samples go on. Throws FILE_FAILED. */
  async freeze(reason: string): Promise<void> {
    this.#checkOpen();
    return this.#turns.run(async () => {
      await this.#keeper.keep(() => {
        this.#state.held = reason;
      });
      await this.#keeper.concluded(async () => this.#trace.emit({ type: "frozen", reason }));
    });
  }

  /** Ends a freeze, also one after a rollback before its time. Whether there was one. */
  async unfreeze(): Promise<boolean> {
    this.#checkOpen();
    return this.#turns.run(async () => {
      const { held, safeMode } = this.#state;
      if (held === undefined && safeMode?.mode !== "frozen") return false;
      await this.#keeper.keep(() => {
        this.#state.held = undefined;
        safeMode?.clear();
      });
      await this.#keeper.concluded(async () => this.#trace.emit({ type: "unfrozen" }));
      return true;
    });
  }

  /** Where it stands. */
  status(): LearnerStatus {
    return statusOf(this.#options.modelId, this.#promoter, this.#state, {
      isUpdating: this.#update.isRunning,
      isClosed: this.#closing !== undefined,
    });
  }

  /** Waits for what is under way, keeps the state, gives everything back. Again only waits. */
  close(): Promise<void> {
    this.#closing ??= this.#turns.run(async () => {
      try {
        await this.#keeper.close();
      } finally {
        this.#state.dispose();
        this.#promoter.dispose();
        await this.#versions.close();
      }
    });
    return this.#closing;
  }

  /** The offset after that of the newest sample of a source that was learned; 0 for none. */
  nextOffset(source: string): number {
    return this.#state.nextOffsets.get(source) ?? 0;
  }

  /** Test, then train: the loop for one sample. */
  async #learn({ sample, position }: PlacedSample): Promise<Observation> {
    const state = this.#state;
    state.observed += 1;
    if (position) state.nextOffsets.set(position.source, position.offset + 1);
    this.#options.beforeLearning?.(sample);
    const { version } = this.#promoter.active;
    const loss = version.loss([sample]);
    const pnl = profitOn(this.#options, version, sample);
    const watched = this.#options.watched === "pnl" ? (pnl ?? loss) : loss;
    const side = state.intake.accept(sample);
    const seen = { loss, side, ...(pnl !== undefined && { pnl }) };
    // After a rollback the rest of the sample belongs to a model that no longer serves.
    if (await this.#watch(sample, watched)) return { ...seen, drift: "stable", rolledBack: true };
    const { drift, reason } = this.#alarm.hear(watched);
    const update = (reason && (await this.#runUpdate(reason))) as UpdateOutcome | undefined;
    return { ...seen, drift, rolledBack: false, ...(update && { update }) };
  }

  /** Probation: the previous version runs in the shadow; goes back when the new one is worse. */
  async #watch(sample: Sample, watched: number): Promise<boolean> {
    const { probation } = this.#state;
    const { active, previous } = this.#promoter;
    if (!probation || !previous) return false;
    const isRunning = probation.outcome === "running";
    if (isRunning) {
      const before = previous.version;
      probation.observe(watchedValue(this.#options, before, sample), watched);
    }
    const { outcome, reason, measurements } = probation;
    if (outcome === "rolled-back") {
      // Also when it ended before and going back has failed.
      await this.#goBack(previous.id, reason, measurements);
      return true;
    }
    if (isRunning && outcome !== "running") {
      this.#trace.emit({ type: "probation-ended", versionId: active.id, outcome, reason });
    }
    return false;
  }

  async #goBack(to: string, reason: string, measurements: Measurements): Promise<void> {
    const from = this.#promoter.active.id;
    const undo = this.#state.savepoint();
    try {
      await this.#promoter.rollback(to, async (parts) => {
        this.#state.goBack(parts);
        await this.#keeper.prepare(to, undefined);
      });
    } catch (error) {
      undo();
      throw error;
    }
    this.#keeper.checkpointSoon();
    this.#trace.emit({ type: "rolled-back", from, to, reason, measurements });
  }

  async #runUpdate(
    reason: UpdateReason,
    request: CheckedRequest = { isDryRun: false },
  ): Promise<UpdateOutcome | DryRunOutcome | undefined> {
    const result = await this.#update.run(reason, request);
    if (!result || result.outcome === "skipped" || request.isDryRun) return result;
    const state = this.#state;
    state.isAdapting &&= !state.intake.isFull || hasHelped(result);
    this.#keeper.checkpointSoon();
    return result;
  }

  /** Not the version that was active before: after a rollback that is the one gone back from. */
  async #parentOf(id: string): Promise<string | undefined> {
    return (await this.#versions.list()).find((entry) => entry.id === id)?.parent;
  }

  #nowMs(): number {
    return millisecondsOf("now()", this.#options.now());
  }

  #checkOpen(): void {
    if (!this.#closing) return;
    throw new DriftkeelError(
      "STORE_CLOSED",
      "Expected an open OnlineLearner, got a closed one; open it again.",
    );
  }
}
