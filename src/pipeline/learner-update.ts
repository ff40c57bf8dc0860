// One update of a learner: may it start, train a copy, judge it, promote it or drop it.

import type * as z from "zod/mini";
import { DriftkeelError } from "../errors.ts";
import type { ObstacleKind, UpdateReason } from "../events.ts";
import type { ModelVersion } from "../model/learnable.ts";
import type { Sample } from "../model/sample.ts";
import type { Side } from "./feedback/intake.ts";
import { inTurns } from "./in-turns.ts";
import { ewcFactsOf, factsOf, type Windows } from "./learner-facts.ts";
import { type Obstacle, obstacleToUpdate } from "./learner-obstacle.ts";
import type { learnerOptions } from "./learner-options.ts";
import type { CheckedRequest } from "./learner-request.ts";
import type { DryRunOutcome, UpdateFacts, UpdateOutcome } from "./learner-results.ts";
import type { LearnerState } from "./learner-state.ts";
import type { LearnerTrace } from "./learner-trace.ts";
import type { Promoter } from "./promote/promoter.ts";
import { Composite } from "./validate/composite.ts";
import { FiniteWeights } from "./validate/finite-weights.ts";
import { LossDelta } from "./validate/loss-delta.ts";
import { snapshotOf } from "./validate/snapshot-of.ts";
import type { ValidationResult, Validator } from "./validate/validator.ts";

/** What an update works with: the parts of one learner. */
interface UpdateParts {
  options: z.output<typeof learnerOptions>;
  promoter: Promoter;
  state: LearnerState;
  trace: LearnerTrace;
  nowMs: () => number;
  /** Keeps the state for a version that is about to become the active one. */
  prepare: (id: string, previousId: string) => Promise<void>;
}

/** What one update is given. */
interface Assignment {
  windows: Windows;
  request: CheckedRequest;
  facts: UpdateFacts;
}

/** A candidate that was trained. */
interface Proposed {
  candidate: ModelVersion;
  parentId: string;
  seed: number;
  training: readonly Sample[];
  source: string;
}

/** Runs one update at a time; its owner sees to that. */
export class LearnerUpdate {
  readonly #parts: UpdateParts;
  readonly #validator: Validator;
  #isRunning = false;
  /** What stood in the way the last time. */
  #obstacle: ObstacleKind | undefined;

  constructor(parts: UpdateParts) {
    this.#parts = parts;
    const usual = () => new Composite([new FiniteWeights(), new LossDelta(0)]);
    this.#validator = parts.options.validator ?? usual();
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /**
   * What became of it; failures with a code are outcomes, too. Undefined when nobody needs to know:
   * it was skipped for what was told the last time.
   */
  async run(
    reason: UpdateReason,
    request: CheckedRequest,
  ): Promise<UpdateOutcome | DryRunOutcome | undefined> {
    const { options, state, trace, nowMs } = this.#parts;
    const windows = await this.#windowsOf(request);
    const [training, holdout] = [windows.training.length, windows.holdout.length];
    // Samples that were chosen for one update are all new to it.
    const fresh = request.samples ? training : state.intake.sinceUpdate;
    const supply = { training, holdout, fresh };
    const obstacle = await obstacleToUpdate(options, state, supply, nowMs()).catch(guardFailed);
    if (obstacle && request.isDryRun) {
      return { outcome: "skipped", reason: obstacle.reason, measurements: {} };
    }
    const before = this.#obstacle;
    this.#obstacle = obstacle?.kind;
    if (obstacle) {
      const { kind, reason: why } = obstacle;
      // A trigger may ask with every sample while the same thing stands in the way.
      if (kind === before && reason !== "request") return undefined;
      trace.emit({ type: "update-skipped", obstacle: kind, reason: why });
      return { outcome: "skipped", reason: why, measurements: {} };
    }
    const facts = factsOf(reason, windows, state.intake.replay?.size ?? 0);
    const undoDraws = state.drawsPoint();
    this.#isRunning = true;
    if (!request.isDryRun) this.#begin(facts);
    try {
      return { ...(await this.#propose({ windows, request, facts })), facts };
    } catch (error) {
      // The sample that led here was learned: an error must not look as if it had been refused.
      const { code, message } = failureOf(error);
      if (!request.isDryRun) trace.emit({ type: "update-failed", code, message });
      return { outcome: "failed", reason: message, measurements: {}, facts };
    } finally {
      this.#isRunning = false;
      if (request.isDryRun) undoDraws();
    }
  }

  #begin({ reason, samples, trainedOn }: UpdateFacts): void {
    const { state, trace, nowMs } = this.#parts;
    state.intake.markUpdate();
    state.triggerState.lastTriggerTime = nowMs();
    trace.emit({
      type: "update-started",
      reason,
      samples: samples.training,
      replayed: samples.replay,
      ...(trainedOn && { trainedOn }),
    });
  }

  /** Copies: the learner's own windows go on while it trains. */
  async #windowsOf({ samples }: CheckedRequest): Promise<Windows> {
    const { intake } = this.#parts.state;
    const windows: Record<Side, Sample[]> = { training: [], holdout: [] };
    if (samples) {
      await inTurns(samples, (sample) => windows[intake.sideOf(sample)].push(sample));
      return windows;
    }
    return { training: [...intake.training()], holdout: [...intake.holdout()] };
  }

  /** Trains a copy and judges it beside the active version, on samples that neither has seen. */
  async #propose(assignment: Assignment): Promise<UpdateOutcome | DryRunOutcome> {
    const { windows, request, facts } = assignment;
    const { promoter } = this.#parts;
    const { id: parentId, version } = promoter.active;
    const { candidate, report, seed, consolidation } = await this.#train(version, assignment);
    facts.training = report;
    facts.ewc = consolidation && ewcFactsOf(consolidation);
    await request.onTrained?.(report);
    const verdict = await this.#judge(version, candidate, assignment);
    if (request.isDryRun) return this.#note(candidate, verdict);
    if (!verdict.pass) return this.#reject(candidate, verdict);
    const { source = "online-learner" } = request;
    const { training } = windows;
    return this.#promote({ candidate, parentId, seed, training, source }, verdict);
  }

  #train(active: ModelVersion, { windows, request }: Assignment) {
    const { state, trace } = this.#parts;
    const factors = state.safeMode?.adjust({ lr: 1, lambda: 1 }) ?? { lr: 1, lambda: 1 };
    return state.trainer.propose({
      active,
      samples: windows.training,
      replay: state.intake.replay,
      lr: request.lr,
      lambda: request.lambda,
      lrFactor: factors.lr,
      lambdaFactor: factors.lambda,
      held: windows.holdout,
      signal: request.signal,
      onProgress: ({ step, maxSteps, loss }) =>
        trace.emit({ type: "update-progressed", step, maxSteps, loss }),
    });
  }

  /** The learner's own validator, then the one of the request. */
  async #judge(
    active: ModelVersion,
    candidate: ModelVersion,
    { windows: { holdout }, request, facts }: Assignment,
  ): Promise<ValidationResult> {
    const { options, promoter, state } = this.#parts;
    const { pnl } = options;
    const samples = { holdout, retention: state.intake.retention() };
    const anchor = pnl && (await promoter.anchor());
    const gradientNorm = facts.training!.gradientNorm;
    const before = await snapshotOf(active, samples, { pnl, anchor });
    const after = await snapshotOf(candidate, samples, { pnl, gradientNorm });
    facts.heldOut = { lossBefore: before.loss, lossAfter: after.loss };
    const { validator } = request;
    const all = validator ? new Composite([this.#validator, validator]) : this.#validator;
    return all.validate(before, after);
  }

  /** A dry run leaves a note in the audit log, and is no event. */
  #note(candidate: ModelVersion, { pass, reason, measurements }: ValidationResult): DryRunOutcome {
    candidate.dispose();
    const outcome = pass ? "accepted" : "rejected";
    this.#parts.trace.note("dry-run", { outcome, reason, measurements });
    return { outcome, reason, measurements };
  }

  #reject(candidate: ModelVersion, { reason, measurements }: ValidationResult): UpdateOutcome {
    candidate.dispose();
    this.#parts.trace.emit({ type: "candidate-rejected", reason, measurements });
    return { outcome: "rejected", reason, measurements };
  }

  /** Durable, then swapped, then told; what it can do now is remembered by EWC. */
  async #promote(
    { candidate, parentId, seed, training, source }: Proposed,
    verdict: ValidationResult,
  ): Promise<UpdateOutcome> {
    const { promoter, state, trace, prepare } = this.#parts;
    const { reason, measurements } = verdict;
    const wasOnProbation = state.isOnProbation;
    trace.emit({ type: "candidate-accepted", reason, measurements });
    const undo = state.savepoint();
    let id: string;
    try {
      state.trainer.consolidate(candidate, training);
      state.beginProbation();
      const served = await promoter.promote(candidate, parentId, {
        source,
        parts: state.saveModelParts(),
        seed,
        benchmark: measurements,
        prepare: async (next) => {
          await prepare(next, parentId);
          await trace.settle(); // nothing is promoted whose verdict left no trace
        },
      });
      if (!served) throw superseded();
      id = served.id;
    } catch (error) {
      undo();
      candidate.dispose();
      throw error;
    }
    if (wasOnProbation) {
      const why = `${id} was promoted before it ended`;
      const outcome = "superseded";
      trace.emit({ type: "probation-ended", versionId: parentId, outcome, reason: why });
    }
    trace.emit({ type: "promoted", versionId: id, reason, measurements });
    return { outcome: "promoted", reason, versionId: id, measurements };
  }
}

/** A guard that cannot answer has not said yes. */
function guardFailed(error: unknown): Obstacle {
  return { kind: "guard", reason: `held off: the update guard failed: ${messageOf(error)}` };
}

/** What a guard, a validator, `pnl` or a model throws may be anything. */
function failureOf(error: unknown): { code: string; message: string } {
  const { code } = (error ?? {}) as { code?: unknown };
  return { code: typeof code === "string" ? code : "UPDATE_FAILED", message: messageOf(error) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function superseded(): DriftkeelError {
  return new DriftkeelError(
    "UPDATE_CANCELLED",
    "Expected the version that the candidate was trained from to be active still; another one is.",
  );
}
