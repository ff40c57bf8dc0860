// The patterns that answered queries fall into: clusters with stable ids that are found again,
// grow, age, merge and go.

import * as z from "zod/mini";
import { parseOptions } from "../../foundation.ts";
import { CosineIndex, DriftkeelError, type Tensor } from "../../index.ts";
import { bankSchema, type PatternBankOptions } from "./background-options.ts";
import { findClusters, joinRows, rowOf, similarGroups } from "./pattern-clusters.ts";
import {
  checkEmbedding,
  type Experience,
  experienceOf,
  type QueryTrajectory,
  unit,
} from "./query-trajectory.ts";
import { decodeParts, encodeParts, valuesOf } from "./saved-bytes.ts";

/** A cluster of outcomes. */
export interface Pattern {
  /** Never given to another pattern. */
  readonly id: string;
  /** f32[embeddingSize], length 1. */
  readonly centroid: Float32Array;
  /** Mean quality of its trajectories, the newer ones weighing more: 0..1. */
  readonly quality: number;
  /** Trajectories that belong to it, each counting less with every extraction since. */
  readonly use: number;
  /** Extractions since the last trajectory. */
  readonly age: number;
}

/** A pattern that was found by a search. */
export interface SimilarPattern extends Pattern {
  /** Cosine, -1 to 1. */
  readonly similarity: number;
}

/** What an extraction did. */
export interface Extraction {
  /** Patterns that trajectories of this extraction belong to. */
  patterns: Pattern[];
  /** How many of them were not there before. */
  added: number;
}

/** What `prune` takes: a pattern goes when one of these holds. */
export interface PruneLimits {
  /** Quality below this; default 0. */
  minQuality?: number;
  /** Use below this; default 0.05, which a lone trajectory reaches after 149 extractions. */
  minUse?: number;
  /** More extractions without a trajectory; default: any number may pass. */
  maxAge?: number;
}

/** Where an answer was, as a direction, and how good it was. */
type Outcome = Pick<Experience, "outcome" | "quality">;

interface Member {
  id: string;
  centroid: Float32Array;
  /** Decayed sums over its trajectories: of quality weights, of ones, of qualities. */
  mass: number;
  use: number;
  qualitySum: number;
  age: number;
}

/** The weight of a trajectory of quality 0: it still shows where answers lie. */
const LEAST_WEIGHT = 0.1;

const amount = z.number().check(z.minimum(0));
const pruneSchema = z.strictObject({
  minQuality: z._default(amount.check(z.maximum(1)), 0),
  minUse: z._default(amount, 0.05),
  maxAge: z.optional(amount),
});
const recordSchema = z.strictObject({
  options: bankSchema,
  created: z.int().check(z.minimum(0)),
  members: z.array(
    z.strictObject({ id: z.string(), mass: amount, use: amount, qualitySum: amount, age: amount }),
  ),
  qualities: z.array(z.number().check(z.minimum(0), z.maximum(1))),
});
const KIND = "PatternBank";

/** Holds at most `maxPatterns` patterns; the cost of an extraction does not grow with its past. */
export class PatternBank {
  readonly #options: z.output<typeof bankSchema>;
  readonly #index: CosineIndex;
  #members: Member[] = [];
  /** Trajectories since the last extraction. */
  #pending: Outcome[] = [];
  /** Ids given so far. */
  #created = 0;

  /** Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options: PatternBankOptions) {
    this.#options = parseOptions(KIND, bankSchema, options);
    this.#index = new CosineIndex(this.#options.embeddingSize);
  }

  /** Patterns held. */
  get size(): number {
    return this.#members.length;
  }

  /** Trajectories that wait for an extraction. */
  get pending(): number {
    return this.#pending.length;
  }

  /** All patterns, oldest first. */
  patterns(): Pattern[] {
    return this.#members.map(patternOf);
  }

  /** Keeps a trajectory for the next extraction. Throws as `experienceOf`, FEEDBACK_BUFFER_FULL. */
  addTrajectory(trajectory: QueryTrajectory): void {
    const { outcome, quality } = experienceOf(trajectory, this.#options.embeddingSize);
    if (this.#pending.length >= this.#options.maxPending) {
      throw new DriftkeelError(
        "FEEDBACK_BUFFER_FULL",
        `Expected at most ${this.#options.maxPending} trajectories (maxPending) before an ` +
          "extraction, got another. Call extractPatterns() first.",
      );
    }
    this.#pending.push({ outcome, quality });
  }

  /**
   * Finds the patterns of the waiting trajectories. Those near a pattern join it and move it,
   * weighted by quality; the others open patterns; patterns that have become alike merge into the
   * oldest; beyond `maxPatterns` the least used go. Everything older loses `1 - decay` of its
   * weight first. Without waiting trajectories nothing happens.
   */
  extractPatterns(): Extraction {
    const extraction = this.extractFrom(this.#pending);
    this.#pending = [];
    return extraction;
  }

  /** The same for outcomes of length 1 that have been checked, instead of those that wait. */
  extractFrom(fresh: readonly Outcome[]): Extraction {
    const { embeddingSize: size, minSimilarity, maxPatterns, decay } = this.#options;
    if (fresh.length === 0) return { patterns: [], added: 0 };
    const { centroids, labels } = findClusters({
      points: joinRows(fresh.map(({ outcome }) => outcome)),
      weights: Float32Array.from(fresh, ({ quality }) => weightOf(quality)),
      centroids: joinRows(this.#members.map(({ centroid }) => centroid)),
      mass: Float64Array.from(this.#members, ({ mass }) => decay * mass),
      size,
      minSimilarity,
      maxOpened: maxPatterns,
    });
    const before = this.#created;
    const members = this.#members.map((member) => aged(member, decay));
    while (members.length * size < centroids.length) members.push(this.#create());
    for (const [row, label] of labels.entries()) join(members[label]!, fresh[row]!.quality);
    for (const [row, member] of members.entries()) {
      // Bytes of a pattern that nobody joined stay: scaling it to length 1 again may round.
      if (member.age === 0) member.centroid = rowOf(centroids, row, size).slice();
    }
    this.#settle(members.filter(({ use }) => use > 0));
    const patterns = this.#members.filter(({ age }) => age === 0).map(patternOf);
    return { patterns, added: patterns.filter(({ id }) => numberOf(id) > before).length };
  }

  #create(): Member {
    this.#created++;
    const centroid = new Float32Array(this.#options.embeddingSize);
    return { id: `p${this.#created}`, centroid, mass: 0, use: 0, qualitySum: 0, age: 1 };
  }

  /**
   * The `count` patterns most similar to an embedding, best first. Throws LENGTH_MISMATCH,
   * VALUE_NOT_FINITE, ARGUMENT_RANGE, DISPOSED.
   */
  findSimilar(query: Float32Array, count: number): SimilarPattern[] {
    checkEmbedding("query", query, this.#options.embeddingSize);
    return this.#index.nearest(query, count).map(({ index, similarity }) => ({
      ...patternOf(this.#members[index]!),
      similarity,
    }));
  }

  /** Merges patterns with a cosine of at least `mergeSimilarity`; returns how many went. */
  consolidate(): number {
    const before = this.#members.length;
    this.#settle(this.#members);
    return before - this.#members.length;
  }

  /** Drops patterns; returns how many went. Throws OPTION_INVALID, OPTION_UNKNOWN. */
  prune(limits?: PruneLimits): number {
    const { minQuality, minUse, maxAge } = parseOptions("prune", pruneSchema, limits);
    const before = this.#members.length;
    this.#replace(
      this.#members.filter(
        (each) =>
          each.qualitySum / each.use >= minQuality &&
          each.use >= minUse &&
          (maxAge === undefined || each.age <= maxAge),
      ),
    );
    return before - this.#members.length;
  }

  /** Merges what is alike and drops what is too much. */
  #settle(members: Member[]): void {
    const { embeddingSize: size, mergeSimilarity, maxPatterns } = this.#options;
    let left = members;
    for (;;) {
      const groups = similarGroups(
        joinRows(left.map(({ centroid }) => centroid)),
        size,
        mergeSimilarity,
      );
      if (groups.every((group, row) => group === row)) break;
      left = merged(left, groups);
    }
    // The newest of equally used ones go: the others have kept their place before.
    const ranked = [...left.keys()].sort((a, b) => left[b]!.use - left[a]!.use || a - b);
    const kept = new Set(ranked.slice(0, maxPatterns));
    this.#replace(left.filter((_, row) => kept.has(row)));
  }

  #replace(members: Member[]): void {
    this.#index.replace(joinRows(members.map(({ centroid }) => centroid)));
    this.#members = members;
  }

  /** Everything, as bytes. */
  toBytes(): Uint8Array {
    const size = this.#options.embeddingSize;
    const tensor = (rows: readonly Float32Array[]): Tensor => ({
      shape: [rows.length, size],
      values: joinRows(rows),
    });
    const record: z.input<typeof recordSchema> = {
      options: this.#options,
      created: this.#created,
      members: this.#members.map(({ centroid: _, ...rest }) => rest),
      qualities: this.#pending.map(({ quality }) => quality),
    };
    const tensors = new Map([
      ["centroids", tensor(this.#members.map(({ centroid }) => centroid))],
      ["pending", tensor(this.#pending.map(({ outcome }) => outcome))],
    ]);
    return encodeParts(KIND, { tensors, record });
  }

  /** A bank that goes on where `toBytes` was called. Throws FILE_CORRUPT, STATE_INVALID. */
  static fromBytes(bytes: Uint8Array): PatternBank {
    const { tensors, record } = decodeParts(KIND, bytes, recordSchema);
    const size = record.options.embeddingSize;
    const rows = (name: string, count: number) => {
      const values = valuesOf(KIND, tensors, name, count * size);
      return (row: number) => rowOf(values, row, size).slice();
    };
    const centroid = rows("centroids", record.members.length);
    const outcome = rows("pending", record.qualities.length);
    const bank = new PatternBank(record.options);
    bank.#created = record.created;
    bank.#pending = record.qualities.map((quality, row) => ({ outcome: outcome(row), quality }));
    bank.#replace(record.members.map((rest, row) => ({ ...rest, centroid: centroid(row) })));
    return bank;
  }

  /** Gives the memory back. Later searches throw DISPOSED. */
  dispose(): void {
    this.#index.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function weightOf(quality: number): number {
  return LEAST_WEIGHT + (1 - LEAST_WEIGHT) * quality;
}

function numberOf(id: string): number {
  return Number(id.slice(1));
}

function patternOf({ id, centroid, qualitySum, use, age }: Member): Pattern {
  return { id, centroid: centroid.slice(), quality: qualitySum / use, use, age };
}

function aged(member: Member, decay: number): Member {
  return {
    ...member,
    mass: decay * member.mass,
    use: decay * member.use,
    qualitySum: decay * member.qualitySum,
    age: member.age + 1,
  };
}

function join(member: Member, quality: number): void {
  member.mass += weightOf(quality);
  member.use += 1;
  member.qualitySum += quality;
  member.age = 0;
}

/** One member for every group, with the id of its first: the oldest. */
function merged(members: readonly Member[], groups: readonly number[]): Member[] {
  return [...new Set(groups)].map((first) => {
    const all = members.filter((_, row) => groups[row] === first);
    if (all.length === 1) return all[0]!;
    const sum = (value: (each: Member) => number) =>
      all.reduce((total, each) => total + value(each), 0);
    const direction = Float64Array.from(members[first]!.centroid, (_, k) =>
      sum(({ mass, centroid }) => mass * centroid[k]!),
    );
    return {
      id: members[first]!.id,
      centroid: unit(direction) ?? members[first]!.centroid,
      mass: sum(({ mass }) => mass),
      use: sum(({ use }) => use),
      qualitySum: sum(({ qualitySum }) => qualitySum),
      age: Math.min(...all.map(({ age }) => age)),
    };
  });
}
