// Rollback of 5 M weights in memory.

import { Network } from "../../src/model/network.ts";
import { IncrementalUpdater } from "../../src/pipeline/update/incremental-updater.ts";
import { checkSameBytes } from "../check.ts";
import { limit } from "../claims.ts";
import type { Settings } from "../group.ts";
import { regressionSamples } from "../inputs.ts";
import { timeOf, timingOf } from "../measure.ts";
import type { Row } from "../report.ts";

export const title = "Rollback";

/** 2236^2 weights and 2236 biases: 5.0 M. */
const SIZE = 2236;

export async function run({ budget }: Settings): Promise<Row[]> {
  const network = new Network({
    inputSize: SIZE,
    layers: [{ name: "dense", size: SIZE }],
    seed: 1,
  });
  const updater = new IncrementalUpdater({
    network,
    trainable: "all",
    rank: 1,
    alpha: 1,
    lr: 1e-3,
    maxSteps: 1,
  });
  const samples = regressionSamples(1, 2, SIZE, SIZE);
  const input = samples[0]!.input;
  const before = updater.predict(input);
  const times: number[] = [];
  for (let round = 0; round < (budget.isQuick ? 2 : 25); round++) {
    await updater.update(samples);
    const after = updater.predict(input);
    if (after.every((value, k) => value === before[k])) throw new Error("The update did nothing.");
    const start = performance.now();
    updater.rollback();
    times.push(1e6 * (performance.now() - start));
    checkSameBytes("outputs after the rollback", updater.predict(input), before);
  }
  const ours = timeOf(timingOf(times));
  const millions = (network.parameterCount / 1e6).toFixed(1);
  return [
    {
      work: `IncrementalUpdater.rollback, ${millions} M weights in memory`,
      ours,
      claims: [limit(ours.value / 1e6, "ms", { most: 5 })],
      checked: "outputs after the rollback are the same bytes as before the update",
    },
  ];
}
