// What a schedule asks of an update: a window that ends now, and the model's own defaults.

import { windowDaysOf } from "../../config/schedule-config.ts";
import type { HostedModel } from "../hosted-model.ts";
import type { JobRequest } from "../jobs/job.ts";
import { requestOf } from "../jobs/job-routes.ts";

const DAY_MS = 86_400_000;

/** The samples of the last `window_days` before `nowMs`. */
export function scheduledRequest(model: HostedModel, nowMs: number, isDryRun = false): JobRequest {
  const { schedule } = model.config;
  const start = nowMs - windowDaysOf(model.config) * DAY_MS;
  return requestOf(model, {
    data_window: { start: new Date(start).toISOString(), end: new Date(nowMs).toISOString() },
    stability_check: schedule.stability_check,
    dry_run: isDryRun,
  });
}
