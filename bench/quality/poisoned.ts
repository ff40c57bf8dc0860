// What reaches the served model when feedback lies, training explodes or a candidate is broken.

import { meanOf, overSeeds, rounded, sumOf } from "./over-seeds.ts";
import {
  BAND,
  FORGETTING,
  type Guard,
  type PoisonedRun,
  phases,
  runPoisoned,
} from "./poisoned-run.ts";
import { bareSabotage, type Poison, poisons } from "./poisons.ts";
import { type Cell, percent, type QualitySettings, type QualityTable } from "./table.ts";

const SEEDS = 50;
const QUICK_SEEDS = 1;
/** Seeds from here on; settings were chosen on others. */
const FIRST_SEED = 4000;
/** First seeds of the runs before, which missed and after which settings were chosen anew. */
const MISSED_SEEDS = [2000, 3000];

const fates = ["refused", "failed", "rejected", "rolledBack", "keptSound", "keptHarmful"] as const;

const total = (runs: readonly PoisonedRun[], fate: (typeof fates)[number]) =>
  sumOf(runs.map((run) => run[fate]));

const highest = (runs: readonly PoisonedRun[]) =>
  rounded(
    runs.reduce((most, run) => run.served.reduce((a, b) => Math.max(a, b), most), 0),
    2,
  );

/** Mean served loss over time; every 25th sample. */
function curve(runs: readonly PoisonedRun[]): [number, number][] {
  const points: [number, number][] = [];
  for (let t = 0; t < phases.poisoned + phases.after; t += 25) {
    points.push([t, rounded(meanOf(runs.map((run) => run.served[t]!)), 3)]);
  }
  return points;
}

const runAll = (poison: Poison, guard: Guard, seeds: number, clean?: number) =>
  overSeeds(FIRST_SEED, seeds, (seed) => runPoisoned(seed, poison, guard, clean));

/** The poison that holdout and live feedback share: nothing but the past speaks against it. */
const lie = poisons.findIndex(({ name }) => name.startsWith("100%"));

async function guarded(seeds: number): Promise<QualityTable> {
  const all: PoisonedRun[] = [];
  const rows: Cell[][] = [];
  const unguarded: PoisonedRun[][] = [];
  for (const poison of poisons) {
    const runs = await runAll(poison, "guarded", seeds);
    const bare = await runAll(poison, "none", seeds);
    all.push(...runs);
    unguarded.push(bare);
    rows.push([
      poison.name,
      ...fates.map((fate) => total(runs, fate)),
      highest(runs),
      total(bare, "keptHarmful"),
      highest(bare),
    ]);
  }
  return {
    title: "Poisoned updates, by what became of them",
    columns: [
      "poison",
      "rows refused",
      "updates failed",
      "rejected",
      "rolled back",
      "kept, sound",
      "kept, harmful",
      "highest served loss",
      "kept, harmful, without gates",
      "highest served loss without",
    ],
    rows,
    note:
      `${seeds} runs for each row: ${phases.clean} sound samples, ${phases.poisoned} with the ` +
      `poison, ${phases.after} sound ones; all updates from the first poisoned sample on are ` +
      "counted, one every 100 samples unless a probation runs. The served loss is measured on " +
      "fresh clean samples as a multiple of that before the poison; an update is harmful when it " +
      `takes it above ${BAND}. Validators: finite weights, a loss that does not rise, and ` +
      `Retention, by which ${100 * FORGETTING}% of the loss may be lost on held-out samples of ` +
      `the past. This is run ${MISSED_SEEDS.length + 1}: those before it, on seeds from ` +
      `${MISSED_SEEDS.join(" and ")}, missed their bounds, and settings were chosen anew after ` +
      `each; the seeds of this one start at ${FIRST_SEED}.`,
    requirements: [
      {
        what: "harmful updates served and kept",
        value: total(all, "keptHarmful"),
        bound: { most: 0 },
      },
      { what: "highest served loss", value: highest(all), bound: { most: BAND } },
    ],
    chart: {
      xLabel: `samples since the first negated label (${phases.poisoned} of them)`,
      yLabel: "served loss on clean samples, before = 1; all labels negated",
      series: [
        { name: "Driftkeel", points: curve(all.slice(lie * seeds, (lie + 1) * seeds)) },
        { name: "without gates", points: curve(unguarded[lie]!) },
      ],
    },
  };
}

async function fooled(seeds: number): Promise<QualityTable> {
  const rows: Cell[][] = [];
  const all: PoisonedRun[] = [];
  const late: number[] = [];
  for (const poison of bareSabotage) {
    const runs = await runAll(poison, "probation only", seeds);
    all.push(...runs);
    const delays = runs.flatMap((run) => run.delays).sort((a, b) => a - b);
    late.push(delays.at(-1) ?? 0);
    rows.push([
      poison.name,
      total(runs, "failed"),
      total(runs, "rolledBack"),
      total(runs, "keptSound"),
      total(runs, "keptHarmful"),
      delays[Math.floor(delays.length / 2)] ?? "-",
      late.at(-1)!,
      highest(runs),
    ]);
  }
  const back = total(all, "rolledBack");
  return {
    title: "When every gate is fooled: the probation alone",
    columns: [
      "poison",
      "updates failed",
      "rolled back",
      "kept, sound",
      "kept, harmful",
      "median samples to rollback",
      "most",
      "highest served loss",
    ],
    rows,
    note:
      `${seeds} runs for each row; the validators pass everything, live feedback is sound. Until ` +
      "the rollback the harm is served: that is what the gates are for.",
    requirements: [
      {
        what: "harmful updates rolled back, %",
        value: percent(back, back + total(all, "keptHarmful")),
        bound: { least: 100 },
      },
    ],
    losses: [
      "With its gates fooled a learner serves a harmful update for up to " +
        `${Math.max(...late)} samples before the probation takes it back.`,
    ],
  };
}

/** How much past it takes to see through a lie that the holdout tells as well. */
async function memory(seeds: number): Promise<QualityTable> {
  const cases: { guard: Guard; clean: number }[] = [
    ...[500, 1500, phases.clean].map((clean) => ({ guard: "guarded" as const, clean })),
    { guard: "guarded, with a drift detector", clean: phases.clean },
  ];
  const rows: Cell[][] = [];
  const losses: string[] = [];
  for (const { guard, clean } of cases) {
    const runs = await runAll(poisons[lie]!, guard, seeds, clean);
    const [kept, most] = [total(runs, "keptHarmful"), highest(runs)];
    rows.push([guard, clean, total(runs, "rejected"), total(runs, "rolledBack"), kept, most]);
    if (most > BAND) {
      losses.push(
        `When all labels are negated ${clean} samples after the start (${guard}), the served ` +
          `loss rises to ${most} times that before, and ${kept} harmful updates stay.`,
      );
    }
  }
  return {
    title: "All labels negated, by how much sound past the learner has seen",
    columns: [
      "learner",
      "sound samples before",
      "rejected",
      "rolled back",
      "kept, harmful",
      "highest served loss",
    ],
    rows,
    note:
      `${seeds} runs for each row. The lie is in the holdout and in the live feedback, too: only ` +
      "held-out samples of the past speak against it, and while there are none nothing " +
      "is promoted. A drift detector takes the lie for a new world: the windows start anew, and " +
      "what they held, lies included, becomes the past.",
    requirements: [],
    losses,
  };
}

/** The tables of the poisoned updates. */
export async function run({ seeds, quick = false }: QualitySettings): Promise<QualityTable[]> {
  const count = seeds ?? (quick ? QUICK_SEEDS : SEEDS);
  const tables = [await guarded(count), await fooled(count)];
  return quick ? tables : [...tables, await memory(count)];
}
