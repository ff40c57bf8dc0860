// The results as docs/quality.md: what was missed and where we lose stand as large as the rest.

import { table } from "../markdown.ts";
import type { BenchResult } from "./bench-result.ts";
import { benches } from "./registry.ts";
import { boundText, isMet, type QualityTable, type Requirement } from "./table.ts";

const introduction = `# Quality

<!-- Written by \`npm run bench:quality -- --publish\` from quality.json; do not edit. -->

Whether Driftkeel does what it says: error rates where the truth is known, what becomes of a model
over months, what gets past the gates. Everything is seeded; the same command gives the same
figures, times apart. The same figures for machines: [quality.json](quality.json).`;

const again = `## Run it yourself

\`\`\`sh
npm run bench:quality                       # everything, in at most two processes
npm run bench:quality -- drift poisoned     # some of it
npm run bench:quality -- drift --seeds 50   # fewer independent runs behind each figure
npm run bench:quality -- --quick            # a smoke run; its numbers mean nothing
npm run bench:quality -- drift --publish    # writes this page; other benches stay as they are
\`\`\``;

/** The name of the picture of a table. */
export function pictureOf(name: string, index: number): string {
  return `quality/${name}-${index + 1}.svg`;
}

function requirementLine(name: string, requirement: Requirement): string[] {
  const { what, value, bound } = requirement;
  return [name, what, `${value}`, boundText(bound), isMet(requirement) ? "met" : "**MISSED**"];
}

function requirementTable(results: readonly BenchResult[]): string {
  const lines = results.flatMap(({ name, tables }) =>
    tables.flatMap(({ requirements }) => requirements.map((each) => requirementLine(name, each))),
  );
  const missed = lines.filter((line) => line.at(-1) !== "met").length;
  return [
    `## What was asked: ${lines.length - missed} met, ${missed} missed`,
    table(["bench", "figure", "value", "asked", ""], lines),
  ].join("\n\n");
}

function lossList(results: readonly BenchResult[]): string {
  const missed = results.flatMap(({ name, tables }) =>
    tables.flatMap(({ requirements }) =>
      requirements
        .filter((each) => !isMet(each))
        .map((each) => `- ${name}: ${each.what} is ${each.value}, ${boundText(each.bound)} asked.`),
    ),
  );
  const others = results.flatMap(({ name, tables }) =>
    tables.flatMap(({ losses = [] }) => losses.map((text) => `- ${name}: ${text}`)),
  );
  const all = [...missed, ...others];
  return `## Where we lose\n\n${all.length > 0 ? all.join("\n") : "Nowhere in these benches."}`;
}

function verdictList(name: string, { requirements }: QualityTable): string {
  const lines = requirements.map((requirement) => {
    const [, what, value, asked, verdict] = requirementLine(name, requirement);
    return `- ${what}: ${value}, ${asked} asked: ${verdict}`;
  });
  return lines.join("\n");
}

function section(name: string, each: QualityTable, index: number): string {
  const rows = each.rows.map((row) => row.map(String));
  return [
    `### ${each.title}`,
    table(each.columns, rows),
    each.note,
    ...(each.requirements.length > 0 ? [verdictList(name, each)] : []),
    ...(each.chart ? [`![${each.title}](${pictureOf(name, index)})`] : []),
  ].join("\n\n");
}

function benchText({ name, command, seconds, machine, tables }: BenchResult): string {
  const { title, shows } = benches[name]!;
  const { cpu, cores, system, runtimes, commit, date, loadBefore, loadAfter } = machine;
  return [
    `## ${title}`,
    shows,
    `Again: \`${command}\`. It took ${seconds} s on ${cpu}, ${cores} cores, ${system}, ` +
      `Node ${runtimes.Node}, ${date.slice(0, 10)}, load ${loadBefore.toFixed(1)} before and ` +
      `${loadAfter.toFixed(1)} after, commit ${commit}.`,
    ...tables.map((each, index) => section(name, each, index)),
  ].join("\n\n");
}

/** The whole page. */
export function writePage(results: readonly BenchResult[]): string {
  const absent = Object.keys(benches).filter((name) => !results.some((each) => each.name === name));
  return `${[
    introduction,
    ...(absent.length > 0 ? [`Not published yet: ${absent.join(", ")}.`] : []),
    requirementTable(results),
    lossList(results),
    ...results.map(benchText),
    again,
  ].join("\n\n")}\n`;
}
