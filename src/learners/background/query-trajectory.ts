// What a learner is told of one answered query, and what it keeps of that.

import * as z from "zod/mini";
import { parseOptions } from "../../foundation.ts";
import { DriftkeelRangeError } from "../../index.ts";

/** One step on the way to an answer. */
export interface TrajectoryStep {
  /** f32[embeddingSize]: where in the space of embeddings the step was. */
  activations: Float32Array;
  /** Kept by the caller's logs; nothing is learned from it. */
  attentionWeights?: Float32Array;
  /** How good the step was; finite. */
  reward: number;
}

/** One answered query. */
export interface QueryTrajectory {
  /** 1 to 200 characters; a trajectory that waits under the same id is not taken twice. */
  id: string;
  /** f32[embeddingSize], not all 0. */
  queryEmbedding: Float32Array;
  /** May be empty. */
  steps: readonly TrajectoryStep[];
  /** How good the answer was: 0..1. */
  finalQuality: number;
  /** >= 0. */
  latencyMs: number;
  modelRoute?: string;
  /** Ids of the patterns that the answer used, where it used some. */
  contextIds?: readonly string[];
}

/** What is learned from: embeddings of length 1. */
export interface Experience {
  id: string;
  query: Float32Array;
  /** Where the answer was; the query where nothing else is known. */
  outcome: Float32Array;
  quality: number;
  contextIds: readonly string[];
}

const embedding = z.instanceof(Float32Array, { error: "a Float32Array" });
const QUALITY = "a number from 0 to 1";
const LATENCY = "a number >= 0";
const shortText = z.string().check(z.minLength(1), z.maxLength(200));

const trajectorySchema = z.strictObject({
  id: shortText,
  queryEmbedding: embedding,
  steps: z
    .array(
      z.strictObject({
        activations: embedding,
        attentionWeights: z.optional(embedding),
        reward: z.number("a finite number"),
      }),
    )
    .check(z.maxLength(10_000)),
  finalQuality: z.number(QUALITY).check(z.minimum(0, QUALITY), z.maximum(1, QUALITY)),
  latencyMs: z.number(LATENCY).check(z.minimum(0, LATENCY)),
  modelRoute: z.optional(z.string()),
  contextIds: z.optional(z.array(shortText).check(z.maxLength(10_000))),
});

/** Throws LENGTH_MISMATCH or VALUE_NOT_FINITE unless `values` is a finite f32[size]. */
export function checkEmbedding(name: string, values: Float32Array, size: number): void {
  if (values.length !== size) {
    throw new DriftkeelRangeError(
      "LENGTH_MISMATCH",
      `Expected ${name} of length ${size} (embeddingSize), got ${values.length}.`,
    );
  }
  checkFiniteValues(name, values);
}

function checkFiniteValues(name: string, values: Float32Array): void {
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  throw new DriftkeelRangeError(
    "VALUE_NOT_FINITE",
    `Expected ${name} to hold finite numbers, got ${values[bad]} at index ${bad}.`,
  );
}

/** `values` divided by their length, which is taken in f64; undefined for zeros. */
export function unit(values: ArrayLike<number>): Float32Array | undefined {
  let squares = 0;
  for (let k = 0; k < values.length; k++) squares += values[k]! * values[k]!;
  if (squares === 0) return undefined;
  const length = Math.sqrt(squares);
  return Float32Array.from(values, (value) => value / length);
}

/** `unit` of an embedding that says something. Throws ARGUMENT_RANGE for zeros. */
export function directionOf(name: string, values: Float32Array, size: number): Float32Array {
  checkEmbedding(name, values, size);
  const direction = unit(values);
  if (direction) return direction;
  const message = `Expected ${name} to have a direction, got only zeros.`;
  throw new DriftkeelRangeError("ARGUMENT_RANGE", message);
}

/**
 * What can be learned from a trajectory. Its outcome is the mean of the steps' activations,
 * weighted by rewards above 0 where there are some, else all alike; without steps, the query.
 * Throws OPTION_UNKNOWN, OPTION_INVALID, LENGTH_MISMATCH, VALUE_NOT_FINITE, ARGUMENT_RANGE.
 */
export function experienceOf(trajectory: QueryTrajectory, size: number): Experience {
  const { id, queryEmbedding, steps, finalQuality, contextIds } = parseOptions(
    "QueryTrajectory",
    trajectorySchema,
    trajectory,
  );
  const query = directionOf("queryEmbedding", queryEmbedding, size);
  for (const [index, { activations, attentionWeights }] of steps.entries()) {
    checkEmbedding(`steps[${index}].activations`, activations, size);
    if (attentionWeights) checkFiniteValues(`steps[${index}].attentionWeights`, attentionWeights);
  }
  const outcome = outcomeOf(steps, size) ?? query;
  return { id, query, outcome, quality: finalQuality, contextIds: contextIds ?? [] };
}

function outcomeOf(
  steps: readonly Pick<TrajectoryStep, "activations" | "reward">[],
  size: number,
): Float32Array | undefined {
  const isRewarded = steps.some(({ reward }) => reward > 0);
  const sum = new Float64Array(size);
  for (const { activations, reward } of steps) {
    const weight = isRewarded ? Math.max(0, reward) : 1;
    for (let k = 0; k < size; k++) sum[k]! += weight * activations[k]!;
  }
  return unit(sum);
}
