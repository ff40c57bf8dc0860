// What a cycle learns once its patterns stand: boundary test, training, and proof.

import { pairedMean } from "../../foundation.ts";
import { assignToCentroids, CosineIndex, type HoldoutSplit } from "../../index.ts";
import {
  gradientsOf,
  type Lesson,
  lossesOf,
  type PatternRows,
  study,
  trainAdapter,
} from "./adapter-training.ts";
import type { LoopOptions } from "./background-options.ts";
import type { LoopState } from "./background-state.ts";
import { joinRows } from "./pattern-clusters.ts";
import type { Experience } from "./query-trajectory.ts";
import type { ResidualAdapter } from "./residual-adapter.ts";

/** How a cycle can end. */
export const BACKGROUND_STATUSES = [
  "completed",
  "completed: no gain on held-out trajectories",
  "completed: too few held-out trajectories",
  "completed: update diverged",
  "skipped: insufficient trajectories",
] as const;

/** How a cycle ended. */
export type BackgroundStatus = (typeof BACKGROUND_STATUSES)[number];

/** Gain of an update on trajectories that it was not trained on. */
export interface HeldOutGain {
  /** Mean fall of the loss. */
  mean: number;
  /** Lower bound of the mean with the confidence asked for; an update counts when it is above 0. */
  lower: number;
  /** Trajectories judged on. */
  count: number;
}

/** What was learned. */
export interface Learned {
  ewcUpdated: boolean;
  boundaryDetected: boolean;
  adapterUpdated: boolean;
  gain: HeldOutGain | undefined;
  status: BackgroundStatus;
}

/** Gradients of one window: the test needs no more, and memory has a limit. */
const MAX_GRADIENTS = 256;
/** Held-out trajectories below which an interval says nothing. */
const MIN_JUDGES = 8;

/** Learns from fresh experiences and changes the state; fresh is not empty. */
export function learnFrom(
  fresh: readonly Experience[],
  state: LoopState,
  options: LoopOptions,
  split: HoldoutSplit,
): Learned {
  const { ewc } = state;
  using index = new CosineIndex(options.embeddingSize);
  const patterns = patternRows(state, options, index);
  const lessons = lessonsOf(fresh, state, patterns);
  const isHeldOut = fresh.map(({ query, quality }) =>
    split.isHoldout({ input: query, label: Float32Array.of(quality) }),
  );
  const isBoundary = isTaskOver(lessons, state, patterns);
  const isConsolidated = isBoundary && ewc.consolidate(state.adapter.weights);
  // The held-out ones of a task that is over would hold back what the next one needs.
  const earlier = isBoundary ? [] : state.heldOut;
  const judges = [...earlier, ...fresh.filter((_, row) => isHeldOut[row])];
  state.heldOut = judges.slice(-options.maxHeldOut);
  const training = lessons.filter((_, row) => !isHeldOut[row]);
  const { candidate, gain, status } = improve(training, state, options, patterns);
  if (candidate) {
    state.adapter = candidate;
    state.updates++;
    ewc.learn(gradientsOf(candidate, evenly(lessons, MAX_GRADIENTS), patterns));
  }
  return {
    ewcUpdated: isConsolidated || candidate !== undefined,
    boundaryDetected: isBoundary,
    adapterUpdated: candidate !== undefined,
    gain,
    status,
  };
}

function patternRows(
  { bank }: LoopState,
  { negatives, temperature }: LoopOptions,
  index: CosineIndex,
): PatternRows {
  const all = bank.patterns();
  const rows = all.map(({ centroid }) => centroid);
  index.replace(joinRows(rows));
  return { rows, ids: all.map(({ id }) => id), index, negatives, temperature };
}

/** The used pattern is the first that the contexts name, else the one nearest to the outcome. */
function lessonsOf(
  experiences: readonly Experience[],
  { adapter, normalQuality }: LoopState,
  { rows, ids }: PatternRows,
): Lesson[] {
  const places = new Map(ids.map((id, row) => [id, row]));
  const outcomes = joinRows(experiences.map(({ outcome }) => outcome));
  const { labels } = assignToCentroids(outcomes, joinRows(rows), adapter.shape.size);
  return experiences.map(({ query, quality, contextIds }, row) => {
    const context = contextIds.find((id) => places.has(id));
    const used = context === undefined ? labels[row]! : places.get(context)!;
    return { query, used, advantage: quality - normalQuality! };
  });
}

/** By the fresh trajectories and the held-out ones of this task: no weight has seen any of them. */
function isTaskOver(lessons: readonly Lesson[], state: LoopState, patterns: PatternRows): boolean {
  const { adapter, ewc, heldOut } = state;
  const reference = lessonsOf(heldOut.slice(-MAX_GRADIENTS), state, patterns);
  const { isBoundary } = ewc.judge({
    losses: lessons.map((lesson) => study(adapter, lesson, patterns).misjudged),
    reference: gradientsOf(adapter, reference, patterns),
    fresh: gradientsOf(adapter, evenly(lessons, MAX_GRADIENTS), patterns),
  });
  return isBoundary;
}

/** Trains a copy; it is a candidate only when the held-out trajectories gain from it. */
function improve(
  training: readonly Lesson[],
  state: LoopState,
  { baseLoraLr: lr, epochs, batchSize, confidence }: LoopOptions,
  patterns: PatternRows,
): Pick<Learned, "status" | "gain"> & { candidate?: ResidualAdapter } {
  const { adapter, ewc, random } = state;
  const judges = lessonsOf(state.heldOut, state, patterns);
  if (judges.length < MIN_JUDGES) {
    return { status: "completed: too few held-out trajectories", gain: undefined };
  }
  const proximalStep = ewc.proximalStep.bind(ewc);
  const how = { lr, epochs, batchSize, random, proximalStep };
  const candidate = trainAdapter(adapter, training, patterns, how);
  if (!candidate) return { status: "completed: update diverged", gain: undefined };
  const after = lossesOf(candidate, judges, patterns);
  const falls = lossesOf(adapter, judges, patterns).map((loss, row) => loss - after[row]!);
  const { mean, lower } = pairedMean(falls, confidence);
  const gain = { mean, lower, count: falls.length };
  if (!(lower > 0)) return { status: "completed: no gain on held-out trajectories", gain };
  return { status: "completed", gain, candidate };
}

/** At most `count` elements, evenly spaced. */
function evenly<T>(values: readonly T[], count: number): T[] {
  const taken = Math.min(count, values.length);
  return Array.from({ length: taken }, (_, k) => values[Math.floor((k * values.length) / taken)]!);
}
