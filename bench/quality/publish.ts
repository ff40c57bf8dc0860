// Writes docs/quality.* from new results and those that were published before.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { BenchResult } from "./bench-result.ts";
import { drawLines } from "./draw-lines.ts";
import { benches } from "./registry.ts";
import { loadResults, mergeResults, saveResults } from "./saved-results.ts";
import { pictureOf, writePage } from "./write-page.ts";

/** Writes page, results and pictures into a folder; the paths of what it wrote. */
export function publish(fresh: readonly BenchResult[], docs: URL): string[] {
  const saved = new URL("quality.json", docs);
  const old = existsSync(saved) ? loadResults(readFileSync(saved, "utf8")) : [];
  const results = mergeResults(old, fresh, Object.keys(benches));
  const files = new Map([
    ["quality.md", writePage(results)],
    ["quality.json", saveResults(results)],
  ]);
  for (const { name, tables } of results) {
    tables.forEach(({ title, chart }, index) => {
      if (chart) files.set(pictureOf(name, index), drawLines(title, chart));
    });
  }
  // A picture that no table has any more must not stay.
  rmSync(new URL("quality/", docs), { recursive: true, force: true });
  mkdirSync(new URL("quality/", docs), { recursive: true });
  for (const [path, text] of files) writeFileSync(new URL(path, docs), text);
  return [...files.keys()];
}
