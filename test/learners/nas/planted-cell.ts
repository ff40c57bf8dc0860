// Data from a known cell, and how well a search and random search of the same work find it.

import { CellNetwork, type CellOperation, Random } from "../../../src/index.ts";
import { type NasConfig, runRandomSearch, runSignalNas } from "../../../src/learners/nas/index.ts";
import type { Cell } from "../../../src/learners/nas/search-space.ts";
import type { SignalData } from "../../../src/learners/nas/signal-data.ts";

/** The shape of the planted network; the search is given the same. */
const plantedShape = { inputFeatures: 8, patchLen: 12, hiddenDim: 8 } as const;

const PERIODS = 8000;
/** Deviation of the noise, that of the signal being 1: the best possible loss is about 0.01. */
const NOISE = 0.1;
/** Size of a return. */
const RETURN = 0.01;

/**
 * Features are independent normals; the return behind each window is what a network of `cell` with
 * random weights makes of it, standardised, with noise.
 */
function plantedData(cell: Cell, numNodes: number, seed: number): SignalData {
  const { inputFeatures, patchLen, hiddenDim } = plantedShape;
  const random = new Random(seed);
  const features = Float32Array.from({ length: PERIODS * inputFeatures }, () => random.normal());
  const operations = cell.map((operation) => [operation]);
  const shape = { inputFeatures, patchLen, hiddenDim, horizonLen: 1, numLayers: 1, numNodes };
  const network = new CellNetwork({ ...shape, operations, seed: random.nextU32() });
  const count = PERIODS - patchLen;
  const windows = new Float32Array(count * patchLen * inputFeatures);
  for (let t = 0; t < count; t++) {
    const window = features.subarray(t * inputFeatures, (t + patchLen) * inputFeatures);
    windows.set(window, t * window.length);
  }
  const signal = network.forward(windows, count);
  network.dispose();
  const mean = signal.reduce((sum, value) => sum + value, 0) / count;
  const power = signal.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
  const returns = new Float32Array(PERIODS);
  for (let t = 0; t < count; t++) {
    const clean = (signal[t]! - mean) / Math.sqrt(power);
    returns[t + patchLen] = RETURN * (clean + NOISE * random.normal());
  }
  return { features, returns };
}

/** What both searches made of one seed. */
interface PlantedOutcome {
  seed: number;
  found: Cell;
  /** Edges whose first-ranked operation is the planted one. */
  hits: number;
  testLoss: number;
  metric: number;
  /** The same of the best of `randomCells` random cells. */
  randomTestLoss: number;
  randomMetric: number;
  randomCells: number;
  randomFound: Cell;
}

/** Plants a cell and searches it in both ways with the same work. */
export async function searchPlanted(
  cell: Cell,
  numNodes: number,
  seed: number,
  effort: Pick<NasConfig, "numTrials" | "searchSteps" | "trainSteps">,
  operations?: readonly CellOperation[],
): Promise<PlantedOutcome> {
  const data = plantedData(cell, numNodes, seed);
  const config: NasConfig = {
    ...plantedShape,
    ...effort,
    maxParams: 2000,
    weightLr: 0.02,
    searchSpace: { numNodes, ...(operations && { operations }) },
    seed,
  };
  const { best, work } = await runSignalNas(config, data);
  const random = await runRandomSearch(config, data, { work });
  return {
    seed,
    found: best.cell,
    hits: best.ranking.filter(([first], edge) => first === cell[edge]).length,
    testLoss: best.testLoss,
    metric: best.metric,
    randomTestLoss: random.best.testLoss,
    randomMetric: random.best.metric,
    randomCells: random.results.length,
    randomFound: random.best.cell,
  };
}
