// The worker of the bench page: checks, then times both sides in turns.

import { expose } from "comlink";
import { init, kernelInfo } from "../browser.ts";
import { monotonicMs } from "../foundation.ts";
import { type BenchEntry, benchEntries, differenceOf } from "./bench-cases.ts";

/** Turns of each side; the median is over them. */
const ROUNDS = 7;
/** A batch of calls takes at least this long, so that reading the clock costs nothing. */
const LEAST_BATCH_MS = 0.5;

/** What was measured of one entry. */
export interface BenchRow {
  name: string;
  detail: string;
  /** Nanoseconds of one piece of work. */
  oursNs: number;
  plainNs: number;
  /** Relative; and the largest that counts as the same result. */
  difference: number;
  tolerance: number;
}

interface Side {
  run: () => unknown;
  batch: number;
}

async function callTimes(run: () => unknown, times: number): Promise<number> {
  const start = monotonicMs();
  for (let time = 0; time < times; time++) {
    const result = run();
    if (result instanceof Promise) await result;
  }
  return monotonicMs() - start;
}

/** Runs until the compilers have done their work, and finds how many calls make a batch. */
async function warmUp(run: () => unknown, warmUpMs: number): Promise<Side> {
  const end = monotonicMs() + warmUpMs;
  while (monotonicMs() < end) await callTimes(run, 1);
  let batch = 1;
  while ((await callTimes(run, batch)) < LEAST_BATCH_MS) batch *= 2;
  return { run, batch };
}

/** Nanoseconds of a call, over a turn of some milliseconds. */
async function takeTurn({ run, batch }: Side, turnMs: number): Promise<number> {
  let [calls, passedMs] = [0, 0];
  do {
    passedMs += await callTimes(run, batch);
    calls += batch;
  } while (passedMs < turnMs);
  return (1e6 * passedMs) / calls;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

async function measure(entry: BenchEntry, turnMs: number): Promise<BenchRow> {
  const { name, detail, prepare } = entry;
  const { ours, plain, pieces, results, tolerance } = prepare();
  const difference = differenceOf(await results());
  const row = { name, detail, difference, tolerance };
  if (!(difference <= tolerance)) return { ...row, oursNs: Number.NaN, plainNs: Number.NaN };
  const sides = [await warmUp(ours, turnMs), await warmUp(plain, turnMs)] as const;
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    times[0].push(await takeTurn(sides[0], turnMs));
    times[1].push(await takeTurn(sides[1], turnMs));
  }
  return { ...row, oursNs: median(times[0]) / pieces, plainNs: median(times[1]) / pieces };
}

const api = {
  /** Gets the core ready; says which one it is. */
  async begin(): Promise<string> {
    await init({ threads: 1 });
    return kernelInfo().variant;
  },

  /** Measures everything and shows each row as it is ready. turnMs: of each side, per round. */
  async run(turnMs: number, show: (row: BenchRow, share: number) => Promise<void>): Promise<void> {
    for (const [index, entry] of benchEntries.entries()) {
      await show(await measure(entry, turnMs), (index + 1) / benchEntries.length);
    }
  },
};

/** What the page may ask of the worker. */
export type BenchWorker = typeof api;

expose(api);
