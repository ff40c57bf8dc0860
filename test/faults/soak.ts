// The soak test: a million signals, a thousand models, a large model; memory must stay where it is.
//
// `tsx test/faults/soak.ts` prints a table and ends with 1 when a limit was not kept.

import { writeSync } from "node:fs";
import {
  type SoakFigure,
  soakCollector,
  soakLarge,
  soakLearner,
  soakModels,
} from "./soak-parts.ts";

const WIDTHS = [26, 38, 30, 24];

function line(cells: string[]): string {
  return `${cells.map((cell, index) => cell.padEnd(WIDTHS[index] ?? 0)).join(" ")}\n`;
}

function print({ part, figure, measured, limit, isKept }: SoakFigure): void {
  writeSync(1, line([part, figure, measured, limit, isKept ? "" : "BREACH"]));
}

const parts = [
  () => soakLearner(1_000_000),
  () => soakCollector(100_000),
  () => soakModels(1000),
  () => soakLarge(1000, [2000, 1500, 1]),
];

writeSync(1, line(["part", "figure", "measured", "limit", ""]));
for (const run of parts) {
  for (const row of await run()) {
    print(row);
    if (!row.isKept) process.exitCode = 1;
  }
}
