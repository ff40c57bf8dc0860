// An update job as it is answered and kept: one record, snake_case throughout.

import * as z from "zod";

/** Where a job is; the last five are its end. `promoted` may still become `rolled_back`. */
export const JOB_STATES = [
  "queued",
  "running",
  "evaluating",
  "promoted",
  "rejected",
  "rolled_back",
  "failed",
  "cancelled",
] as const;

/** One of the states. */
export type JobState = (typeof JOB_STATES)[number];

const UNDER_WAY: readonly JobState[] = ["queued", "running", "evaluating"];

/** Whether a job of this state has not ended yet. */
export function isUnderWay(state: JobState): boolean {
  return UNDER_WAY.includes(state);
}

const time = z.string();
const span = z.object({ from: time, to: time });
/** Numbers that are not finite have no JSON. */
const number = z.number().nullable();

/** What was asked for, with every default filled in. */
export const jobRequest = z.object({
  data_window: z.object({ start: time, end: time }),
  learning_rate: z.number(),
  ewc_lambda: z.number(),
  stability_check: z.boolean(),
  dry_run: z.boolean(),
});

/** What an update was made of and how it was judged. */
export const jobReport = z.object({
  reason: z.string().describe("in words, with the numbers"),
  version_before: z.string(),
  version_id: z.string().nullable().describe("the new version, when promoted"),
  would_promote: z.boolean().describe("also true for a dry run that found nothing against it"),
  samples: z.object({ training: z.int(), replay: z.int(), holdout: z.int() }),
  trained_on: span.nullable(),
  judged_on: span.nullable(),
  training: z
    .object({
      steps: z.int(),
      loss_before: number,
      loss_after: number,
      gradient_norm: number,
      penalty: number,
      elapsed_seconds: z.number(),
    })
    .nullable(),
  ewc: z.object({ lambda: z.number(), fisher_max: number, fisher_median: number }).nullable(),
  held_out: z.object({ loss_before: number, loss_after: number }).nullable(),
  performance_metrics: z
    .object({ sharpe_pre: number, sharpe_post: number, degradation_pct: number })
    .nullable()
    .describe("null for a model without P&L"),
  stability_check: z.enum(["passed", "failed", "not applicable", "off"]),
  measurements: z.record(z.string(), number),
});

/** A job. */
export const jobRecord = z.object({
  job_id: z.string(),
  model_id: z.string(),
  status: z.enum(JOB_STATES),
  source: z.enum(["api", "schedule"]),
  request: jobRequest,
  created_at: time,
  started_at: time.nullable(),
  finished_at: time.nullable(),
  progress: z.object({ step: z.int(), max_steps: z.int(), loss: number }).nullable(),
  report: jobReport.nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
});

/** What was asked for, with every default filled in. */
export type JobRequest = z.output<typeof jobRequest>;
/** What an update was made of and how it was judged. */
export type JobReport = z.output<typeof jobReport>;
/** A job. */
export type Job = z.output<typeof jobRecord>;
