// Times pieces of work against each other: mitata's loop, taken in turns, so that a load that comes
// and goes falls on all of them alike.

import { measure } from "mitata";
import type { Figure } from "./report.ts";

/** How long to measure. */
export interface Budget {
  /** Turns that every subject gets. */
  rounds: number;
  perTurnMs: number;
  warmUpMs: number;
  isQuick: boolean;
}

export const fullBudget: Budget = { rounds: 7, perTurnMs: 150, warmUpMs: 300, isQuick: false };
export const quickBudget: Budget = { rounds: 1, perTurnMs: 5, warmUpMs: 5, isQuick: true };

/** Work to time: a function, one that needs a setting before each of its turns, or something that
 * times itself for some milliseconds and returns the nanoseconds of its calls. */
export type Subject =
  | (() => unknown)
  | { before(): Promise<void>; run(): unknown }
  | { sample(ms: number): number[] };

export interface Timing {
  medianNs: number;
  p99Ns: number;
  samples: number;
}

/** Calls shorter than this are timed in batches: reading the clock costs some 30 ns. */
const BATCH_BELOW_NS = 5_000;
const BATCH_CALLS = 256;

/** Times all subjects in turns; every turn of a function starts with a garbage collection. */
export async function alternate<Name extends string>(
  subjects: Record<Name, Subject>,
  budget: Budget,
): Promise<Record<Name, Timing>> {
  const entries = Object.entries(subjects) as [Name, Subject][];
  const samples = new Map<Name, number[]>(entries.map(([name]) => [name, []]));
  for (const [, subject] of entries) await warmUp(subject, budget);
  for (let round = 0; round < budget.rounds; round++) {
    for (const [name, subject] of entries) {
      const turn = await takeTurn(subject, budget.perTurnMs);
      for (const sample of turn) samples.get(name)!.push(sample);
    }
  }
  const timings = entries.map(([name]) => [name, timingOf(samples.get(name)!)] as const);
  return Object.fromEntries(timings) as Record<Name, Timing>;
}

/** Runs until the compilers behind the subject have had their time. */
async function warmUp(subject: Subject, { warmUpMs }: Budget): Promise<void> {
  if ("sample" in subject) return; // it warms up by itself
  if ("before" in subject) await subject.before();
  const run = "run" in subject ? subject.run : subject;
  const end = performance.now() + warmUpMs;
  do run();
  while (performance.now() < end);
}

async function takeTurn(subject: Subject, ms: number): Promise<number[]> {
  if ("sample" in subject) return subject.sample(ms);
  if (!("before" in subject)) return timeCalls(subject, ms);
  await subject.before();
  return timeCalls(subject.run, ms);
}

/** Nanoseconds of single calls, or of batches divided by their calls. */
async function timeCalls(run: () => unknown, ms: number): Promise<number[]> {
  const { samples } = await measure(run, {
    min_cpu_time: ms * 1e6,
    min_samples: 2,
    samples_threshold: Number.POSITIVE_INFINITY, // mitata would drop the slowest samples
    batch_threshold: BATCH_BELOW_NS,
    batch_samples: BATCH_CALLS,
  });
  return samples;
}

/** Median and 99th percentile of nanoseconds. */
export function timingOf(samples: readonly number[]): Timing {
  const sorted = Float64Array.from(samples).sort();
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]!;
  return { medianNs: at(0.5), p99Ns: at(0.99), samples: sorted.length };
}

/** A time for `calls` pieces of work per timed call. */
export function timeOf({ medianNs, p99Ns }: Timing, calls = 1): Figure {
  return { value: medianNs / calls, unit: "ns", p99: p99Ns / calls };
}

/** A rate: `amount` of `unit` per nanosecond. */
export function rateOf({ medianNs }: Timing, amount: number, unit: string): Figure {
  return { value: amount / medianNs, unit };
}
