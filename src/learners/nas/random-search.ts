// Random search: what a search with the same work must beat (Li & Talwalkar 2019).

import { DriftkeelRangeError, Random } from "../../index.ts";
import { leastParameters } from "./discretize.ts";
import { type NasConfig, type NasSettings, parseNasConfig } from "./nas-config.ts";
import { NasWork } from "./nas-work.ts";
import { SearchPace } from "./search-pace.ts";
import type { Cell } from "./search-space.ts";
import { type SignalData, SignalSeries } from "./signal-data.ts";
import { type NasResult, type NasRunOptions, resultOf } from "./signal-nas.ts";
import { type TrainedCell, trainCell } from "./train-cell.ts";

/** Draws for a cell that fits `maxParams` before the search ends with what it has. */
const MAX_DRAWS = 100_000;

/**
 * Trains random valid cells under `maxParams` exactly as `runSignalNas` trains the cell it found,
 * until `work` multiply-adds are spent, and returns the one with the lowest validation loss. At
 * least one is trained; the last may go over the work. Throws as `runSignalNas`.
 */
export async function runRandomSearch(
  config: NasConfig,
  data: SignalData,
  { work, signal, onProgress }: NasRunOptions & { work: number },
): Promise<NasResult<TrainedCell>> {
  if (!(work >= 0)) {
    const message = `Expected work to be a number >= 0 (multiply-adds), got ${work}.`;
    throw new DriftkeelRangeError("ARGUMENT_RANGE", message);
  }
  const settings = parseNasConfig(config);
  const series = new SignalSeries(data, settings);
  const pace = new SearchPace(signal, onProgress);
  const spent = new NasWork(settings);
  const random = new Random(settings.seed);
  const results: TrainedCell[] = [];
  for (let cell = draw(settings, random); cell; cell = draw(settings, random)) {
    const seed = random.nextU32();
    results.push(await trainCell(series, settings, cell, seed, { pace, work: spent }));
    pace.trial++;
    if (spent.total >= work) break;
  }
  return resultOf(results, series, settings, spent);
}

/** A random cell that fits. */
function draw(settings: NasSettings, random: Random): Cell | undefined {
  const { space, maxParams } = settings;
  for (let count = 0; count < MAX_DRAWS; count++) {
    const cell = space.sample(random.nextU32());
    const chosen = cell.map((operation) => space.operations.indexOf(operation));
    if (leastParameters(settings, chosen) <= maxParams) return cell;
  }
  return undefined;
}
