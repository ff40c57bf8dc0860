// Prints what docs/background.md says of the background learner: npx tsx bench/background/run.ts

import { cycleAlarms, gradientAlarms, lossDelay } from "./boundary-alarms.ts";
import { learnTwoTasks, type Retrieval } from "./retrieval.ts";

const SEEDS = [1, 2, 3, 4, 5];
const CYCLES = 10;

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value / values.length, 0);
const shown = (values: readonly number[]) => values.map((value) => value.toFixed(3)).join(" ");
const column = (runs: readonly Retrieval[], pick: (run: Retrieval) => number[]) =>
  pick(runs[0]!).map((_, at) => mean(runs.map((run) => pick(run)[at]!)));

console.log(
  `Two tasks, ${CYCLES} cycles of 200 trajectories each, means over ${SEEDS.length} seeds`,
);
for (const ewcLambda of [1000, 0]) {
  const runs = SEEDS.map((seed) =>
    learnTwoTasks({ seed, ewcLambda, cycles: CYCLES, trajectories: 200 }),
  );
  const kept = column(runs, ({ kept }) => kept);
  console.log(`ewcLambda ${ewcLambda}`);
  console.log(`  first task   ${shown(column(runs, ({ first }) => first))}`);
  console.log(`  second task  ${shown(column(runs, ({ second }) => second))}`);
  console.log(`  first, kept  ${shown(kept)}`);
  console.log(`  forgotten    ${(kept[0]! - kept.at(-1)!).toFixed(3)}`);
  const early = runs.flatMap(({ boundaries }) => boundaries.filter((at) => at !== CYCLES));
  const delays = runs.map(({ delay }) => delay);
  console.log(`  boundary seen after ${delays.join(", ")} trajectories; others: ${early.length}`);
}

console.log("Boundary test where nothing changes");
for (const rate of [0.01, 1e-4]) {
  const { alarms, trials } = gradientAlarms(rate === 0.01 ? 2000 : 10_000, rate);
  console.log(`  gradients, asked for ${rate}: ${alarms} alarms in ${trials} pairs of windows`);
}
const shifted = gradientAlarms(200, 1e-4, 0.4);
console.log(
  `  gradients, mean moved by 0.35 deviations: ${shifted.alarms} of ${shifted.trials} found`,
);
const seeds = Array.from({ length: 200 }, (_, seed) => seed);
const early = seeds.filter((seed) => Number.isFinite(lossDelay(seed, 2000, 0)));
console.log(`  losses: ${early.length} alarms in ${seeds.length} streams of 4000 values`);
const delays = seeds.map((seed) => lossDelay(seed, 500, 0.4));
const late = delays.filter((delay) => delay > 0).sort((a, b) => a - b);
console.log(
  `  losses that rise from 0.3 to 0.7 after 500: ${late.length} found, ` +
    `median delay ${late[late.length >> 1]}, largest ${late.at(-1)}, ` +
    `alarms before ${delays.filter((delay) => delay <= 0).length}`,
);
const { alarms, trials } = cycleAlarms(SEEDS, 40);
console.log(`  whole loop: ${alarms} alarms in ${trials} cycles of 100 trajectories`);
