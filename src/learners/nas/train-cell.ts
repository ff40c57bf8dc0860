// Trains one discrete cell from its first weights and measures it on the parts it did not see.

import { CellNetwork, Random } from "../../index.ts";
import type { NasSettings } from "./nas-config.ts";
import type { NasWork } from "./nas-work.ts";
import { networkOptionsOf } from "./network-of.ts";
import type { SearchPace } from "./search-pace.ts";
import type { Cell } from "./search-space.ts";
import { sharpeRatio } from "./sharpe-ratio.ts";
import type { SignalSeries } from "./signal-data.ts";
import { positionsOf, strategyReturns } from "./signal-model.ts";

/** A trained cell and what it can do. */
export interface TrainedCell {
  cell: Cell;
  parameters: number;
  /** Mean squared error per window, summed over the horizon, in units of the returns' own power. */
  validationLoss: number;
  testLoss: number;
  /** Sharpe ratio of the strategy on the test part, per period: see `sharpeRatio`. */
  metric: number;
  weights: Map<string, Float32Array>;
  /** Seed of the first weights and of the batches. */
  seed: number;
}

const CLIP_NORM = 5;
const WEIGHT_DECAY = 3e-4;

/** Trains on the train part only. Throws UPDATE_DIVERGED, UPDATE_CANCELLED. */
export async function trainCell(
  series: SignalSeries,
  settings: NasSettings,
  cell: Cell,
  seed: number,
  { pace, work }: { pace: SearchPace; work: NasWork },
): Promise<TrainedCell> {
  const { trainSteps, weightLr } = settings;
  const operations = cell.map((operation) => [operation]);
  const network = new CellNetwork(networkOptionsOf(settings, operations, seed));
  const random = new Random(seed);
  try {
    for (let step = 0; step < trainSteps; step++) {
      const { inputs, labels, count } = series.draw(series.train, random);
      const lr = weightLr * (1 - step / trainSteps);
      const move = { lr, weightDecay: WEIGHT_DECAY, clipNorm: CLIP_NORM };
      const loss = network.trainStep(inputs, labels, count, move);
      work.step(operations, count);
      await pace.after("train", step + 1, trainSteps, loss);
    }
    const validation = series.whole(series.validation);
    work.look(operations, validation.count);
    const { inputs, labels, count } = series.whole(series.test);
    const positions = positionsOf(network.forward(inputs, count), settings.horizonLen, 1);
    const returns = strategyReturns(positions, series.nextReturns(series.test));
    return {
      cell,
      parameters: network.parameterCount,
      validationLoss: network.loss(validation.inputs, validation.labels, validation.count),
      testLoss: network.loss(inputs, labels, count),
      metric: sharpeRatio(returns),
      weights: network.weights(),
      seed,
    };
  } finally {
    network.dispose();
  }
}
