// One cycle of a learner: every sample observed, one update at least, and what came of it.

import { DriftkeelError, isCallerError } from "../errors.ts";
import type { Learnable, Observation, OnlineLearner, Sample, UpdateOutcome } from "../index.ts";
import { badLine, type NumberedSample } from "./sample-file.ts";

const NOTE_EVERY = 10_000;
/** Samples that wait for the learner; what is learned does not depend on it. */
const AHEAD = 64;

/** How a cycle ended: the last promotion or rollback, or else the last update. */
export type CycleEnd = UpdateOutcome["outcome"] | "rolled_back";

/** What a cycle did. */
export interface CycleReport {
  end: CycleEnd;
  samples: { training: number; holdout: number };
  /** Before each sample was learned; NaN without samples. */
  meanLoss: number;
  driftAlerts: number;
  updates: Record<UpdateOutcome["outcome"], number>;
  rollbacks: number;
  /** The update that `end` speaks of, or the one that was rolled back. */
  update: UpdateOutcome;
  versionBefore: string;
  version: string;
}

/** Where the samples come from, and who hears of what happens on the way. */
export interface CycleRun {
  model: Learnable;
  /** What messages call the source. */
  path: string;
  samples: AsyncIterable<NumberedSample>;
  onNote(note: string): void;
  signal: AbortSignal;
}

/**
 * Observes the samples in order; when no update was tried on the way, asks for one at the end.
 * Throws FEEDBACK_CORRUPT naming the line of a sample that the model cannot take,
 * UPDATE_CANCELLED when `signal` is aborted between two samples (later it ends that update as
 * failed), and what the learner throws.
 */
export async function runCycle(learner: OnlineLearner, run: CycleRun): Promise<CycleReport> {
  const tally = new Tally(learner.status().versionId);
  await observeAll(learner, run, (seen, line) => {
    for (const note of tally.add(seen)) run.onNote(`line ${line}: ${note}`);
    if (tally.samples % NOTE_EVERY === 0) run.onNote(`${tally.samples} samples`);
  });
  if (!tally.hasTried) {
    run.onNote("no update so far: asking for one");
    tally.settle(await learner.update({ signal: run.signal }));
  }
  return tally.report(learner.status().versionId);
}

/** Offers samples ahead, so that those that wait together become durable in one disk sync. */
async function observeAll(
  learner: OnlineLearner,
  { model, path, samples, signal }: CycleRun,
  onSeen: (seen: Observation, line: number) => void,
): Promise<void> {
  const ahead: { line: number; seen: Promise<Observation> }[] = [];
  const finishOne = async () => {
    const { line, seen } = ahead.shift()!;
    onSeen(await seen.catch((error: unknown) => Promise.reject(atLine(path, line, error))), line);
  };
  let offered = 0;
  try {
    for await (const { sample, line } of samples) {
      if (signal.aborted) throw interrupted(path, line);
      checkSample(model, sample, () => ({ path, line, learned: offered }));
      const seen = learner.observe(sample);
      seen.catch(() => {}); // told when its turn comes, or hidden by the one before it
      ahead.push({ line, seen });
      offered++;
      if (ahead.length === AHEAD) await finishOne();
    }
  } finally {
    // Also before a bad line is reported: what came before it is learned then.
    while (ahead.length > 0) await finishOne();
  }
}

/** What a part of the learner refuses, such as a detector a loss, with the line it came from. */
function atLine(path: string, line: number, error: unknown): unknown {
  if (!isCallerError(error)) return error;
  return new DriftkeelError(error.code, `${path}, line ${line}: ${error.message}`);
}

function checkSample(
  model: Learnable,
  sample: Sample,
  place: () => { path: string; line: number; learned: number },
): void {
  try {
    model.check("sample", [sample]);
  } catch (error) {
    if (!isCallerError(error)) throw error;
    const { path, line, learned } = place();
    throw badLine(path, line, learned, error.message);
  }
}

function interrupted(path: string, line: number): DriftkeelError {
  const message = `Interrupted before line ${line} of ${path}; what came before it was learned.`;
  return new DriftkeelError("UPDATE_CANCELLED", message);
}

/** Counts what happens, and keeps what decides how the cycle ended. */
class Tally {
  readonly #versionBefore: string;
  readonly #sides = { training: 0, holdout: 0 };
  readonly #updates = { promoted: 0, rejected: 0, skipped: 0, failed: 0 };
  #lossSum = 0;
  #driftAlerts = 0;
  #rollbacks = 0;
  /** The last promotion or rollback; undefined before one. */
  #turn: "promoted" | "rolled_back" | undefined;
  #promotion: UpdateOutcome | undefined;
  #last: UpdateOutcome | undefined;

  constructor(versionBefore: string) {
    this.#versionBefore = versionBefore;
  }

  get samples(): number {
    return this.#sides.training + this.#sides.holdout;
  }

  /** Whether an update was made; one that was held off does not count. */
  get hasTried(): boolean {
    const { promoted, rejected, failed } = this.#updates;
    return promoted + rejected + failed > 0;
  }

  /** Counts one sample; returns what a person wants to hear of it. */
  add({ side, loss, drift, rolledBack, update }: Observation): string[] {
    this.#sides[side]++;
    this.#lossSum += loss;
    const notes: string[] = [];
    if (rolledBack) {
      this.#rollbacks++;
      this.#turn = "rolled_back";
      notes.push("rolled back: worse than the version before");
    }
    if (drift === "drift") {
      this.#driftAlerts++;
      notes.push(`drift, loss ${loss.toPrecision(3)}`);
    }
    if (update) {
      this.settle(update);
      if (update.outcome !== "skipped") notes.push(`update ${update.outcome}: ${update.reason}`);
    }
    return notes;
  }

  /** Counts one update. One that was held off never hides one that was made. */
  settle(update: UpdateOutcome): void {
    this.#updates[update.outcome]++;
    if (update.outcome !== "skipped" || !this.hasTried) this.#last = update;
    if (update.outcome !== "promoted") return;
    this.#turn = "promoted";
    this.#promotion = update;
  }

  report(version: string): CycleReport {
    const last = this.#last!;
    return {
      end: this.#turn ?? last.outcome,
      samples: { ...this.#sides },
      meanLoss: this.#lossSum / this.samples,
      driftAlerts: this.#driftAlerts,
      updates: { ...this.#updates },
      rollbacks: this.#rollbacks,
      update: (this.#turn && this.#promotion) ?? last,
      versionBefore: this.#versionBefore,
      version,
    };
  }
}
