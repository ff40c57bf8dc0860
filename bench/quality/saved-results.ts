// The form of docs/quality.json, and how it comes back to be merged with a new run.

import * as z from "zod";
import type { BenchResult } from "./bench-result.ts";

/** JSON has no NaN. */
const figure = z.union([z.number(), z.null().transform(() => Number.NaN)]);

const savedTable = z.object({
  title: z.string(),
  columns: z.array(z.string()),
  rows: z.array(z.array(z.union([z.string(), figure]))),
  note: z.string(),
  requirements: z.array(
    z.object({
      what: z.string(),
      value: figure,
      bound: z.union([z.object({ least: z.number() }), z.object({ most: z.number() })]),
    }),
  ),
  losses: z.array(z.string()),
  chart: z
    .object({
      x_label: z.string(),
      y_label: z.string(),
      series: z.array(
        z.object({ name: z.string(), points: z.array(z.tuple([z.number(), z.number()])) }),
      ),
    })
    .nullable(),
});

const savedResult = z.object({
  name: z.string(),
  command: z.string(),
  seconds: z.number(),
  machine: z.object({
    cpu: z.string(),
    cores: z.number(),
    memory_gib: z.number(),
    system: z.string(),
    runtimes: z.record(z.string(), z.string()),
    commit: z.string(),
    date: z.string(),
    load_before: z.number(),
    load_after: z.number(),
  }),
  tables: z.array(savedTable),
});

const savedFile = z.object({ benches: z.array(savedResult) });

function toSaved({ name, command, seconds, machine, tables }: BenchResult) {
  const { memoryGiB, loadBefore, loadAfter, ...rest } = machine;
  return {
    name,
    command,
    seconds,
    machine: { ...rest, memory_gib: memoryGiB, load_before: loadBefore, load_after: loadAfter },
    tables: tables.map(({ chart, losses = [], ...table }) => ({
      ...table,
      losses,
      chart: chart ? { x_label: chart.xLabel, y_label: chart.yLabel, series: chart.series } : null,
    })),
  };
}

function fromSaved({ machine, tables, ...rest }: z.output<typeof savedResult>): BenchResult {
  const { memory_gib, load_before, load_after, ...same } = machine;
  return {
    ...rest,
    machine: { ...same, memoryGiB: memory_gib, loadBefore: load_before, loadAfter: load_after },
    tables: tables.map(({ chart, ...table }) => ({
      ...table,
      ...(chart && {
        chart: { xLabel: chart.x_label, yLabel: chart.y_label, series: chart.series },
      }),
    })),
  };
}

/** The text of docs/quality.json. */
export function saveResults(results: readonly BenchResult[]): string {
  return `${JSON.stringify({ benches: results.map(toSaved) }, null, 2)}\n`;
}

/** The results in such a text. Throws when it has another form. */
export function loadResults(text: string): BenchResult[] {
  return savedFile.parse(JSON.parse(text)).benches.map(fromSaved);
}

/** Old results with those of `fresh` in their place, in the order of `names`; others go. */
export function mergeResults(
  old: readonly BenchResult[],
  fresh: readonly BenchResult[],
  names: readonly string[],
): BenchResult[] {
  return names.flatMap((name) => {
    const result = [...fresh, ...old].find((each) => each.name === name);
    return result ? [result] : [];
  });
}
