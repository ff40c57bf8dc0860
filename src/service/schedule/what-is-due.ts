// What a schedule asks for at a moment, and what stands in its way: from the jobs alone, which are
// durable, so that a process that was killed and one that goes on decide alike.

import type { ScheduleConfig } from "../../config/schedule-config.ts";
import { isUnderWay, type Job } from "../jobs/job.ts";
import { dateOf, jitterMs, type TimedSchedule, timesBefore } from "./cron-times.ts";

/** Missed runs that are counted; one run makes up for all of them. */
const MOST_COUNTED = 100;

/** How one model stands. */
export interface Situation<S = ScheduleConfig> {
  modelId: string;
  schedule: S;
  state: "ready" | "updating" | "frozen" | "closed";
  /** Of this model, oldest first. */
  jobs: readonly Job[];
  nowMs: number;
}

/** A run whose time has come, or comes once its jitter is over. */
export interface DueRun {
  /** The newest time of the expression. */
  scheduledMs: number;
  /** With its jitter. */
  plannedMs: number;
  /** Runs whose time went by before now, this one included; at most 100. */
  missed: number;
}

/**
 * The run that the jobs do not tell of although its time has come; undefined when there is none.
 * sinceMs: from when on the model was there to be updated.
 */
export function whatIsDue(
  { modelId, schedule, jobs, nowMs }: Situation<TimedSchedule>,
  sinceMs: number,
): DueRun | undefined {
  const last = jobs.findLast(({ source }) => source === "schedule");
  const doneMs = Math.max(sinceMs, last ? Date.parse(last.created_at) : sinceMs);
  const times = timesBefore(schedule, nowMs, MOST_COUNTED).filter((ms) => ms > doneMs);
  const [scheduledMs] = times;
  if (scheduledMs === undefined) return undefined;
  const planned = (ms: number) => ms + jitterMs(schedule, modelId, ms);
  const missed = times.filter((ms) => planned(ms) < nowMs).length;
  return { scheduledMs, plannedMs: planned(scheduledMs), missed };
}

/** Why a scheduled update may not be made now, in words; undefined when it may. */
export function obstacleToRun({ schedule, state, jobs, nowMs }: Situation): string | undefined {
  if (state === "frozen") return "its updates are frozen";
  if (state === "updating" || jobs.some(({ status }) => isUnderWay(status))) {
    return "an update of it is under way";
  }
  const made = updatesToday(schedule, jobs, nowMs);
  const { max_updates_per_day: most, time_zone } = schedule;
  if (made < most) return undefined;
  const times = made === 1 ? "once" : `${made} times`;
  return `it was updated ${times} today (${time_zone}), max_updates_per_day is ${most}`;
}

/** Updates of the current day, by the time at which they were asked for. */
function updatesToday(schedule: ScheduleConfig, jobs: readonly Job[], nowMs: number): number {
  const today = dateOf(schedule, nowMs);
  const isToday = ({ created_at }: Job) => dateOf(schedule, Date.parse(created_at)) === today;
  return jobs.filter((job) => isUpdate(job) && isToday(job)).length;
}

/** Whether a candidate was judged for promotion: not tried out, held off, failed or cancelled. */
function isUpdate({ status, request, report }: Job): boolean {
  if (request.dry_run) return false;
  if (status === "rejected") return report?.training != null;
  return status === "promoted" || status === "rolled_back";
}
