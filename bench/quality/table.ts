// What a quality bench finds: tables of figures, each with what the specification asks of it.

/** How much to run. */
export interface QualitySettings {
  /** Independent runs behind every figure; each bench has its own default. */
  seeds?: number | undefined;
  /** A smoke run: everything is executed, nothing is measured well. */
  quick?: boolean | undefined;
  /** Everything that is too long for every day; most benches have no more than their default. */
  full?: boolean | undefined;
}

export type Cell = string | number;

/** A figure that the specification bounds. */
export interface Requirement {
  what: string;
  value: number;
  bound: { least: number } | { most: number };
}

/** Lines over a common axis; drawn beside the table. */
export interface QualityChart {
  xLabel: string;
  yLabel: string;
  series: { name: string; points: [x: number, y: number][] }[];
}

export interface QualityTable {
  title: string;
  columns: string[];
  rows: Cell[][];
  /** What a reader must know to read the figures. */
  note: string;
  requirements: Requirement[];
  /** Where the figures speak against us, in sentences made from them. */
  losses?: string[];
  chart?: QualityChart;
}

/** A bench under bench/quality/. The same settings give the same tables. */
export interface QualityBench {
  run(settings: QualitySettings): QualityTable[] | Promise<QualityTable[]>;
}

/** A share of `count` runs in percent, to one digit. */
export function percent(hits: number, count: number): number {
  return Math.round((1000 * hits) / count) / 10;
}

/**
 * The largest share, in percent, that is still compatible with a true share of `percentage`: three
 * standard deviations of a binomial above it.
 */
export function upToChance(percentage: number, count: number): number {
  const share = percentage / 100;
  const bound = share + 3 * Math.sqrt((share * (1 - share)) / count);
  return Math.round(1e4 * bound) / 100;
}

/** Whether the figure keeps its bound. */
export function isMet({ value, bound }: Requirement): boolean {
  return "least" in bound ? value >= bound.least : value <= bound.most;
}

/** What is asked, in words. */
export function boundText(bound: Requirement["bound"]): string {
  return "least" in bound ? `at least ${bound.least}` : `at most ${bound.most}`;
}

/** A table as text, columns aligned. */
export function renderTable({ title, columns, rows, note, requirements }: QualityTable): string {
  const cells = [columns, ...rows.map((row) => row.map(String))];
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => row[index]!.length)));
  const lines = cells.map((row) =>
    row.map((cell, index) =>
      index === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[index]!),
    ),
  );
  const rule = widths.map((width) => "-".repeat(width));
  const body = [lines[0]!, rule, ...lines.slice(1)].map((row) => row.join("  "));
  const verdicts = requirements.map(
    (each) =>
      `${isMet(each) ? "met   " : "MISSED"} ${each.what}: ${each.value} (${boundText(each.bound)})`,
  );
  return [title, "", ...body, "", note, ...verdicts].join("\n");
}
