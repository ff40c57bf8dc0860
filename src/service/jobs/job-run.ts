// One job: the window out of the sample store, an update on it, and how that ended.

import type { DryRunOutcome, Sample, UpdateOutcome, UpdateRequest } from "../../index.ts";
import type { HostedModel } from "../hosted-model.ts";
import type { Job, JobState } from "./job.ts";
import { reportOf } from "./job-report.ts";
import { StabilityCheck } from "./stability.ts";

/** How a job ended. */
export type JobEnd = Pick<Job, "report" | "error"> & { status: JobState };

/** What the one who runs it gives. */
interface JobControl {
  signal: AbortSignal;
  onTrained: () => Promise<void>;
}

/** Runs a job to its end. Throws what the sample store and the disk throw. */
export async function runJob(
  { job_id, request }: Job,
  model: HostedModel,
  { signal, onTrained }: JobControl,
): Promise<JobEnd> {
  const versionBefore = model.learner.status().versionId;
  const window = await readWindow(model, request.data_window, signal);
  if (signal.aborted) return CANCELLED;
  const { max_samples: most } = model.config.online_update;
  if (window.length > most) {
    const { start, end } = request.data_window;
    const message =
      `Expected at most ${most} samples from ${start} to ${end} (max_samples), got more. ` +
      "Choose a shorter window.";
    return { status: "failed", report: null, error: { code: "OPTION_INVALID", message } };
  }
  const stability = new StabilityCheck(model.pnl, request.stability_check);
  const ask: UpdateRequest = {
    samples: window,
    lr: request.learning_rate,
    lambda: request.ewc_lambda,
    validator: stability,
    source: job_id,
    signal,
    onTrained,
  };
  const outcome = await model.update(ask, request.dry_run).catch((error) => {
    if (!signal.aborted) throw error;
  });
  if (!outcome || (outcome.outcome === "failed" && signal.aborted)) return CANCELLED;
  const report = reportOf(outcome, versionBefore, stability);
  if (request.dry_run) report.reason = `dry run: ${report.reason}`;
  return { status: stateOf(outcome), report, error: failureOf(outcome) };
}

const CANCELLED: JobEnd = { status: "cancelled", report: null, error: null };

/** The samples of the window, and no more than one too many. */
async function readWindow(
  model: HostedModel,
  { start, end }: Job["request"]["data_window"],
  signal: AbortSignal,
): Promise<Sample[]> {
  const window: Sample[] = [];
  const { max_samples: most } = model.config.online_update;
  for await (const page of model.samples().pages(new Date(start), new Date(end))) {
    for (const sample of page) window.push(sample);
    if (signal.aborted || window.length > most) break;
  }
  return window;
}

/** A dry run promotes nothing, whatever it found; one that could not be tried was refused. */
function stateOf({ outcome }: UpdateOutcome | DryRunOutcome): JobState {
  if (outcome === "promoted" || outcome === "failed") return outcome;
  return "rejected";
}

function failureOf({ outcome, reason }: UpdateOutcome | DryRunOutcome): Job["error"] {
  return outcome === "failed" ? { code: "UPDATE_FAILED", message: reason } : null;
}
