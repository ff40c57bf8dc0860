// The report of an update that a job made.

import type { DryRunOutcome, TimeSpan, UpdateOutcome } from "../../index.ts";
import { finite } from "../finite.ts";
import type { JobReport } from "./job.ts";
import type { StabilityCheck } from "./stability.ts";

/** `versionBefore`: the version that was active when it began. */
export function reportOf(
  outcome: UpdateOutcome | DryRunOutcome,
  versionBefore: string,
  stability: StabilityCheck,
): JobReport {
  const { facts, measurements } = outcome;
  const { samples = { training: 0, replay: 0, holdout: 0 }, training, ewc, heldOut } = facts ?? {};
  const entries = Object.entries(measurements).filter(([, value]) => Number.isFinite(value));
  return {
    reason: outcome.reason,
    version_before: versionBefore,
    version_id: ("versionId" in outcome ? outcome.versionId : undefined) ?? null,
    would_promote: outcome.outcome === "promoted" || outcome.outcome === "accepted",
    samples,
    trained_on: spanOf(facts?.trainedOn),
    judged_on: spanOf(facts?.judgedOn),
    training: training
      ? {
          steps: training.steps,
          loss_before: finite(training.lossBefore),
          loss_after: finite(training.lossAfter),
          gradient_norm: finite(training.gradientNorm),
          penalty: finite(training.penalty),
          elapsed_seconds: training.elapsedMs / 1000,
        }
      : null,
    ewc: ewc
      ? {
          lambda: ewc.lambda,
          fisher_max: finite(ewc.fisherMax),
          fisher_median: finite(ewc.fisherMedian),
        }
      : null,
    held_out: heldOut
      ? { loss_before: finite(heldOut.lossBefore), loss_after: finite(heldOut.lossAfter) }
      : null,
    performance_metrics: stability.performance,
    stability_check: stability.result,
    measurements: Object.fromEntries(entries),
  };
}

function spanOf(span: TimeSpan | undefined): JobReport["trained_on"] {
  return span ? { from: span.from.toISOString(), to: span.to.toISOString() } : null;
}
