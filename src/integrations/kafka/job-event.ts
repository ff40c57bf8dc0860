// The event of an update that somebody asked the service for.

import { eventId, type IdentifiedEvent, type ModelUpdateEvent } from "./model-update-event.ts";

/** What an event takes from a job of the service. */
export interface EndedJob {
  job_id: string;
  model_id: string;
  status: string;
  source: "api" | "schedule";
  finished_at: string | null;
  request: { data_window: { start: string; end: string }; dry_run: boolean };
  report: Pick<ModelUpdateEvent, "performance_metrics" | "stability_check" | "version_id"> | null;
}

const ENDS: readonly ModelUpdateEvent["outcome"][] = [
  "promoted",
  "rejected",
  "rolled_back",
  "failed",
  "cancelled",
];

/** Undefined for a job that has not ended, and for a dry run, which changes no model. */
export function eventOfJob(job: EndedJob): IdentifiedEvent | undefined {
  const outcome = ENDS.find((end) => end === job.status);
  if (!outcome || job.finished_at === null || job.request.dry_run) return undefined;
  const { performance_metrics = null, stability_check = "not applicable" } = job.report ?? {};
  return {
    id: eventId(job.model_id, outcome, job.job_id),
    event: {
      event_type: "model_update",
      timestamp: job.finished_at,
      model_id: job.model_id,
      update_type: job.source === "schedule" ? "scheduled-update" : "online-update",
      data_window: job.request.data_window,
      performance_metrics,
      stability_check,
      outcome,
      version_id: job.report?.version_id ?? null,
      job_id: job.job_id,
    },
  };
}
