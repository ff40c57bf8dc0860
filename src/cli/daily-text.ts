// What the updates of a day came to, as JSON and as text.

import type { DailyOutcome, DailyResult } from "../service/schedule/daily-run.ts";
import type { Colors } from "./model-flags.ts";
import { drawTable } from "./text-table.ts";
import { numberText } from "./value-text.ts";

/** The updates of a day as JSON. */
export function dailyRecord(results: readonly DailyResult[], isDryRun: boolean) {
  return {
    dry_run: isDryRun,
    models: results.map(({ modelId, outcome, reason, code, job }) => ({
      model_id: modelId,
      outcome,
      reason,
      code: code ?? null,
      job: job ?? null,
    })),
  };
}

const COLOR_OF: Record<DailyOutcome, "green" | "yellow" | "red"> = {
  promoted: "green",
  accepted: "green",
  skipped: "yellow",
  rejected: "yellow",
  rolled_back: "red",
  failed: "red",
  locked: "red",
};

const COLUMNS = [
  { title: "Model" },
  { title: "Outcome" },
  { title: "Samples", align: "right" },
  { title: "Loss before", align: "right" },
  { title: "Loss after", align: "right" },
  { title: "Version" },
] as const;

/** A table with a line for each model, and below it why. */
export function dailyText(
  results: readonly DailyResult[],
  isDryRun: boolean,
  colors: Colors,
): string {
  const rows = results.map(({ modelId, outcome, job }) => {
    const { samples, held_out, version_id } = job?.report ?? {};
    const loss = (value: number | null | undefined) => (value == null ? "" : numberText(value));
    return [
      modelId,
      colors[COLOR_OF[outcome]](outcome.replace("_", " ")),
      samples ? String(samples.training + samples.holdout) : "",
      loss(held_out?.loss_before),
      loss(held_out?.loss_after),
      version_id ?? "",
    ];
  });
  const reasons = results.map(({ modelId, reason }) => `${colors.bold(modelId)}: ${reason}\n`);
  const note = isDryRun ? "Dry run: nothing was promoted.\n" : "";
  return drawTable(COLUMNS, rows, colors) + reasons.join("") + note;
}
