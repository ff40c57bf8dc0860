// `GET /api/v1/schedule`, and the scheduler, which runs while its server listens.

import * as z from "zod";
import { windowDaysOf } from "../../config/schedule-config.ts";
import { type HttpApp, problemResponse, type ServiceParts } from "../http-app.ts";
import { jobRecord } from "../jobs/job.ts";
import { nextRunMs } from "./cron-times.ts";
import { Scheduler } from "./scheduler.ts";

const time = z.string();

const scheduleSchema = z.object({
  schedules: z.array(
    z.object({
      model_id: z.string(),
      cron: z.string(),
      time_zone: z.string(),
      window_days: z.int(),
      max_updates_per_day: z.int(),
      next_run_at: time.nullable().describe("with its jitter; null when there is none any more"),
      last_run: z
        .object({ job_id: z.string(), status: jobRecord.shape.status, created_at: time })
        .nullable()
        .describe("the newest job that was not asked for over HTTP"),
      last_skip: z.object({ at: time, reason: z.string() }).nullable(),
      runs: z
        .object({
          submitted: z.int(),
          skipped: z.int(),
          missed: z.int().describe("whose time had gone by when the service started"),
          failed: z.int(),
        })
        .describe("since the service started"),
    }),
  ),
});

/** Adds the route, and a scheduler that starts and stops with listening. */
export function addScheduleRoute(
  app: HttpApp,
  { host, jobs, metrics: { nowMs } }: Pick<ServiceParts, "host" | "jobs" | "metrics">,
): void {
  const scheduler = new Scheduler({ models: host.models, jobs, nowMs, log: app.log });
  app.addHook("onListen", () => scheduler.start());
  app.addHook("preClose", async () => scheduler.stop());
  const record = ({ model, schedule, counts, lastSkip }: Scheduler["scheduled"][number]) => {
    const next = nextRunMs(schedule, model.id, nowMs());
    const last = jobs.list(model.id).findLast(({ source }) => source === "schedule");
    return {
      model_id: model.id,
      cron: schedule.cron,
      time_zone: schedule.time_zone,
      window_days: windowDaysOf(model.config),
      max_updates_per_day: schedule.max_updates_per_day,
      next_run_at: next === undefined ? null : isoTime(next),
      last_run: last
        ? { job_id: last.job_id, status: last.status, created_at: last.created_at }
        : null,
      last_skip: lastSkip ? { at: isoTime(lastSkip.atMs), reason: lastSkip.reason } : null,
      runs: { ...counts },
    };
  };
  app.get(
    "/api/v1/schedule",
    {
      config: { scope: "read" },
      schema: {
        summary: "When the models are updated without being asked, and how that went",
        response: { 200: scheduleSchema, ...problemResponse },
      },
    },
    async () => ({ schedules: scheduler.scheduled.map(record) }),
  );
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
