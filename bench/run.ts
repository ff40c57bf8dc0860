// `npm run bench`: measures group after group, each in a fresh process, prints the tables, writes
// the results under build/bench/ and, with --publish, docs/benchmarks.*.

import { execFileSync, fork } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { drawChart } from "./draw-chart.ts";
import { describeMachine, load } from "./machine.ts";
import { commandOf, type Options, parseOptions } from "./options.ts";
import { headOf, tableOf } from "./print-table.ts";
import { claimsOf, type GroupResult, type Report, verdictOf } from "./report.ts";
import { writePage } from "./write-page.ts";

const root = new URL("../", import.meta.url);

/** Installs what bench/compare/package-lock.json lists. */
function installPeers(): void {
  const cwd = fileURLToPath(new URL("bench/compare/", root));
  execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd, stdio: "inherit" });
}

/** Runs a group in a process of its own. Rejects when it fails, before or while measuring. */
function measureGroup(name: string, { quick, compare }: Options): Promise<GroupResult> {
  const flags = [...(quick ? ["--quick"] : []), ...(compare ? ["--compare"] : [])];
  const script = fileURLToPath(new URL("./run-group.ts", import.meta.url));
  return new Promise((resolve, reject) => {
    const child = fork(script, [name, ...flags], {
      execArgv: ["--expose-gc", "--import", "tsx"],
      serialization: "advanced",
    });
    let result: GroupResult | undefined;
    child.on("message", (message) => {
      result = message as GroupResult;
    });
    child.on("exit", (code, signal) => {
      if (result && code === 0) resolve(result);
      else reject(new Error(`The group "${name}" failed (${signal ?? code}); nothing is written.`));
    });
  });
}

function write(path: string, text: string): void {
  writeFileSync(new URL(path, root), text);
  console.log(`wrote ${path}`);
}

function writeResults(report: Report, isPublished: boolean): void {
  const json = `${JSON.stringify(report, null, 2)}\n`;
  mkdirSync(new URL("build/bench/", root), { recursive: true });
  write("build/bench/results.json", json);
  write("build/bench/results.svg", drawChart(report));
  if (!isPublished) return;
  write("docs/benchmarks.json", json);
  write("docs/benchmarks.svg", drawChart(report));
  write("docs/benchmarks.md", writePage(report));
}

const options = parseOptions(process.argv.slice(2));
if (options.compare) installPeers();
const report: Report = {
  machine: describeMachine(),
  command: commandOf(options),
  isQuick: options.quick,
  groups: [],
};
console.log(headOf(report).join("\n"));
for (const name of options.only) {
  const result = await measureGroup(name, options);
  report.groups.push(result);
  console.log(tableOf(result));
}
report.machine.loadAfter = load();
const verdicts = claimsOf(report).map(({ claim }) => verdictOf(claim));
const count = (verdict: string) => verdicts.filter((each) => each === verdict).length;
console.log(
  `\nTargets: ${count("met")} met, ${count("missed")} missed, ` +
    `${count("not measured")} not measured.`,
);
writeResults(report, options.publish);
