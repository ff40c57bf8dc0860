// Tables and lists of named values as plain text.

import CliTable3 from "cli-table3";
import type { Colors } from "./model-flags.ts";

/** Where a column stands; numbers stand right. */
export interface Column {
  title: string;
  align?: "left" | "right";
}

/** A table with a border, ending with a newline. Lines of a cell are split at line feeds. */
export function drawTable(columns: readonly Column[], rows: string[][], colors: Colors): string {
  const table = new CliTable3({
    head: columns.map(({ title }) => colors.bold(title)),
    colAligns: columns.map(({ align }) => align ?? "left"),
    // The table's own colours ignore whether the output is a terminal.
    style: { head: [], border: [] },
  });
  table.push(...rows);
  return `${table.toString()}\n`;
}

/** A line per pair, the values aligned; further lines of a value are indented like its first. */
export function drawPairs(pairs: readonly (readonly [string, string])[], colors: Colors): string {
  const width = Math.max(...pairs.map(([name]) => name.length)) + 2;
  const indent = " ".repeat(width);
  return pairs
    .map(([name, value]) => {
      const [first = "", ...more] = value.split("\n");
      const lines = [colors.dim(name.padEnd(width)) + first, ...more.map((line) => indent + line)];
      return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
    })
    .join("");
}
