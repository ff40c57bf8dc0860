// What rounds of kill -9 find, and how they print it.

import { writeSync } from "node:fs";

/** Names of what went wrong. */
interface Findings {
  lost: string[];
  doubled: string[];
  wrong: string[];
}

/** Names what was not found before; what is lost stays lost in every later round. */
export function addUnknown(list: string[], at: string, ids: readonly string[]): void {
  const known = new Set(list.map((line) => line.split(" ").at(-1)));
  list.push(...ids.filter((id) => !known.has(id)).map((id) => `${at}: ${id}`));
}

/** Those that come again. */
export function repeatsIn(ids: readonly string[]): string[] {
  const seen = new Set<string>();
  return ids.filter((id) => seen.has(id) || !seen.add(id));
}

/** Prints counts and faults; the exit code is 1 when there is one. */
export function printFindings(report: Findings): void {
  const { lost, doubled, wrong } = report;
  const counts = { ...report, lost: lost.length, doubled: doubled.length, wrong: wrong.length };
  writeSync(1, `${JSON.stringify(counts, null, 2)}\n`);
  const faults = [...lost, ...doubled, ...wrong];
  writeSync(1, faults.map((fault) => `${fault}\n`).join(""));
  process.exitCode = faults.length === 0 ? 0 : 1;
}
