// Data with planted answers: clusters of embeddings, and queries that a task has turned away from
// the answers they belong to.

import { Random } from "../../src/core/random.ts";
import type { QueryTrajectory } from "../../src/learners/background/index.ts";

/** `values` divided by their length. */
function unit(values: Float32Array): Float32Array {
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}

/** A random direction. */
export function direction(random: Random, size: number): Float32Array {
  return unit(Float32Array.from({ length: size }, () => random.normal()));
}

/** A direction near `center`: its cosine with it is about 1 / sqrt(1 + noise^2). */
export function near(random: Random, center: Float32Array, noise: number): Float32Array {
  const deviation = noise / Math.sqrt(center.length);
  return unit(center.map((value) => value + deviation * random.normal()));
}

/** A trajectory without steps. */
export function stepless(id: string, queryEmbedding: Float32Array, finalQuality = 1) {
  return { id, queryEmbedding, steps: [], finalQuality, latencyMs: 1 } satisfies QueryTrajectory;
}

/** A task: queries about `answers`, all turned by the same rule, some of them answered wrongly. */
export class PlantedTask {
  readonly answers: Float32Array[];
  readonly #random: Random;
  /** The rule adds strength * u (v . x): a map of low rank, which an adapter can undo. */
  readonly #rule: { u: Float32Array; v: Float32Array }[];
  readonly #strength: number;
  #count = 0;

  constructor(
    readonly name: string,
    { size = 32, count = 20, seed = 1, rank = 3, strength = 15 } = {},
  ) {
    this.#random = new Random(seed);
    this.#strength = strength;
    this.answers = Array.from({ length: count }, () => direction(this.#random, size));
    this.#rule = Array.from({ length: rank }, () => ({
      u: direction(this.#random, size),
      v: direction(this.#random, size),
    }));
  }

  /** A query about one of the answers. */
  query(answer: number): Float32Array {
    const clean = near(this.#random, this.answers[answer]!, 0.4);
    const turned = clean.slice();
    for (const { u, v } of this.#rule) {
      const along = v.reduce((sum, value, k) => sum + value * clean[k]!, 0);
      for (let k = 0; k < turned.length; k++) turned[k]! += this.#strength * along * u[k]!;
    }
    return unit(turned);
  }

  /** Trajectories; three of ten were answered with something else and are of low quality. */
  trajectories(count: number): QueryTrajectory[] {
    return Array.from({ length: count }, () => {
      const random = this.#random;
      const asked = random.below(this.answers.length);
      const isRight = random.uniform() < 0.7;
      const given = isRight ? asked : random.below(this.answers.length);
      const finalQuality = 0.1 * random.uniform() + (given === asked ? 0.85 : 0.05);
      const activations = near(random, this.answers[given]!, 0.3);
      return {
        id: `${this.name}-${this.#count++}`,
        queryEmbedding: this.query(asked),
        steps: [{ activations, reward: finalQuality }],
        finalQuality,
        latencyMs: 1,
      };
    });
  }

  /** Share of queries whose output is nearest to the answer they ask for. */
  accuracy(outputOf: (query: Float32Array) => Float32Array, queries: readonly Asked[]): number {
    const hits = queries.filter(({ answer, query }) => {
      const output = outputOf(query);
      const products = this.answers.map((each) =>
        each.reduce((sum, value, k) => sum + value * output[k]!, 0),
      );
      return products.indexOf(Math.max(...products)) === answer;
    });
    return hits.length / queries.length;
  }

  /** Queries that nobody learns from. */
  heldOut(count: number): Asked[] {
    return Array.from({ length: count }, (_, row) => {
      const answer = row % this.answers.length;
      return { answer, query: this.query(answer) };
    });
  }
}

/** A query and the answer it asks for. */
export interface Asked {
  answer: number;
  query: Float32Array;
}
