// The times of a schedule: when it fired last, when it fires next, and how late each run is.

import { Cron } from "croner";
import type { ScheduleConfig } from "../../config/schedule-config.ts";
import { crc32 } from "../../foundation.ts";
import { Random } from "../../index.ts";

/** A schedule that has an expression. */
export type TimedSchedule = ScheduleConfig & { cron: string };

/** Whether a schedule fires by itself. */
export function isTimed(schedule: ScheduleConfig): schedule is TimedSchedule {
  return schedule.cron !== undefined;
}

/** Calls `fire` at each time by the system's clock until it is stopped; silent without one. */
export function cronOf({ cron, time_zone }: TimedSchedule, fire?: () => void): Cron {
  const options = { timezone: time_zone, mode: "5-or-6-parts", unref: true } as const;
  return fire ? new Cron(cron, options, fire) : new Cron(cron, { ...options, paused: true });
}

/** The newest times up to `nowMs`, `nowMs` included, newest first. */
export function timesBefore(schedule: TimedSchedule, nowMs: number, most: number): number[] {
  const runs = cronOf(schedule).previousRuns(most, new Date(nowMs + 1));
  return runs.map((run) => run.getTime());
}

/** When the next run is made, jitter included; undefined when there is none any more. */
export function nextRunMs(
  schedule: TimedSchedule,
  modelId: string,
  nowMs: number,
): number | undefined {
  const planned = (ms: number) => ms + jitterMs(schedule, modelId, ms);
  // One whose time has come may still wait for its jitter.
  const [last] = timesBefore(schedule, nowMs, 1);
  if (last !== undefined && planned(last) > nowMs) return planned(last);
  const next = cronOf(schedule).nextRun(new Date(nowMs))?.getTime();
  return next === undefined ? undefined : planned(next);
}

/** The date of a moment in the schedule's time zone: `2026-11-20`. */
export function dateOf({ time_zone: timeZone }: ScheduleConfig, ms: number): string {
  // The dates of Sweden are those of ISO 8601.
  return new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short" }).format(ms);
}

/**
 * Milliseconds by which the runs of a day are late: uniform from 0 to `jitter_seconds`, drawn from
 * the model's id and the date, so that every process finds the same.
 */
export function jitterMs(schedule: ScheduleConfig, modelId: string, scheduledMs: number): number {
  const name = `${modelId} ${dateOf(schedule, scheduledMs)}`;
  const draw = new Random(crc32(new TextEncoder().encode(name))).uniform();
  return Math.floor(draw * schedule.jitter_seconds * 1000);
}
