// The report as docs/benchmarks.md: what was missed stands as large as what was met.

import { formatFigure, formatP99, formatTarget, formatValue, formatVerdict } from "./format.ts";
import { limitingFactor } from "./limiting-factors.ts";
import { isDisturbed } from "./machine.ts";
import { table } from "./markdown.ts";
import { disturbed, loads } from "./print-table.ts";
import {
  type Claim,
  claimsOf,
  type GroupResult,
  type Report,
  type Row,
  type Verdict,
  verdictOf,
} from "./report.ts";

const introduction = `# Benchmarks

<!-- Written by \`npm run bench -- --publish\` from benchmarks.json; do not edit. -->

What the core does per second, beside plain JavaScript, native C and other libraries, and beside the
targets it was built for. A target is a ratio taken in one run, or a limit. The same numbers for
machines: [benchmarks.json](benchmarks.json).`;

const method = `## How it is measured

- Every group runs in a fresh process, one after the other. Inputs are seeded.
- Before the clock starts all sides compute the same thing and the results are compared; a group
  whose results differ ends the run. The last column of each table says what was compared.
- [mitata](https://github.com/evanwashere/mitata) times the calls after a warm-up. Ours and the
  baselines take turns, so that a load that comes and goes falls on all of them alike. Shown are
  the median and the 99th percentile. Calls shorter than 5 us are timed in batches of 256; their
  99th percentile is that of the batches.
- Plain JS is the straightforward version, written well: \`Float32Array\`, contiguous inner loops,
  no allocation per call, arrays in arguments or fields (\`bench/baseline/\`). V8 runs such code up
  to twice as fast where it happens to treat the arrays as constants; the rows show what it did.
- Native C is compiled on the spot (\`bench/native/\`) and does the same work as the core. For EWC
  there are two: one sums every term of the penalty in f64, one sums runs of 64 in f32 first, as
  the core does, which is faster.
- Arrays lie in the core's memory; what ordinary arrays cost instead is a table of its own.
- One thread, unless the row says otherwise. Other programs on the machine disturb the rows on
  threads and latency most; the load averages above tell how quiet it was.
- GB/s of EWC count 20 bytes per weight: four arrays read, one written. GFLOP/s of a LoRA step
  count n r (4 i + 6 o).`;

const again = `## Run it yourself

\`\`\`sh
npm run bench                    # some minutes
npm run bench -- --quick         # a smoke run in seconds; its numbers mean nothing
npm run bench -- --only ewc      # one group
npm run bench -- --compare       # installs the other libraries under bench/compare/, adds them
npm run bench -- --publish       # writes this page
\`\`\`

Results also go to \`build/bench/results.json\` and \`results.svg\`. PyTorch joins when \`python3\`
can import \`torch\`, native C when there is a \`gcc\`.`;

function machineTable({ machine, command }: Report): string {
  const { cpu, cores, memoryGiB, system, runtimes, commit, date } = machine;
  const versions = Object.entries(runtimes).map(([name, version]) => `${name} ${version}`);
  return table(
    ["machine", ""],
    [
      ["processor", `${cpu}, ${cores} cores`],
      ["memory", `${memoryGiB} GiB`],
      ["system", system],
      ["runtimes", versions.join(", ")],
      ["commit", commit],
      ["date", date],
      ["load average", loads(machine)],
      ["command", `\`${command}\``],
    ],
  );
}

function claimLine({ work }: Row, claim: Claim): string[] {
  const { against, figure, value, unit, target } = claim;
  return [
    work,
    [against, figure ? formatFigure(figure) : ""].filter((text) => text !== "").join(": "),
    value === undefined ? "" : formatValue(value, unit),
    formatTarget(target, unit),
    formatVerdict(claim),
  ];
}

/** Claims with one verdict; the heading counts them. */
function listOf(report: Report, verdict: Verdict, heading: string): string {
  const found = claimsOf(report).filter(({ claim }) => verdictOf(claim) === verdict);
  if (found.length === 0) return `## ${heading}: none`;
  const isMissed = verdict === "missed";
  const heads = ["work", "beside", "value", "target", "verdict", ...(isMissed ? ["why"] : [])];
  const lines = found.map(({ row, claim }) => {
    const why = limitingFactor(row.work, claim.against) ?? "not found out";
    return [...claimLine(row, claim), ...(isMissed ? [why] : [])];
  });
  return `## ${heading}: ${found.length}\n\n${table(heads, lines)}`;
}

function groupTable({ title, rows }: GroupResult): string {
  const heads = ["work", "ours", "p99", "beside", "value", "target", "verdict", "compared first"];
  const lines = rows.flatMap((row) =>
    row.claims.map((claim, index) => {
      const [work, ...rest] = claimLine(row, claim);
      return index === 0
        ? [work!, formatFigure(row.ours), formatP99(row.ours), ...rest, row.checked]
        : ["", "", "", ...rest, ""];
    }),
  );
  return `### ${title}\n\n${table(heads, lines)}`;
}

/** The whole page. */
export function writePage(report: Report): string {
  const verdicts = claimsOf(report).map(({ claim }) => verdictOf(claim));
  const count = (verdict: Verdict) => verdicts.filter((each) => each === verdict).length;
  const [met, missed, unknown] = [count("met"), count("missed"), count("not measured")];
  const summary =
    `Of ${met + missed + unknown} targets ${met} are met, ${missed} are missed and ` +
    `${unknown} could not be measured here.`;
  return `${[
    introduction,
    machineTable(report),
    ...(isDisturbed(report.machine) ? [`**${disturbed}**`] : []),
    summary,
    "![Every measured claim beside its target](benchmarks.svg)",
    listOf(report, "missed", "Missed"),
    listOf(report, "met", "Met"),
    listOf(report, "not measured", "Not measured"),
    "## All rows",
    ...report.groups.map(groupTable),
    method,
    again,
  ].join("\n\n")}\n`;
}
