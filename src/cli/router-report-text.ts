// The report of a router cycle as lines of text.

import type { CycleReport } from "../learners/router/index.ts";
import type { Colors } from "./model-flags.ts";
import { signedNumber } from "./signed-number.ts";
import { drawPairs } from "./text-table.ts";
import { numberText } from "./value-text.ts";

/** Broken files that are named; the report names more. */
const BROKEN_SHOWN = 5;

/** A report for a person. */
export function reportText(report: CycleReport, colors: Colors): string {
  const { outcome, reason, dryRun, trajectories, dataset, suite, versionId, baselineId } = report;
  const paint = { promoted: colors.green, skipped: colors.yellow };
  const painted = outcome === "promoted" || outcome === "skipped" ? paint[outcome] : colors.red;
  const { files, unseen, seen, quarantined, broken, brokenFiles } = trajectories;
  const pairs: [string, string][] = [
    ["outcome", `${painted(outcome)}${dryRun ? " (dry run: nothing was changed)" : ""}`],
    ["reason", reason],
    ["files", `${files}: ${unseen} new, ${seen} learned, ${quarantined} of the benchmark`],
  ];
  if (broken > 0) {
    const named = brokenFiles.slice(0, BROKEN_SHOWN);
    const lines = named.map(({ file, problem }) => `${printable(file)}: ${printable(problem)}`);
    pairs.push(["broken", colors.red([`${broken} skipped`, ...lines].join("\n"))]);
  }
  if (dataset) {
    pairs.push(["dataset", `${dataset.trained} trained, ${dataset.heldOut} held out`]);
  }
  pairs.push([
    "suite",
    `${suite.name}, ${suite.tasks} tasks, best ${numberText(suite.bestReward)}`,
  ]);
  for (const { role, baseline, challenger, interval } of report.comparisons) {
    const { averageReward: from } = baseline;
    const span = `${numberText(interval.lower)} to ${numberText(interval.upper)}`;
    pairs.push([
      `vs ${role}`,
      `reward ${numberText(from)} -> ${numberText(challenger.averageReward)} ` +
        `(${signedNumber(interval.mean)}; ${interval.confidence * 100}%: ${span})\n` +
        `errors ${numberText(baseline.errorRate)} -> ${numberText(challenger.errorRate)}, ` +
        `median ${numberText(challenger.latencyMs)} ms, ` +
        `p95 ${numberText(challenger.latencyP95Ms)} ms`,
    ]);
  }
  if (report.caseIndex !== null) pairs.push(["cases", `${report.caseIndex} inputs indexed`]);
  if (versionId !== null) pairs.push(["version", `${baselineId ?? "none"} -> ${versionId}`]);
  pairs.push(["report", report.reportId]);
  return drawPairs(pairs, colors);
}

/** Without what a terminal would obey. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e\u00a0-\uffff]/g, "?");
}
