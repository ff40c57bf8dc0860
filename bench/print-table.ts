// The report as a table on the terminal.

import Table from "cli-table3";
import pc from "picocolors";
import { formatFigure, formatP99, formatTarget, formatValue, formatVerdict } from "./format.ts";
import { isDisturbed } from "./machine.ts";
import { type Claim, type GroupResult, type Report, verdictOf } from "./report.ts";

const colors = {
  met: pc.green,
  missed: pc.red,
  "not measured": pc.yellow,
  "no target": pc.dim,
};

const heads = ["work", "ours", "p99", "beside", "theirs", "ratio", "target", "verdict"];

/** What a report says when the machine was busy. */
export const disturbed =
  "The machine was not quiet: numbers on threads and latency say little, others may be too low.";

/** The lines above the tables. */
export function headOf({ machine, command, isQuick }: Report): string[] {
  const { cpu, cores, memoryGiB, system, runtimes, commit, date } = machine;
  const versions = Object.entries(runtimes).map(([name, version]) => `${name} ${version}`);
  return [
    `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}`,
    versions.join(", "),
    `commit ${commit}, ${date}, load ${loads(machine)}, ${command}`,
    ...(isDisturbed(machine) ? [disturbed] : []),
    ...(isQuick ? ["A smoke run: everything was executed, nothing was measured well."] : []),
  ];
}

/** Load averages at both ends of the run. */
export function loads({ loadBefore, loadAfter }: Report["machine"]): string {
  return Number.isNaN(loadAfter)
    ? loadBefore.toFixed(1)
    : `${loadBefore.toFixed(1)} before, ${loadAfter.toFixed(1)} after`;
}

/** Cells of one claim; a reason too long for its column goes below the table. */
function cellsOf(claim: Claim, notes: string[]): string[] {
  const { against, figure, value, unit, target } = claim;
  let verdict = formatVerdict(claim);
  if (value === undefined && claim.absent !== undefined) {
    if (!notes.includes(claim.absent)) notes.push(claim.absent);
    verdict = `not measured [${notes.indexOf(claim.absent) + 1}]`;
  }
  return [
    against,
    formatFigure(figure),
    value === undefined ? "" : formatValue(value, unit),
    formatTarget(target, unit),
    colors[verdictOf(claim)](verdict),
  ];
}

/** Lines without rules between them. */
const chars = { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" };

/** The table of one group: a line per claim. */
export function tableOf({ title, rows }: GroupResult): string {
  const table = new Table({ head: heads, style: { head: [], border: [] }, chars });
  const notes: string[] = [];
  for (const { work, ours, claims } of rows) {
    claims.forEach((claim, index) => {
      const start = index === 0 ? [work, formatFigure(ours), formatP99(ours)] : ["", "", ""];
      table.push([...start, ...cellsOf(claim, notes)]);
    });
  }
  const reasons = notes.map((note, index) => `  [${index + 1}] ${note}\n`).join("");
  return `\n${pc.bold(title)}\n${table.toString()}\n${reasons}`.trimEnd();
}
