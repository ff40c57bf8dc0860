// The whole search on one screen: trials of DARTS, one cell each, the best on the validation part.

import { type CellOperation, Random } from "../../index.ts";
import { Supernet, searchArchitecture } from "./darts-search.ts";
import { discretize } from "./discretize.ts";
import { type NasConfig, type NasSettings, parseNasConfig } from "./nas-config.ts";
import { NasWork } from "./nas-work.ts";
import { networkOptionsOf } from "./network-of.ts";
import { type NasProgress, SearchPace } from "./search-pace.ts";
import { type SignalData, SignalSeries } from "./signal-data.ts";
import type { NasExport } from "./signal-model.ts";
import { type TrainedCell, trainCell } from "./train-cell.ts";

/** How a run is watched and stopped. */
export interface NasRunOptions {
  /** Stops the run at its next step: UPDATE_CANCELLED. */
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: NasProgress) => void) | undefined;
}

/** One trial: its cell, trained and measured, and how the search came to it. */
export interface NasTrial extends TrainedCell {
  /** Architecture parameters at the end of the search, by edge. */
  alphas: Float64Array[];
  /** Operations by edge, the chosen one first, then as they scored. */
  ranking: CellOperation[][];
}

/** What a search found. */
export interface NasResult<T extends TrainedCell = NasTrial> {
  /** The lowest validation loss. */
  best: T;
  /** All trials, in their order. */
  results: T[];
  /** What `SignalModel` needs besides `best.weights`. */
  exportConfig: NasExport;
  /** Multiply-adds of the whole run. */
  work: number;
}

/**
 * Searches a cell for a trading signal: DARTS on the train and validation parts of the series, one
 * operation per edge under `maxParams`, training of that cell from new weights, and a Sharpe ratio
 * on the test part, which nothing before has seen. It runs on the calling thread and gives the
 * event loop its turn every few steps. The same seed gives the same result.
 *
 * Throws OPTION_INVALID, OPTION_UNKNOWN, LENGTH_MISMATCH, VALUE_NOT_FINITE, DATA_EMPTY,
 * UPDATE_DIVERGED, UPDATE_CANCELLED.
 */
export async function runSignalNas(
  config: NasConfig,
  data: SignalData,
  { signal, onProgress }: NasRunOptions = {},
): Promise<NasResult> {
  const settings = parseNasConfig(config);
  const series = new SignalSeries(data, settings);
  const pace = new SearchPace(signal, onProgress);
  pace.check();
  const work = new NasWork(settings);
  const random = new Random(settings.seed);
  const results: NasTrial[] = [];
  for (pace.trial = 0; pace.trial < settings.numTrials; pace.trial++) {
    results.push(await runTrial(series, settings, random.nextU32(), { pace, work }));
  }
  return resultOf(results, series, settings, work);
}

async function runTrial(
  series: SignalSeries,
  settings: NasSettings,
  seed: number,
  run: { pace: SearchPace; work: NasWork },
): Promise<NasTrial> {
  const supernet = new Supernet(series, settings, seed, run.work);
  try {
    await searchArchitecture(supernet, settings, run.pace);
    const alphas = supernet.alphas();
    const { from, to } = series.train;
    const { cell, scores } = await discretize(supernet, settings, to - from, run.pace);
    const ranking = scores.map((each) => rank(settings.space.operations, each));
    return { ...(await trainCell(series, settings, cell, seed, run)), alphas, ranking };
  } finally {
    supernet.dispose();
  }
}

/** Operations by their score, the lowest first. */
function rank(operations: readonly CellOperation[], scores: Float64Array): CellOperation[] {
  const order = [...operations.keys()].sort((a, b) => compare(scores[a]!, scores[b]!) || a - b);
  return order.map((k) => operations[k]!);
}

/** Two operations that did not fit, at Infinity, are equal. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** The result of trained cells: the best of them by validation loss. */
export function resultOf<T extends TrainedCell>(
  results: T[],
  series: SignalSeries,
  settings: NasSettings,
  work: NasWork,
): NasResult<T> {
  const best = results.reduce((a, b) => (b.validationLoss < a.validationLoss ? b : a));
  const operations = best.cell.map((operation) => [operation]);
  return {
    best,
    results,
    exportConfig: {
      network: networkOptionsOf(settings, operations, best.seed),
      scale: series.scale,
    },
    work: work.total,
  };
}
