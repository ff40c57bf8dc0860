// Time and quality of an incremental update beside a training from scratch on all history.

import { updateDays } from "./market-models.ts";
import { type MarketRun, type Model, runMarket } from "./market-run.ts";
import { degradation, withError } from "./market-skill.ts";
import { rounded } from "./over-seeds.ts";
import { market } from "./simulated-market.ts";
import type { Cell, QualitySettings, QualityTable } from "./table.ts";

const SEEDS = 6;
const QUICK_SEEDS = 1;
/** Seeds from here on; settings were chosen on others. */
const FIRST_SEED = 500;
const HISTORIES = [180, 720, 1440];
/** The one of a smoke run. */
const QUICK_DAYS = 720;

const who = ["static", "retrained", "driftkeel"] as const;

/** Median time of one update in milliseconds. */
function medianMs(runs: readonly MarketRun[], model: Model): number {
  const times = runs.flatMap((run) => run.lives[model]!.updates.map(({ ms }) => ms));
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!;
}

function lossText(runs: readonly MarketRun[], model: Model): string {
  return withError(runs.map((run) => degradation(run, model))).text;
}

/** Runs worlds one after the other: two at once would take each other's time. */
async function runHistory(historyDays: number, count: number): Promise<MarketRun[]> {
  const runs: MarketRun[] = [];
  for (let k = 0; k < count; k++) {
    runs.push(await runMarket(FIRST_SEED + k, { ...market, historyDays }, who));
  }
  return runs;
}

/** What was found for one length of history. */
interface Finding {
  historyDays: number;
  full: number;
  incremental: number;
  ratio: number;
  losses: string[];
}

function findingOf(historyDays: number, runs: readonly MarketRun[]): Finding {
  const full = rounded(medianMs(runs, "retrained"), 1);
  const incremental = rounded(medianMs(runs, "driftkeel"), 1);
  const losses = who.map((model) => lossText(runs, model));
  return { historyDays, full, incremental, ratio: rounded(full / incremental, 1), losses };
}

const updatesPerFull = updateDays.retrained / updateDays.driftkeel;

/** The ratios in words, beside what the replaced system hoped for. */
function ratioText(found: readonly Finding[]): string {
  const ratios = found.map(
    ({ historyDays, full, incremental, ratio }) =>
      `${ratio} times as long at ${historyDays} days of history (${full} ms against ` +
      `${incremental} ms)`,
  );
  return (
    `A full retraining takes ${ratios.join(", ")}; the replaced system hoped for 4 hours against ` +
    `30 minutes, 8 times as long. For each full retraining there are ${updatesPerFull} ` +
    "incremental updates."
  );
}

/** The table of incremental and full updates. */
export async function run({ seeds, quick = false }: QualitySettings): Promise<QualityTable[]> {
  const count = seeds ?? (quick ? QUICK_SEEDS : SEEDS);
  const found: Finding[] = [];
  for (const historyDays of quick ? [QUICK_DAYS] : HISTORIES) {
    found.push(findingOf(historyDays, await runHistory(historyDays, count)));
  }
  const line = (pick: (finding: Finding) => number) =>
    found.map((finding): [number, number] => [finding.historyDays, pick(finding)]);
  return [
    {
      title: "Full retraining beside incremental updates, by length of history",
      columns: [
        "days of history",
        "samples",
        "full, ms",
        "incremental, ms",
        "ratio",
        ...who.map((model) => `loss ${model}, %`),
      ],
      rows: found.map(({ historyDays, full, incremental, ratio, losses }): Cell[] => {
        return [historyDays, historyDays * market.perDay, full, incremental, ratio, ...losses];
      }),
      note:
        `${count} worlds for each row, median time of one update; a full one every ` +
        `${updateDays.retrained} days, an incremental one every ${updateDays.driftkeel}. Full ` +
        "is a training from scratch, 15 passes over history and live days; " +
        "incremental is all that the learner does, EWC, validation and promotion included. " +
        "Losses are those of the degradation bench: of the true Sharpe ratio, mean and standard " +
        `error. ${ratioText(found)} The specification asks for time and quality and bounds ` +
        "neither.",
      requirements: [],
      chart: {
        xLabel: "days of history",
        yLabel: "median time of one update, ms",
        series: [
          { name: "full retraining", points: line(({ full }) => full) },
          { name: "incremental", points: line(({ incremental }) => incremental) },
        ],
      },
    },
  ];
}
