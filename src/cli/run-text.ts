// What a cycle did, as JSON and as text.

import type { Colors } from "./model-flags.ts";
import type { CycleEnd, CycleReport } from "./run-cycle.ts";
import { drawPairs } from "./text-table.ts";
import { measurementsText, numberText } from "./value-text.ts";

/** A cycle as JSON. */
export function cycleRecord(modelId: string, report: CycleReport, isDryRun: boolean) {
  const { samples, update } = report;
  return {
    model_id: modelId,
    dry_run: isDryRun,
    outcome: report.end,
    samples: samples.training + samples.holdout,
    samples_training: samples.training,
    samples_holdout: samples.holdout,
    mean_loss: Number.isFinite(report.meanLoss) ? report.meanLoss : null,
    drift_alerts: report.driftAlerts,
    updates: report.updates,
    rollbacks: report.rollbacks,
    last_update: {
      outcome: update.outcome,
      reason: update.reason,
      version_id: update.versionId ?? null,
      measurements: update.measurements,
    },
    version_before: report.versionBefore,
    version: report.version,
  };
}

const MEANING: Record<CycleEnd, string> = {
  promoted: "promoted",
  rejected: "rejected; the version that served goes on",
  skipped: "skipped",
  failed: "failed; the version that served goes on",
  rolled_back: "rolled back",
};

/** A cycle as lines of text. */
export function cycleText(
  modelId: string,
  report: CycleReport,
  isDryRun: boolean,
  colors: Colors,
): string {
  const { end, samples, updates, update, versionBefore, version } = report;
  const paint = { promoted: colors.green, skipped: colors.yellow };
  const painted = (end === "promoted" || end === "skipped" ? paint[end] : colors.red)(MEANING[end]);
  const counts = Object.entries(updates).filter(([, count]) => count > 0);
  const all = samples.training + samples.holdout;
  const pairs: [string, string][] = [
    ["model", `${colors.bold(modelId)}${isDryRun ? " (dry run: nothing was changed)" : ""}`],
    ["outcome", painted],
    ["samples", `${all} (${samples.training} training, ${samples.holdout} held out)`],
    ["mean loss", all === 0 ? "none" : numberText(report.meanLoss)],
    ["drift", `${report.driftAlerts} alert${report.driftAlerts === 1 ? "" : "s"}`],
    ["updates", counts.map(([outcome, count]) => `${count} ${outcome}`).join(", ")],
    ["rollbacks", String(report.rollbacks)],
    ["reason", update.reason],
    ["measured", measurementsText(update.measurements)],
    ["version", version === versionBefore ? version : `${versionBefore} -> ${version}`],
  ];
  return drawPairs(pairs, colors);
}
