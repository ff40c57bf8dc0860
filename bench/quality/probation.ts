// False rollbacks and detection delay of the probation, beside a t-test that looks after every
// sample.

import { Random } from "../../src/core/random.ts";
import { Evidence } from "../../src/pipeline/promote/evidence.ts";
import { Probation, type ProbationOutcome } from "../../src/pipeline/promote/probation.ts";
import { percent, type QualitySettings, type QualityTable, upToChance } from "./table.ts";

const RUNS = 10_000;
const QUICK_RUNS = 50;
const LEVEL = 5;
const THRESHOLD = 100 / LEVEL;
const HORIZON = 2000;
const QUICK_HORIZON = 300;

/** Differences of mean 0 and variance 1, one at a time. */
type Stream = (random: Random) => () => number;

function studentT(random: Random, degrees: number): number {
  let square = 0;
  for (let i = 0; i < degrees; i++) square += random.normal() ** 2;
  return random.normal() / Math.sqrt(square / degrees);
}

/** An exponential with mean 1 by inversion. */
const exponential = (random: Random): number => -Math.log(1 - random.uniform());

function garch(random: Random): () => number {
  let variance = 1;
  return () => {
    const value = Math.sqrt(variance) * random.normal();
    variance = 0.05 + 0.15 * value * value + 0.8 * variance;
    return value;
  };
}

function autoregressive(random: Random, carry: number): () => number {
  let value = 0;
  return () => {
    value = carry * value + Math.sqrt(1 - carry * carry) * random.normal();
    return value;
  };
}

/** Two right or wrong answers that differ one time in ten; bounded by 1. */
function votes(random: Random): number {
  const draw = random.uniform();
  if (draw < 0.05) return -1;
  return draw < 0.1 ? 1 : 0;
}

/** A little worse nine times in ten, much better the tenth: mean 0, bounded by 1. */
const rareGains = (random: Random): number => (random.uniform() < 0.1 ? -0.9 : 0.1);

interface NullCase {
  name: string;
  stream: Stream;
  bound?: number;
  /** Whether the assumptions of `Evidence` hold. */
  holds: boolean;
}

const nullCases: NullCase[] = [
  { name: "normal", stream: (r) => () => r.normal(), holds: true },
  { name: "Student t, 3 degrees", stream: (r) => () => studentT(r, 3), holds: true },
  { name: "Student t, 2 degrees (no variance)", stream: (r) => () => studentT(r, 2), holds: true },
  { name: "volatility clusters", stream: garch, holds: true },
  { name: "right or wrong, 10% differ", stream: (r) => () => votes(r), bound: 1, holds: true },
  { name: "bounded, rare large gains", stream: (r) => () => rareGains(r), bound: 1, holds: true },
  { name: "skewed right: rare large losses", stream: (r) => () => exponential(r) - 1, holds: true },
  { name: "skewed left: rare large gains", stream: (r) => () => 1 - exponential(r), holds: false },
  { name: "autocorrelated, 0.2", stream: (r) => autoregressive(r, 0.2), holds: false },
];

/** A running t-test of mean 0 against above 0, one-sided: wrong to look at again and again. */
class NaiveTest {
  #count = 0;
  #mean = 0;
  #squares = 0;

  add(value: number): boolean {
    this.#count++;
    const shift = value - this.#mean;
    this.#mean += shift / this.#count;
    this.#squares += shift * (value - this.#mean);
    if (this.#count < 20) return false;
    const deviation = Math.sqrt(this.#squares / (this.#count - 1));
    return this.#mean > (1.645 * deviation) / Math.sqrt(this.#count);
  }
}

/** Whether each test ever says `worse` up to the horizon. */
function everWorse({ stream, bound }: NullCase, seed: number, horizon: number): [boolean, boolean] {
  const next = stream(new Random(seed));
  const evidence = new Evidence(bound);
  const naive = new NaiveTest();
  let [byEvidence, byNaive] = [false, false];
  for (let t = 0; t < horizon; t++) {
    const difference = next();
    if (!byNaive) byNaive = naive.add(difference);
    if (!byEvidence) {
      evidence.add(difference);
      byEvidence = evidence.value >= THRESHOLD;
    }
    if (byEvidence && byNaive) break;
  }
  return [byEvidence, byNaive];
}

function falseRollbacks(runs: number, horizon: number): QualityTable {
  const rows = nullCases.map((each) => {
    let [byEvidence, byNaive] = [0, 0];
    for (let seed = 0; seed < runs; seed++) {
      const [one, other] = everWorse(each, seed, horizon);
      if (one) byEvidence++;
      if (other) byNaive++;
    }
    const holds = each.holds ? "yes" : "no";
    return [each.name, holds, percent(byEvidence, runs), percent(byNaive, runs)];
  });
  const worst = Math.max(...rows.filter((row) => row[1] === "yes").map((row) => row[2] as number));
  return {
    title:
      "False rollbacks at any stopping time, %: the candidate is as good as the previous model",
    columns: ["differences", "assumptions hold", "probation", "t-test, peeking"],
    rows,
    note:
      `${runs} runs of ${horizon} samples, looked at after each; level ${LEVEL}%. The share that ` +
      "ever crosses bounds the error of every stopping rule.",
    requirements: [
      {
        what: "worst row within the assumptions",
        value: worst,
        bound: { most: upToChance(LEVEL, runs) },
      },
    ],
  };
}

/** How a probation ends, and after how many samples. */
function probe(effect: number, seed: number): { outcome: ProbationOutcome; samples: number } {
  const random = new Random(seed);
  const probation = new Probation({ level: LEVEL / 100 });
  let outcome: ProbationOutcome = "running";
  while (outcome === "running") {
    const previous = 1 + 0.3 * random.normal();
    outcome = probation.observe(previous, previous + 0.1 * (effect + random.normal()));
  }
  return { outcome, samples: probation.measurements.samples! };
}

const median = (values: number[]): number =>
  values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

function outcomes(runs: number): QualityTable {
  const rows = [-0.2, -0.1, 0, 0.05, 0.1, 0.2, 0.3, 0.5, 1].map((effect) => {
    const ends = Array.from({ length: runs }, (_, seed) => probe(effect, seed));
    const share = (wanted: ProbationOutcome) =>
      percent(ends.filter(({ outcome }) => outcome === wanted).length, runs);
    const worse = ends.filter(({ outcome }) => outcome === "rolled-back");
    return [
      effect,
      share("rolled-back"),
      share("passed"),
      share("inconclusive"),
      worse.length > 0 ? median(worse.map(({ samples }) => samples)) : "-",
      median(ends.map(({ samples }) => samples)),
    ];
  });
  const equal = rows.find(([effect]) => effect === 0)!;
  const bad = rows.find(([effect]) => effect === 0.3)!;
  return {
    title: "Outcomes of a probation with its defaults, %, by how much worse the candidate is",
    columns: [
      "worse by (deviations)",
      "rolled back",
      "passed",
      "inconclusive",
      "median samples to rollback",
      "median samples",
    ],
    rows,
    note:
      `${runs} runs; normal paired differences, the effect in standard deviations of one ` +
      `difference; level ${LEVEL}%, minSamples 200, maxSamples 800.`,
    requirements: [
      {
        what: "equal models rolled back",
        value: equal[1] as number,
        bound: { most: upToChance(LEVEL, runs) },
      },
      { what: "rolled back when worse by 0.3", value: bad[1] as number, bound: { least: 90 } },
    ],
  };
}

/** The tables of the probation. */
export function run({ seeds, quick = false }: QualitySettings): QualityTable[] {
  const runs = seeds ?? (quick ? QUICK_RUNS : RUNS);
  return [
    falseRollbacks(runs, quick ? QUICK_HORIZON : HORIZON),
    outcomes(Math.max(1, Math.floor(runs / 5))),
  ];
}
