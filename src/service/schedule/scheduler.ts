// Runs the schedules of the models: asks for updates at their times, makes up for a run that was
// missed, and counts what it did. It never throws: what stands in the way of a run is told.

import type { Cron } from "croner";
import { DriftkeelError, VersionStore } from "../../index.ts";
import type { HostedModel } from "../hosted-model.ts";
import type { UpdateJobs } from "../jobs/update-jobs.ts";
import { ProblemError } from "../problem.ts";
import { cronOf, isTimed, jitterMs, type TimedSchedule } from "./cron-times.ts";
import { scheduledRequest } from "./scheduled-request.ts";
import { obstacleToRun, type Situation, whatIsDue } from "./what-is-due.ts";

/** Codes with which a model says that it cannot be updated now. */
const BUSY = ["UPDATES_FROZEN", "UPDATE_IN_PROGRESS"];

/** Hears what a scheduler does. */
export interface ScheduleLog {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** What a scheduler works with. */
export interface SchedulerParts {
  models: readonly HostedModel[];
  jobs: UpdateJobs;
  nowMs: () => number;
  log: ScheduleLog;
}

/** Runs of one model since the service started. */
export interface ScheduleCounts {
  submitted: number;
  skipped: number;
  /** Whose time had gone by before. */
  missed: number;
  failed: number;
}

/** A model with its timers. */
interface Scheduled {
  model: HostedModel;
  schedule: TimedSchedule;
  counts: ScheduleCounts;
  lastSkip: { atMs: number; reason: string } | undefined;
  cron: Cron | undefined;
  /** Of runs that wait until their jitter is over. */
  delays: Set<NodeJS.Timeout>;
}

/** The schedules of one service. */
export class Scheduler {
  readonly #parts: SchedulerParts;
  readonly #scheduled: readonly Scheduled[];
  #isStopped = false;

  constructor(parts: SchedulerParts) {
    this.#parts = parts;
    this.#scheduled = parts.models.flatMap((model) => {
      const { schedule } = model.config;
      if (!isTimed(schedule)) return [];
      const counts = { submitted: 0, skipped: 0, missed: 0, failed: 0 };
      const none = { lastSkip: undefined, cron: undefined, delays: new Set<NodeJS.Timeout>() };
      return [{ model, schedule, counts, ...none }];
    });
  }

  /** The models that have a schedule, and how its runs went; in the order of the configuration. */
  get scheduled(): readonly Pick<Scheduled, "model" | "schedule" | "counts" | "lastSkip">[] {
    return this.#scheduled;
  }

  /** Looks for missed runs and starts the timers. */
  async start(): Promise<void> {
    for (const each of this.#scheduled) {
      await this.#lookBack(each).catch((err) => this.#fail(each, err));
      if (this.#isStopped) return;
      each.cron = cronOf(each.schedule, () => {
        const scheduledMs = each.cron?.currentRun()?.getTime() ?? this.#parts.nowMs();
        this.#wait(each, jitterMs(each.schedule, each.model.id, scheduledMs));
      });
    }
  }

  /** Stops all timers; jobs go on. */
  stop(): void {
    this.#isStopped = true;
    for (const { cron, delays } of this.#scheduled) {
      cron?.stop();
      for (const delay of delays) clearTimeout(delay);
    }
  }

  /** A run whose time has come and of which no job tells: waited for, made up for, or only told. */
  async #lookBack(each: Scheduled): Promise<void> {
    const { model, schedule, counts } = each;
    const situation = this.#situationOf(each);
    const due = whatIsDue(situation, await beginningOf(model));
    if (!due) return;
    if (due.missed === 0) return this.#wait(each, due.plannedMs - situation.nowMs);
    counts.missed += due.missed;
    const scheduled_at = new Date(due.scheduledMs).toISOString();
    const facts = { model: model.id, scheduled_at, missed: due.missed };
    this.#parts.log.warn(facts, "scheduled updates were missed");
    if (schedule.catch_up) await this.#run(each);
  }

  #wait(each: Scheduled, delayMs: number): void {
    const delay = setTimeout(() => {
      each.delays.delete(delay);
      this.#run(each).catch((err) => this.#fail(each, err));
    }, delayMs).unref();
    each.delays.add(delay);
  }

  async #run(each: Scheduled): Promise<void> {
    const { model, counts } = each;
    const situation = this.#situationOf(each);
    const obstacle = obstacleToRun(situation);
    if (obstacle !== undefined) return this.#skip(each, obstacle);
    try {
      const request = scheduledRequest(model, situation.nowMs);
      const job = await this.#parts.jobs.submit(model, request, { source: "schedule" });
      counts.submitted += 1;
      this.#parts.log.info({ model: model.id, job: job.job_id }, "scheduled update");
    } catch (error) {
      if (!isBusy(error)) throw error;
      this.#skip(each, error.message);
    }
  }

  #skip(each: Scheduled, reason: string): void {
    each.counts.skipped += 1;
    each.lastSkip = { atMs: this.#parts.nowMs(), reason };
    this.#parts.log.warn({ model: each.model.id, reason }, "scheduled update skipped");
  }

  #fail({ model, counts }: Scheduled, err: unknown): void {
    counts.failed += 1;
    this.#parts.log.error({ model: model.id, err }, "scheduled update not asked for");
  }

  #situationOf({ model, schedule }: Scheduled): Situation<TimedSchedule> {
    const { jobs, nowMs } = this.#parts;
    const { state } = model.learner.status();
    return { modelId: model.id, schedule, state, jobs: jobs.list(model.id), nowMs: nowMs() };
  }
}

/** A service that ends is busy, too. */
function isBusy(error: unknown): error is Error {
  if (error instanceof DriftkeelError) return BUSY.includes(error.code);
  return error instanceof ProblemError;
}

/** When the oldest version that there still is was saved. Throws FILE_FAILED. */
async function beginningOf({ path }: HostedModel): Promise<number> {
  const versions = await VersionStore.open({ storagePath: path, readOnly: true });
  try {
    const times = (await versions.list()).map(({ savedAt }) => savedAt.getTime());
    return Math.min(...times);
  } finally {
    await versions.close();
  }
}
