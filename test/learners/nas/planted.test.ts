// What was planted is found: the operations of a known cell, and more than random search finds.
//
// NAS_SEEDS=10 repeats the published figures of docs/nas.md, on seeds on which nothing was tuned;
// by default one seed is searched with less effort.

import { expect, it } from "vitest";
import type { CellOperation } from "../../../src/index.ts";
import { searchPlanted } from "./planted-cell.ts";

const asked = Number(process.env.NAS_SEEDS ?? 0);
/** Seeds 1 to 10 served to choose the effort. */
const seeds = asked > 0 ? Array.from({ length: asked }, (_, k) => 11 + k) : [12];
const effort =
  asked > 0
    ? { numTrials: 5, searchSteps: 500, trainSteps: 1500 }
    : { numTrials: 1, searchSteps: 400, trainSteps: 400 };
const SECONDS_PER_SEED = 180;

/** NAS-Bench-201 (Dong & Yang 2020) has the same number of nodes and of operations. */
const operations: CellOperation[] = ["conv3", "avg_pool3", "max_pool3", "skip", "zero"];
const planted: CellOperation[] = [
  "max_pool3", // 0-1
  "skip", // 0-2
  "avg_pool3", // 1-2
  "skip", // 0-3
  "zero", // 1-3
  "max_pool3", // 2-3
];

const timeout = 1000 * SECONDS_PER_SEED * seeds.length;
it(`the planted cell is found, seeds ${seeds}`, { timeout }, async (context) => {
  const outcomes = [];
  for (const seed of seeds) {
    outcomes.push(await searchPlanted(planted, 4, seed, effort, operations));
  }
  const lines = outcomes.map((each) =>
    [
      `seed ${each.seed}: ${each.hits} of ${planted.length} edges`,
      `test loss ${each.testLoss.toFixed(4)}, Sharpe ${each.metric.toFixed(3)}`,
      `best of ${each.randomCells} random cells ${each.randomTestLoss.toFixed(4)}`,
      each.randomMetric.toFixed(3),
    ].join("; "),
  );
  await context.annotate(lines.join("\n"));
  const hits = outcomes.reduce((sum, each) => sum + each.hits, 0);
  expect(hits / (planted.length * seeds.length)).toBeGreaterThanOrEqual(0.8);
  const wins = outcomes.filter((each) => each.testLoss < each.randomTestLoss).length;
  expect(wins / seeds.length).toBeGreaterThanOrEqual(0.8);
});
