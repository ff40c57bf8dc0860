// The instant loop: one correction from a user moves the output of the same input at once.

import * as z from "zod/mini";
import { parseOptions } from "../../foundation.ts";
import { Random } from "../../index.ts";
import { type InstantLoopOptions, instantSchema } from "./background-options.ts";
import { cosine } from "./pattern-clusters.ts";
import { checkEmbedding, directionOf, unit } from "./query-trajectory.ts";
import { ResidualAdapter } from "./residual-adapter.ts";
import { decodeParts, encodeParts, valuesOf } from "./saved-bytes.ts";

/** What a user said of the answer to an input. */
export interface Correction {
  /** f32[embeddingSize], not all 0. */
  input: Float32Array;
  /** What the output should have been more like; a direction, f32[embeddingSize]. */
  better: Float32Array;
  /** What it should have been less like, where that is known. */
  worse?: Float32Array;
}

/** What a correction did. */
export interface InstantUpdate {
  /** False when the output pointed there already, as far as f32 can tell; nothing changed then. */
  isMoved: boolean;
  /** Cosine of the output with `better`, before and after. */
  before: number;
  after: number;
}

const recordSchema = z.strictObject({
  options: instantSchema,
  updates: z.int().check(z.minimum(0)),
});
const KIND = "InstantLoop";
/** The step is halved so often at most: then it is below what f32 holds. */
const MAX_HALVINGS = 40;

/** Serves an adapter of rank 1 or 2 that every correction changes. */
export class InstantLoop {
  readonly #options: z.output<typeof instantSchema>;
  #adapter: ResidualAdapter;
  #updates = 0;

  /** Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options: InstantLoopOptions) {
    this.#options = parseOptions(KIND, instantSchema, options);
    const { embeddingSize: size, rank, seed } = this.#options;
    this.#adapter = ResidualAdapter.initial({ size, rank, alpha: rank }, new Random(seed));
  }

  /** Corrections that moved an output. */
  get updates(): number {
    return this.#updates;
  }

  /** The corrected embedding: f32[embeddingSize]. */
  apply(input: Float32Array): Float32Array {
    checkEmbedding("input", input, this.#options.embeddingSize);
    return this.#adapter.output(input);
  }

  /**
   * Turns the output of `input` towards `better`, by at most `lr` of the chord between them, and
   * further from `worse`. A step counts only when the cosine with `better` rises in f32, and its
   * lead over the one with `worse` too; else half of it is tried. Throws LENGTH_MISMATCH,
   * VALUE_NOT_FINITE, ARGUMENT_RANGE (zeros), before anything has changed.
   */
  learn({ input, better, worse }: Correction): InstantUpdate {
    const { embeddingSize: size, lr } = this.#options;
    directionOf("input", input, size);
    const aims = {
      better: directionOf("better", better, size),
      ...(worse && { worse: directionOf("worse", worse, size) }),
    };
    const y = this.#adapter.output(input);
    const before = standing(y, aims);
    const turn = turnOf(y, aims);
    let step = turn ? lr : 0;
    for (let tries = 0; turn && tries < MAX_HALVINGS; tries++, step /= 2) {
      const moved = this.#moved(input, turn, step);
      const after = standing(moved.output(input), aims);
      if (!(after.better > before.better && after.lead >= before.lead)) continue;
      this.#adapter = moved;
      this.#updates++;
      return { isMoved: true, before: before.better, after: after.better };
    }
    return { isMoved: false, before: before.better, after: before.better };
  }

  /**
   * A copy whose output for x is y + step * turn. With h = A x, B' = B + (step turn - B dh) h'^T /
   * |h'|^2, where h' = h + dh: A moves first, by dh x^T / |x|^2, where it is nearly blind for x. A
   * small h would make B so large that every other input was thrown about.
   */
  #moved(x: Float32Array, turn: Float64Array, step: number): ResidualAdapter {
    const { embeddingSize: size, rank } = this.#options;
    const moved = this.#adapter.copy();
    const { weights } = moved;
    const h = moved.hidden(x);
    const squares = x.reduce((sum, value) => sum + value * value, 0);
    // Half of the standard deviation that A x has where A is drawn.
    const least = Math.sqrt(squares / (2 * size));
    const isBlind = h.reduce((sum, value) => sum + value * value, 0) < rank * least * least;
    const dh = h.map((value) => (isBlind ? (value < 0 ? -least : least) : 0));
    for (let q = 0, at = 0; q < rank; q++) {
      for (let k = 0; k < size; k++) weights[at++]! += (dh[q]! * x[k]!) / squares;
    }
    const seen = moved.hidden(x);
    const length = seen.reduce((sum, value) => sum + value * value, 0);
    for (let k = 0, at = rank * size; k < size; k++, at += rank) {
      let change = step * turn[k]!;
      for (let q = 0; q < rank; q++) change -= weights[at + q]! * (seen[q]! - h[q]!);
      for (let q = 0; q < rank; q++) weights[at + q]! += (change * seen[q]!) / length;
    }
    return moved;
  }

  /** Keeps that part of all corrections, once the base adapter has learned them. keep: 0..1. */
  fade(keep: number): void {
    const { embeddingSize: size, rank } = this.#options;
    const { keep: part } = parseOptions("fade", fadeSchema, { keep });
    const faded = this.#adapter.copy();
    for (let at = rank * size; at < faded.weights.length; at++) faded.weights[at]! *= part;
    this.#adapter = faded;
  }

  /** Everything, as bytes. */
  toBytes(): Uint8Array {
    const { weights } = this.#adapter;
    return encodeParts(KIND, {
      tensors: new Map([["adapter", { shape: [weights.length], values: weights }]]),
      record: { options: this.#options, updates: this.#updates } satisfies z.input<
        typeof recordSchema
      >,
    });
  }

  /** A loop that goes on where `toBytes` was called. Throws FILE_CORRUPT, STATE_INVALID. */
  static fromBytes(bytes: Uint8Array): InstantLoop {
    const { tensors, record } = decodeParts(KIND, bytes, recordSchema);
    const loop = new InstantLoop(record.options);
    const { shape, weights } = loop.#adapter;
    const saved = valuesOf(KIND, tensors, "adapter", weights.length);
    loop.#adapter = new ResidualAdapter(shape, saved);
    loop.#updates = record.updates;
    return loop;
  }
}

const KEEP = "a number from 0 to 1";
const fadeSchema = z.strictObject({
  keep: z.number(KEEP).check(z.minimum(0, KEEP), z.maximum(1, KEEP)),
});

interface Aims {
  better: Float32Array;
  worse?: Float32Array;
}

/** Cosine with `better`, and by how much it exceeds the one with `worse`. */
function standing(y: Float32Array, { better, worse }: Aims): { better: number; lead: number } {
  const length = Math.sqrt(cosine(y, y));
  const near = cosine(y, better) / length;
  return { better: near, lead: worse ? near - cosine(y, worse) / length : near };
}

/**
 * Where to move y: at a right angle to it, along the bisector of the steepest rise of the cosine
 * with `better` and that of the lead over `worse`, so that both rise. Its length is |y| times the
 * chord between the directions of y and `better`. Undefined when there is nowhere to go.
 */
function turnOf(y: Float32Array, { better, worse }: Aims): Float64Array | undefined {
  const length = Math.sqrt(cosine(y, y));
  const own = Float64Array.from(y, (value) => value / length);
  const rise = perpendicular(better, own) ?? anyPerpendicular(own);
  const difference = worse && better.map((value, k) => value - worse[k]!);
  const lead = difference && perpendicular(difference, own);
  const way = (lead && unitOf(rise.map((value, k) => value + lead[k]!))) ?? rise;
  const chord = Math.sqrt(own.reduce((sum, value, k) => sum + (better[k]! - value) ** 2, 0));
  return chord === 0 ? undefined : way.map((value) => value * length * chord);
}

/** The direction of what is left of x without its part along the unit vector u. */
function perpendicular(x: ArrayLike<number>, u: Float64Array): Float64Array | undefined {
  let along = 0;
  for (let k = 0; k < u.length; k++) along += x[k]! * u[k]!;
  return unitOf(u.map((value, k) => x[k]! - along * value));
}

/** For an output that points the opposite way every turn is as good: the axis it knows least. */
function anyPerpendicular(u: Float64Array): Float64Array {
  const least = u.reduce((best, value, k) => (Math.abs(value) < Math.abs(u[best]!) ? k : best), 0);
  const axis = u.map((_, k) => (k === least ? 1 : 0));
  return perpendicular(axis, u) ?? axis;
}

function unitOf(x: Float64Array): Float64Array | undefined {
  const direction = unit(x);
  return direction && Float64Array.from(direction);
}
