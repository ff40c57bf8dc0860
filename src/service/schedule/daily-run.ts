// The scheduled update of one model without a service: opened, updated as its schedule would, and
// closed. The job stays on disk, where a service finds it and knows that the day's run was made.

import type { ModelConfig } from "../../config/model-config.ts";
import { isTypedError } from "../../errors.ts";
import { millisecondsOf } from "../../foundation.ts";
import type { Clock, ErrorCode } from "../../index.ts";
import { isUnderWay, type Job } from "../jobs/job.ts";
import { openJobs, type UpdateJobs } from "../jobs/update-jobs.ts";
import { ModelHost } from "../model-host.ts";
import { scheduledRequest } from "./scheduled-request.ts";
import { obstacleToRun } from "./what-is-due.ts";

/** How the update of a model ended; `accepted` is of a dry run alone. */
export type DailyOutcome =
  | "promoted"
  | "accepted"
  | "skipped"
  | "rejected"
  | "rolled_back"
  | "failed"
  | "locked";

/** What became of one model. */
export interface DailyResult {
  modelId: string;
  outcome: DailyOutcome;
  /** In words. */
  reason: string;
  /** Of docs/errors.md, when it failed or is locked. */
  code: string | undefined;
  /** Undefined when none was taken in. */
  job: Job | undefined;
}

/** How the updates are made. */
export interface DailyOptions {
  baseDir: string;
  now: Clock;
  isDryRun: boolean;
  /** Also when the day has had its updates. */
  isForced: boolean;
  /** Ends the update under way. */
  signal: AbortSignal;
}

const LOCKED_HINT =
  "A service that runs there updates its models by their schedules: see docs/schedule.md.";

/** Updates one model of a configuration. Throws nothing: what goes wrong is the result. */
export async function runDaily(
  modelId: string,
  config: ModelConfig,
  options: DailyOptions,
): Promise<DailyResult> {
  const host = await ModelHost.open(new Map([[modelId, config]]), options);
  try {
    if (host.failures.has(modelId)) throw host.failures.get(modelId);
    const jobs = await openJobs(host, options);
    try {
      return await update(host, jobs, modelId, options);
    } finally {
      await jobs.close();
    }
  } catch (error) {
    return failureOf(modelId, error);
  } finally {
    await host.close().catch(() => {}); // what there is to tell has been told
  }
}

async function update(
  host: ModelHost,
  jobs: UpdateJobs,
  modelId: string,
  { now, isDryRun, isForced, signal }: DailyOptions,
): Promise<DailyResult> {
  const model = host.find(modelId);
  const { schedule } = model.config;
  let failure: unknown;
  jobs.onFailure = (error) => {
    failure = error;
  };
  // What a service that ended has left goes first; it counts for today when it was asked today.
  for (const { job_id } of jobs.list().filter(({ status }) => isUnderWay(status))) {
    await endOf(jobs, job_id, signal);
  }
  const nowMs = millisecondsOf("now()", now());
  const { state } = model.learner.status();
  const obstacle = obstacleToRun({ modelId, schedule, state, jobs: jobs.list(), nowMs });
  const isHeldBack = obstacle !== undefined && (state === "frozen" || !(isForced || isDryRun));
  if (isHeldBack || signal.aborted) {
    const reason = signal.aborted ? "interrupted before it began" : obstacle!;
    const outcome = signal.aborted ? "failed" : "skipped";
    return { modelId, outcome, reason, code: undefined, job: undefined };
  }
  const request = scheduledRequest(model, nowMs, isDryRun);
  const { job_id } = await jobs.submit(model, request, { source: "schedule" });
  const job = await endOf(jobs, job_id, signal);
  return resultOf(job, failure);
}

/** The job once it has ended; it is cancelled when `signal` is aborted. */
async function endOf(jobs: UpdateJobs, id: string, signal: AbortSignal): Promise<Job> {
  const cancel = () => {
    jobs.cancel(id).catch(() => {}); // it may have ended in this moment
  };
  if (signal.aborted) cancel();
  signal.addEventListener("abort", cancel);
  try {
    return await new Promise<Job>((resolve) => {
      const settle = (job: Job) => {
        if (job.job_id !== id || isUnderWay(job.status)) return;
        stop();
        resolve(job);
      };
      const stop = jobs.listen(settle);
      settle(jobs.find(id));
    });
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

/** failure: what the record of a job does not tell, as clients see it. */
function resultOf(job: Job, failure: unknown): DailyResult {
  const { model_id: modelId, report, error } = job;
  const outcome = outcomeOf(job);
  const told = report?.reason ?? error?.message ?? "interrupted";
  const reason = failure === undefined ? told : messageOf(failure);
  return { modelId, outcome, reason, code: error?.code, job };
}

/** Without a training nothing was judged: there were too few samples, or it was too soon. */
function outcomeOf({ status, request, report }: Job): DailyOutcome {
  if (status === "promoted" || status === "rolled_back") return status;
  if (status !== "rejected") return "failed";
  if (!report?.training) return "skipped";
  return request.dry_run && report.would_promote ? "accepted" : "rejected";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function failureOf(modelId: string, error: unknown): DailyResult {
  const reason = messageOf(error);
  const code: ErrorCode | undefined = isTypedError(error) ? error.code : undefined;
  if (code !== "STORE_LOCKED") return { modelId, outcome: "failed", reason, code, job: undefined };
  return { modelId, outcome: "locked", reason: `${reason} ${LOCKED_HINT}`, code, job: undefined };
}
