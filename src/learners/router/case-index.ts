// Past cases by what was asked: how often, with which decision, and how well it went.

import * as z from "zod/mini";
import { parseOptions, readSingleFile, replaceSingleFile } from "../../foundation.ts";
import type { StorageOptions } from "../../index.ts";
import { type Camel, toCamel, toSnake } from "./naming.ts";
import { openList, sealList } from "./sealed-list.ts";
import {
  type Candidate,
  type CandidateSets,
  DECISION_TYPES,
  type DecisionType,
  MAX_CANDIDATES,
  type Task,
  type Trajectory,
} from "./trajectory.ts";
import { hashOf, wordsOf } from "./words.ts";

const KIND = "router-cases";
const DAY_MS = 86_400_000;
/** Characters of a gram: the usual choice for near duplicates of short texts. */
const GRAM = 3;

const caseRecord = z.strictObject({
  input: z.string(),
  decision_type: z.enum(DECISION_TYPES),
  selected_ids: z.array(z.string()),
  count: z.int().check(z.minimum(1)),
  mean_reward: z.number().check(z.minimum(0), z.maximum(1)),
  last_success_ms: z.nullable(z.number()),
  last_seen_ms: z.number(),
  policy_version: z.nullable(z.string()),
});

const optionsSchema = z.strictObject({
  maxCases: z._default(z.int().check(z.minimum(1), z.maximum(1_000_000)), 50_000),
  confidence: z._default(z.number().check(z.minimum(0.5), z.maximum(0.9999)), 0.9),
});

/** Options of a case index. */
export interface CaseIndexOptions {
  /** Inputs kept, the latest ones: default 50000. */
  maxCases?: number;
  /** Of the lower bounds: 0.5..0.9999, default 0.9. */
  confidence?: number;
}

/** One decision on one input, and how it went. */
export type PastDecision = Camel<z.output<typeof caseRecord>> & {
  /** The mean reward lies above it with the stated confidence. */
  lowerBound: number;
};

/** An input that was seen before, near to the one asked for. */
export interface CaseMatch {
  /** Normalised. */
  input: string;
  /** Shared grams of all grams of both (Jaccard): 1 for the same normalised input. */
  similarity: number;
  /** Best lower bound first. */
  decisions: PastDecision[];
}

type Tallied = Camel<z.output<typeof caseRecord>>;

/** Lower case, words of letters and digits only, one blank between them. */
export function normalizeInput(input: string): string {
  return wordsOf(input).join(" ");
}

/**
 * Cases by normalised input. Only live trajectories that are not of the benchmark get in; `add` is
 * given the others' verdict by its caller. The lower bound is Hoeffding's (1963) for rewards in [0,
 * 1]: mean - sqrt(ln(1 / (1 - confidence)) / (2 n)), at least 0.
 */
export class CaseIndex {
  readonly #options: z.output<typeof optionsSchema>;
  /** By input, then by decision. */
  readonly #cases = new Map<string, Map<string, Tallied>>();
  /** Inputs that have a gram, by its hash. */
  readonly #postings = new Map<number, Set<string>>();

  /** Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options?: CaseIndexOptions) {
    this.#options = parseOptions("CaseIndex", optionsSchema, options);
  }

  /** An index of the live trajectories. isBenchmark: whether a task id is of the benchmark. */
  static build(
    trajectories: Iterable<Trajectory>,
    isBenchmark: (taskId: string) => boolean,
    options?: CaseIndexOptions,
  ): CaseIndex {
    const index = new CaseIndex(options);
    for (const trajectory of trajectories) {
      if (!isBenchmark(trajectory.task.taskId)) index.add(trajectory);
    }
    return index;
  }

  /** Inputs held. */
  get size(): number {
    return this.#cases.size;
  }

  /** Takes in a trajectory; returns whether it is live and says something. */
  add({ origin, task, decisions, reward, outcome, policyVersion }: Trajectory): boolean {
    const input = normalizeInput(task.input);
    if (origin !== "live" || input === "") return false;
    const first = decisions.reduce((least, each) => (each.step < least.step ? each : least));
    const { decisionType, selectedIds } = first;
    const seenMs = Date.parse(task.createdAt);
    this.#merge({
      input,
      decisionType,
      selectedIds: [...selectedIds].sort(),
      count: 1,
      meanReward: reward,
      lastSuccessMs: outcome === "success" ? seenMs : null,
      lastSeenMs: seenMs,
      policyVersion,
    });
    return true;
  }

  #merge(added: Tallied): void {
    const { input, decisionType, selectedIds } = added;
    const decisions = this.#cases.get(input) ?? new Map<string, Tallied>();
    const key = [decisionType, ...selectedIds].join(" ");
    const known = decisions.get(key);
    decisions.set(key, known ? joined(known, added) : added);
    // Put last again: the inputs that were not seen for longest are first to go.
    this.#cases.delete(input);
    this.#cases.set(input, decisions);
    for (const gram of gramsOf(input)) {
      const posted = this.#postings.get(gram) ?? new Set();
      this.#postings.set(gram, posted.add(input));
    }
    if (this.#cases.size > this.#options.maxCases) this.#forget(this.#cases.keys().next().value!);
  }

  #forget(input: string): void {
    this.#cases.delete(input);
    for (const gram of gramsOf(input)) {
      const posted = this.#postings.get(gram)!;
      posted.delete(input);
      if (posted.size === 0) this.#postings.delete(gram);
    }
  }

  /**
   * The nearest inputs, nearest first, equal ones by their text. k: how many, default 3. least: the
   * similarity that they have at least, default 0.5.
   */
  lookup(input: string, { k = 3, least = 0.5 } = {}): CaseMatch[] {
    const normalized = normalizeInput(input);
    const grams = gramsOf(normalized);
    const shared = new Map<string, number>();
    for (const gram of grams) {
      for (const known of this.#postings.get(gram) ?? []) {
        shared.set(known, (shared.get(known) ?? 0) + 1);
      }
    }
    const near = [...shared].flatMap(([known, count]) => {
      const all = grams.size + gramsOf(known).size - count;
      const similarity = known === normalized ? 1 : count / all;
      return similarity >= least ? [{ input: known, similarity }] : [];
    });
    near.sort((a, b) => b.similarity - a.similarity || (a.input < b.input ? -1 : 1));
    return near.slice(0, k).map((match) => ({ ...match, decisions: this.#decisions(match.input) }));
  }

  #decisions(input: string): PastDecision[] {
    const slack = -Math.log(1 - this.#options.confidence) / 2;
    const decisions = [...this.#cases.get(input)!.values()].map((each) => ({
      ...each,
      lowerBound: Math.max(0, each.meanReward - Math.sqrt(slack / each.count)),
    }));
    return decisions.sort((a, b) => b.lowerBound - a.lowerBound || b.meanReward - a.meanReward);
  }

  /**
   * The best case near an input as a memory to choose from, or undefined without one. nowMs: for
   * its freshness, which halves every 30 days.
   */
  episode(input: string, nowMs: number): Candidate | undefined {
    const [match] = this.lookup(input, { k: 1 });
    if (match === undefined) return undefined;
    const best = match.decisions[0]!;
    const ageDays = Math.max(0, nowMs - best.lastSeenMs) / DAY_MS;
    return {
      id: `episode-${hashOf(match.input).toString(16).padStart(8, "0")}`,
      type: "memory",
      title: "A past case",
      summary: summaryOf(match, best),
      triggers: [match.input.slice(0, 1000)],
      cost: 0,
      confidence: best.lowerBound,
      successRate: best.meanReward,
      freshness: 0.5 ** (ageDays / 30),
      risk: 0,
      tags: ["episodic", best.decisionType],
      source: "generated",
    };
  }

  /** Everything as bytes, the same for the same cases in the same order. */
  toBytes(): Uint8Array {
    const all = [...this.#cases.values()].flatMap((decisions) => [...decisions.values()]);
    return sealList(KIND, all.map(toSnake));
  }

  /** Writes the index to a file, whole. Throws FILE_FAILED. */
  async save(path: string, { disk }: Pick<StorageOptions, "disk"> = {}): Promise<void> {
    await replaceSingleFile(path, this.toBytes(), disk);
  }

  /** Reads a file of `save`; undefined when there is none. Throws FILE_CORRUPT, FILE_FAILED. */
  static async load(
    path: string,
    { disk, ...options }: CaseIndexOptions & Pick<StorageOptions, "disk"> = {},
  ): Promise<CaseIndex | undefined> {
    const bytes = await readSingleFile(path, disk);
    if (bytes === undefined) return undefined;
    const index = new CaseIndex(options);
    for (const record of openList(KIND, caseRecord, bytes, path)) index.#merge(toCamel(record));
    return index;
  }
}

/** The candidates with the best case near the task's input, as fresh as it is when it is asked. */
export function withEpisode(
  candidates: CandidateSets,
  cases: CaseIndex,
  task: Task,
): CandidateSets {
  const episode = cases.episode(task.input, Date.parse(task.createdAt));
  const isFull = candidates.memory.length >= MAX_CANDIDATES;
  if (episode === undefined || isFull) return candidates;
  return { ...candidates, memory: [...candidates.memory, episode] };
}

function joined(a: Tallied, b: Tallied): Tallied {
  const count = a.count + b.count;
  const latest = b.lastSeenMs >= a.lastSeenMs ? b : a;
  const successes = [a.lastSuccessMs, b.lastSuccessMs].filter((each) => each !== null);
  return {
    ...latest,
    count,
    meanReward: Math.min(1, a.meanReward + ((b.meanReward - a.meanReward) * b.count) / count),
    lastSuccessMs: successes.length > 0 ? Math.max(...successes) : null,
  };
}

/** Hashes of the runs of 3 characters of a text, with a blank before and after it. */
function gramsOf(input: string): Set<number> {
  const padded = ` ${input} `;
  const grams = new Set<number>();
  for (let at = 0; at + GRAM <= padded.length; at++) grams.add(hashOf(padded.slice(at, at + GRAM)));
  return grams;
}

function summaryOf({ similarity }: CaseMatch, best: PastDecision): string {
  const { decisionType, selectedIds, count, meanReward } = best;
  const chosen = [decisionType satisfies DecisionType, ...selectedIds].join(" ");
  const times = `${count} time${count === 1 ? "" : "s"}`;
  const [mean, alike] = [meanReward.toFixed(2), similarity.toFixed(2)];
  return `${chosen}: ${times}, mean reward ${mean}, ${alike} alike`;
}
