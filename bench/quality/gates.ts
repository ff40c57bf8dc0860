// Error rates of the gates on simulated models with known truth, beside the plain rules.

import { compareSharpe, type SharpeInference } from "../../src/pipeline/validate/compare-sharpe.ts";
import { SharpeStability } from "../../src/pipeline/validate/sharpe-stability.ts";
import type { ModelSnapshot } from "../../src/pipeline/validate/validator.ts";
import { promotionTable } from "./promotion-gate.ts";
import { type Dependence, type PnlPlan, simulatePnl } from "./simulated-pnl.ts";
import { percent, type QualitySettings, type QualityTable, upToChance } from "./table.ts";

const SEEDS = 2000;
const QUICK_SEEDS = 20;
const LEVEL = 5;
const SHARPE = 1.5;
const WORSE = 0.75;
const CORRELATION = 0.98;
const DAYS = 250;

/** The loss falls, so that an inconclusive comparison accepts: only `worse` refuses. */
function judged(gate: SharpeStability, before: Float64Array, after: Float64Array): boolean {
  const snapshot = (loss: number, pnl: Float64Array): ModelSnapshot => ({
    weights: new Map(),
    loss,
    pnl,
  });
  return gate.validate(snapshot(1, before), snapshot(0.9, after)).pass;
}

/** How many of the seeds a gate refuses. */
function refusals(gate: SharpeStability, plan: PnlPlan, seeds: number): number {
  let count = 0;
  for (let seed = 0; seed < seeds; seed++) {
    const [before, after] = simulatePnl(seed, plan);
    if (!judged(gate, before!, after!)) count++;
  }
  return count;
}

/** The same beside an anchor that is as good as both. */
function refusalsAnchored(plan: PnlPlan, seeds: number): number {
  let series: Float64Array[] = [];
  const gate = new SharpeStability({ anchor: () => ({ pnl: series[0] }) });
  let count = 0;
  for (let seed = 0; seed < seeds; seed++) {
    series = simulatePnl(seed, { ...plan, sharpe: [plan.sharpe[0]!, ...plan.sharpe] });
    if (!judged(gate, series[1]!, series[2]!)) count++;
  }
  return count;
}

/** The same where each model is measured on periods of its own, as a rule without pairs does it. */
function refusalsApart(gate: SharpeStability, plan: PnlPlan, seeds: number): number {
  let count = 0;
  for (let seed = 0; seed < seeds; seed++) {
    const [before] = simulatePnl(2 * seed, plan);
    const after = simulatePnl(2 * seed + 1, plan)[1]!;
    if (!judged(gate, before!, after)) count++;
  }
  return count;
}

const dependences: Dependence[] = [
  "independent",
  "fat tails",
  "volatility clusters",
  "autocorrelated",
];

function equalModels(seeds: number, quick: boolean): QualityTable {
  const paired = new SharpeStability();
  const point = new SharpeStability({ mode: "point" });
  const rows = dependences.flatMap((dependence) =>
    (quick ? [DAYS] : [60, 125, DAYS, 500]).map((days) => {
      const plan = { days, correlation: CORRELATION, sharpe: [SHARPE, SHARPE], dependence };
      const counts = [
        refusals(paired, plan, seeds),
        refusalsAnchored(plan, seeds),
        refusals(point, plan, seeds),
        refusalsApart(point, plan, seeds),
      ];
      return [dependence, days, ...counts.map((count) => percent(count, seeds))];
    }),
  );
  const worst = (column: number) => Math.max(...rows.map((row) => row[column] as number));
  const bound = { most: upToChance(LEVEL, seeds) };
  return {
    title: `Equal models refused, % (true Sharpe ${SHARPE}, correlation ${CORRELATION})`,
    columns: ["returns", "days", "paired", "with anchor", "ratio, same days", "ratio, own days"],
    rows,
    note: `${seeds} seeds; level ${LEVEL}%, 5% of the Sharpe ratio may be lost in all columns.`,
    requirements: [
      { what: "worst row, paired", value: worst(2), bound },
      { what: "worst row, with anchor", value: worst(3), bound },
    ],
  };
}

/** How the standard error and the quantile may be found. */
const variants: Record<string, SharpeInference> = {
  "bootstrap (default)": {},
  "bootstrap, plain": { prewhiten: false },
  "hac, Parzen, prewhitened": { method: "hac" },
  "hac, QS, prewhitened": { method: "hac", kernel: "quadratic-spectral" },
  "hac, Parzen, plain": { method: "hac", prewhiten: false },
  "hac, QS, plain": { method: "hac", kernel: "quadratic-spectral", prewhiten: false },
};

function methods(seeds: number, quick: boolean): QualityTable {
  const cases = dependences.flatMap((dependence) =>
    (quick ? [60] : [60, DAYS]).map((days) => ({ dependence, days })),
  );
  const rows = Object.entries(variants).map(([name, options]) => {
    const shares = cases.map(({ dependence, days }) => {
      const plan = { days, correlation: CORRELATION, sharpe: [SHARPE, SHARPE], dependence };
      let count = 0;
      for (let seed = 0; seed < seeds; seed++) {
        const [before, after] = simulatePnl(seed, plan);
        if (compareSharpe(before!, after!, options).outcome === "worse") count++;
      }
      return percent(count, seeds);
    });
    return [name, ...shares, Math.max(...shares)];
  });
  return {
    title: "Equal models called worse without any tolerance, %, by method",
    columns: ["method", ...cases.map(({ dependence, days }) => `${dependence} ${days}`), "worst"],
    rows,
    note: `${seeds} seeds; level ${LEVEL}%. The default has the smallest worst case.`,
    requirements: [
      {
        what: "worst case of the default",
        value: rows[0]!.at(-1) as number,
        bound: { most: upToChance(LEVEL, seeds) },
      },
    ],
  };
}

function power(seeds: number, quick: boolean): QualityTable {
  const gate = new SharpeStability();
  const correlations = quick ? [CORRELATION] : [0.5, 0.8, 0.9, 0.95, CORRELATION, 0.99];
  const rows = (quick ? [DAYS] : [60, 125, DAYS, 500, 1000]).map((days) => [
    days,
    ...correlations.map((correlation) => {
      const plan = { days, correlation, sharpe: [SHARPE, WORSE] };
      return percent(refusals(gate, plan, seeds), seeds);
    }),
  ]);
  const required = rows.find(([days]) => days === DAYS)!;
  return {
    title: `Power: updates from Sharpe ${SHARPE} to ${WORSE} refused, %`,
    columns: ["days", ...correlations.map((correlation) => `corr ${correlation}`)],
    rows,
    note: `${seeds} seeds; level ${LEVEL}%. The less the models agree, the more days it takes.`,
    requirements: [
      {
        what: `${DAYS} days at correlation ${CORRELATION}`,
        value: required[1 + correlations.indexOf(CORRELATION)] as number,
        bound: { least: 90 },
      },
    ],
  };
}

/** Each update loses this share of the true ratio: too little to be seen at once. */
const EROSION = 0.07;
const UPDATES = 15;

/** The true ratio that is served after a chain of eroding updates. */
function erode(seed: number, hasAnchor: boolean): { served: number; accepted: number } {
  let served = SHARPE;
  let accepted = 0;
  let anchorPnl: Float64Array | undefined;
  const anchor = () => ({ pnl: anchorPnl });
  const gate = new SharpeStability(hasAnchor ? { anchor } : {});
  for (let update = 0; update < UPDATES; update++) {
    const proposed = served * (1 - EROSION);
    const sharpe = [SHARPE, served, proposed];
    const plan = { days: DAYS, correlation: CORRELATION, sharpe };
    const [fixed, before, after] = simulatePnl(seed * UPDATES + update, plan);
    anchorPnl = fixed;
    if (!judged(gate, before!, after!)) continue;
    served = proposed;
    accepted++;
  }
  return { served, accepted };
}

function erosion(seeds: number): QualityTable {
  const rows = [false, true].map((hasAnchor) => {
    const chains = Array.from({ length: seeds }, (_, seed) => erode(seed, hasAnchor));
    const mean = (values: number[]) =>
      Math.round((100 * values.reduce((sum, value) => sum + value, 0)) / values.length) / 100;
    return [
      hasAnchor ? "with anchor" : "without",
      mean(chains.map(({ served }) => served)),
      mean(chains.map(({ accepted }) => accepted)),
    ];
  });
  return {
    title: `Small losses that add up: ${UPDATES} updates of -${Math.round(100 * EROSION)}% each`,
    columns: ["", "true Sharpe served at the end", "updates accepted"],
    rows,
    note:
      `${seeds} chains from Sharpe ${SHARPE}; ${DAYS} fresh days for each update, correlation ` +
      `${CORRELATION}. All of them would end at ${(SHARPE * (1 - EROSION) ** UPDATES).toFixed(2)}.`,
    requirements: [
      {
        what: "gain of the anchor",
        value: (rows[1]![1] as number) - (rows[0]![1] as number),
        bound: { least: 0.1 },
      },
    ],
  };
}

/** The tables of the gate. */
export function run({ seeds, quick = false }: QualitySettings): QualityTable[] {
  const count = seeds ?? (quick ? QUICK_SEEDS : SEEDS);
  return [
    equalModels(count, quick),
    methods(count, quick),
    power(count, quick),
    erosion(Math.max(1, Math.floor(count / 10))),
    promotionTable(count),
  ];
}
