// Recall, delay and false alarms of every drift detector on streams whose change is known.

import { Adwin } from "../../src/pipeline/drift/adwin.ts";
import { Cusum } from "../../src/pipeline/drift/cusum.ts";
import { Ddm } from "../../src/pipeline/drift/ddm.ts";
import type { DriftDetector } from "../../src/pipeline/drift/drift-detector.ts";
import { Eddm } from "../../src/pipeline/drift/eddm.ts";
import { HddmA } from "../../src/pipeline/drift/hddm-a.ts";
import { HddmW } from "../../src/pipeline/drift/hddm-w.ts";
import { Kswin } from "../../src/pipeline/drift/kswin.ts";
import { PageHinkley } from "../../src/pipeline/drift/page-hinkley.ts";
import { SharpeDriftDetector } from "../../src/pipeline/drift/sharpe-drift-detector.ts";
import {
  type DriftStream,
  drawStream,
  errorStreams,
  lossStreams,
  returnStreams,
} from "./drift-streams.ts";
import {
  type Cell,
  percent,
  type QualityChart,
  type QualitySettings,
  type QualityTable,
} from "./table.ts";

const SEEDS = 400;
const QUICK_SEEDS = 3;
/** Values of one stream without a change, where every alarm is false. */
const CALM = 10_000;

interface Contestant {
  name: string;
  make(): DriftDetector;
  /** Brings a value into the range that the detector is documented for. */
  scale?(value: number): number;
}

/** A family of streams and who is asked about them. */
interface Round {
  title: string;
  streams: DriftStream[];
  contestants: Contestant[];
  /** Values before and after the change. */
  before: number;
  after: number;
  /** The stream of the chart. */
  drawn: string;
  note: string;
}

/** Losses of deviation 1 in about 0 to 1, as Adwin asks. */
const toUnit = (value: number) => 0.5 + value / 8;

const rounds: Round[] = [
  {
    title: "Changes of losses (mean 0, deviation 1)",
    streams: lossStreams,
    contestants: [
      { name: "Adwin", make: () => new Adwin(), scale: toUnit },
      { name: "PageHinkley", make: () => new PageHinkley() },
      { name: "Kswin", make: () => new Kswin() },
      { name: "Cusum", make: () => new Cusum() },
    ],
    before: 1000,
    after: 1000,
    drawn: "mean +1",
    note: "Adwin sees 0.5 + loss / 8, since its bound is for values from 0 to 1.",
  },
  {
    title: "Changes of error rates",
    streams: errorStreams,
    contestants: [
      { name: "Ddm", make: () => new Ddm() },
      { name: "Eddm", make: () => new Eddm() },
      { name: "HddmA", make: () => new HddmA() },
      { name: "HddmW", make: () => new HddmW() },
      { name: "Adwin", make: () => new Adwin() },
    ],
    before: 1000,
    after: 1000,
    drawn: "errors 10% to 20%",
    note: "Adwin is there for comparison; it takes errors as losses.",
  },
  {
    title: "Falls of the Sharpe ratio of daily returns",
    streams: returnStreams,
    contestants: [1, 2, 3].map((sigmas) => ({
      name: sigmas === 1 ? "SharpeDriftDetector" : `SharpeDriftDetector, ${sigmas} sigmas`,
      make: () => new SharpeDriftDetector({ input: "returns", sigmas }),
    })),
    before: 500,
    after: 60,
    drawn: "Sharpe 1.5 to -4",
    note: "Window of 30 days; the default is one sigma.",
  },
];

function drifts({ make, scale }: Contestant, values: Float64Array): number[] {
  const detector = make();
  const found: number[] = [];
  values.forEach((value, t) => {
    if (detector.update(scale ? scale(value) : value) === "drift") found.push(t);
  });
  (detector as Partial<Disposable>)[Symbol.dispose]?.();
  return found;
}

/** Delay of the first alarm after the change in every run; Infinity where there was none. */
function delays(contestant: Contestant, stream: DriftStream, round: Round, seeds: number) {
  const { before, after } = round;
  return Array.from({ length: seeds }, (_, seed) => {
    const found = drifts(contestant, drawStream(stream, seed, before, after));
    const first = found.find((t) => t >= before);
    return first === undefined ? Number.POSITIVE_INFINITY : first - before + 1;
  }).sort((a, b) => a - b);
}

/** A quantile of sorted delays; "-" where that share was not found. */
function quantile(sorted: readonly number[], share: number): Cell {
  const value = sorted[Math.ceil(share * sorted.length) - 1]!;
  return Number.isFinite(value) ? value : "-";
}

/** Share found within so many values, as points of a line. */
function curve(sorted: readonly number[], after: number): [number, number][] {
  return Array.from({ length: 51 }, (_, step): [number, number] => {
    const within = Math.round((after * step) / 50);
    return [within, percent(sorted.filter((delay) => delay <= within).length, sorted.length)];
  });
}

function falseAlarms(contestant: Contestant, calm: DriftStream, seeds: number): number {
  let count = 0;
  // Other seeds than those of the changes.
  for (let seed = 0; seed < seeds; seed++) {
    count += drifts(contestant, drawStream(calm, 1e6 + seed, CALM, 0)).length;
  }
  return Math.round((100 * count) / seeds) / 100;
}

function runRound(round: Round, seeds: number): QualityTable {
  const { title, streams, contestants, before, after, drawn, note } = round;
  const series: QualityChart["series"] = [];
  const losses: string[] = [];
  const rows = contestants.flatMap((contestant) => {
    const alarms = falseAlarms(contestant, streams[0]!, seeds);
    if (alarms > 10) {
      losses.push(`${contestant.name} alarms ${alarms} times in 10^4 values that do not change.`);
    }
    return streams.map((stream, index): Cell[] => {
      const sorted = delays(contestant, stream, round, seeds);
      const found = percent(sorted.filter(Number.isFinite).length, seeds);
      if (stream.name === drawn) {
        series.push({ name: contestant.name, points: curve(sorted, after) });
      }
      if (index > 0 && found < 50) {
        losses.push(`${contestant.name} finds "${stream.name}" in only ${found}% of the runs.`);
      }
      const late = [quantile(sorted, 0.5), quantile(sorted, 0.9)];
      return [contestant.name, stream.name, found, ...late, index === 0 ? alarms : ""];
    });
  });
  return {
    title,
    columns: ["detector", "change", "found, %", "median delay", "90% within", "false per 10^4"],
    rows,
    note:
      `${seeds} runs for each row: ${before} values before the change and ${after} after it, in ` +
      'which it must be found; "no change" tells how often an alarm falls there by chance. False ' +
      `alarms are counted in streams of ${CALM} values of their own. All options at their ` +
      `defaults. ${note}`,
    requirements: [],
    losses,
    chart: {
      xLabel: "values since the change",
      yLabel: `found, % ("${drawn}")`,
      series,
    },
  };
}

/** The tables of the drift detectors. */
export function run({ seeds, quick = false }: QualitySettings): QualityTable[] {
  const count = seeds ?? (quick ? QUICK_SEEDS : SEEDS);
  return rounds.map((round) => runRound(round, count));
}
