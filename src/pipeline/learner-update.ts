// One update of a learner: may it start, train a copy, judge it, promote it or drop it.

import type * as z from "zod";
import { DriftkeelError } from "../errors.ts";
import type { ObstacleKind, UpdateReason } from "../events.ts";
import type { ModelVersion } from "../model/learnable.ts";
import type { Sample } from "../model/sample.ts";
import type { Intake } from "./feedback/intake.ts";
import { type Obstacle, obstacleToUpdate } from "./learner-obstacle.ts";
import type { learnerOptions } from "./learner-options.ts";
import type { TimeSpan, UpdateFacts, UpdateOutcome } from "./learner-results.ts";
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

/** A candidate that was trained. */
interface Proposed {
  candidate: ModelVersion;
  parentId: string;
  seed: number;
  training: readonly Sample[];
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
  async run(reason: UpdateReason, signal?: AbortSignal): Promise<UpdateOutcome | undefined> {
    const { options, state, trace, nowMs } = this.#parts;
    const obstacle = await obstacleToUpdate(options, state, nowMs()).catch(guardFailed);
    const before = this.#obstacle;
    this.#obstacle = obstacle?.kind;
    if (obstacle) {
      const { kind, reason: why } = obstacle;
      // A trigger may ask with every sample while the same thing stands in the way.
      if (kind === before && reason !== "request") return undefined;
      trace.emit({ type: "update-skipped", obstacle: kind, reason: why });
      return { outcome: "skipped", reason: why, measurements: {} };
    }
    const training = [...state.intake.training()];
    const facts = factsOf(reason, state.intake);
    state.intake.markUpdate();
    state.triggerState.lastTriggerTime = nowMs();
    this.#isRunning = true;
    const { samples } = facts;
    trace.emit({
      type: "update-started",
      reason,
      samples: samples.training,
      replayed: samples.replay,
      ...(facts.trainedOn && { trainedOn: facts.trainedOn }),
    });
    try {
      return { ...(await this.#propose(training, facts, signal)), facts };
    } catch (error) {
      // The sample that led here was learned: an error must not look as if it had been refused.
      const { code, message } = failureOf(error);
      trace.emit({ type: "update-failed", code, message });
      return { outcome: "failed", reason: message, measurements: {}, facts };
    } finally {
      this.#isRunning = false;
    }
  }

  /** Trains a copy and judges it beside the active version, on samples that neither has seen. */
  async #propose(
    training: readonly Sample[],
    facts: UpdateFacts,
    signal: AbortSignal | undefined,
  ): Promise<UpdateOutcome> {
    const { options, promoter, state, trace } = this.#parts;
    const { id: parentId, version } = promoter.active;
    const factors = state.safeMode?.adjust({ lr: 1, lambda: 1 }) ?? { lr: 1, lambda: 1 };
    const { candidate, report, seed } = await state.trainer.propose({
      active: version,
      samples: training,
      replay: state.intake.replay,
      lrFactor: factors.lr,
      lambdaFactor: factors.lambda,
      signal,
      onProgress: ({ step, maxSteps, loss }) =>
        trace.emit({ type: "update-progressed", step, maxSteps, loss }),
    });
    facts.training = report;
    const { pnl } = options;
    const { gradientNorm } = report;
    const samples = { holdout: state.intake.holdout(), retention: state.intake.retention() };
    const anchor = pnl && (await promoter.anchor());
    const before = snapshotOf(version, samples, { pnl, anchor });
    const after = snapshotOf(candidate, samples, { pnl, gradientNorm });
    facts.heldOut = { lossBefore: before.loss, lossAfter: after.loss };
    const verdict = this.#validator.validate(before, after);
    if (!verdict.pass) return this.#reject(candidate, verdict);
    return this.#promote({ candidate, parentId, seed, training }, verdict);
  }

  #reject(candidate: ModelVersion, { reason, measurements }: ValidationResult): UpdateOutcome {
    candidate.dispose();
    this.#parts.trace.emit({ type: "candidate-rejected", reason, measurements });
    return { outcome: "rejected", reason, measurements };
  }

  /** Durable, then swapped, then told; what it can do now is remembered by EWC. */
  async #promote(
    { candidate, parentId, seed, training }: Proposed,
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
        source: "online-learner",
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

function factsOf(reason: UpdateReason, intake: Intake): UpdateFacts {
  const [training, holdout] = [intake.training(), intake.holdout()];
  const replay = intake.replay?.size ?? 0;
  return {
    reason,
    samples: { training: training.length, replay, holdout: holdout.length },
    trainedOn: spanOf(training),
    judgedOn: spanOf(holdout),
    training: undefined,
    heldOut: undefined,
  };
}

function spanOf(samples: readonly Sample[]): TimeSpan | undefined {
  const times = samples.flatMap(({ timestamp }) => timestamp?.getTime() ?? []);
  if (times.length === 0) return undefined;
  const [from, to] = times.reduce(
    ([least, most], ms) => [Math.min(least!, ms), Math.max(most!, ms)],
    [times[0]!, times[0]!],
  );
  return { from: new Date(from!), to: new Date(to!) };
}

function superseded(): DriftkeelError {
  return new DriftkeelError(
    "UPDATE_CANCELLED",
    "Expected the version that the candidate was trained from to be active still; another one is.",
  );
}
