// Cosine search and spherical k-means on rows of length 1: the kernels of assembly/cluster.ts.
//
// Letters: n points, K centroids, d dimensions; matrices are row-major.

import { checkCount, checkFinite, checkFloat32, checkLength } from "../checks.ts";
import { DriftkeelRangeError } from "../errors.ts";
import { type Frame, withFrame } from "./arrays.ts";
import { Block } from "./block.ts";
import { core } from "./instance.ts";

/** A row that was found, and its cosine. */
export interface Neighbor {
  index: number;
  /** -1 to 1. */
  similarity: number;
}

/** Throws unless `rows` is a finite f32[count x size]; returns the count. */
function checkRows(name: string, rows: Float32Array, size: number): number {
  checkCount("size", size, 1);
  const count = Math.floor((rows?.length ?? 0) / size);
  checkFloat32(name, rows, count * size, `rows of ${size}`);
  checkFinite(name, rows);
  return count;
}

/**
 * A copy of the rows, each divided by its length; a row of zeros stays. rows: f32[n x size]. Throws
 * ARGUMENT_TYPE, ARGUMENT_RANGE, LENGTH_MISMATCH, VALUE_NOT_FINITE.
 */
export function unitRows(rows: Float32Array, size: number): Float32Array {
  const count = checkRows("rows", rows, size);
  const units = rows.slice();
  withFrame((frame) => core().exports.unitRows(frame.write(units), count, size));
  return units;
}

/** Rows in the core's memory that are searched by cosine. */
export class CosineIndex {
  readonly #size: number;
  #count = 0;
  #rows: Block;

  /** size: elements of a row, > 0. Throws ARGUMENT_TYPE, ARGUMENT_RANGE. */
  constructor(size: number) {
    checkCount("size", size, 1);
    this.#size = size;
    this.#rows = new Block(0, "CosineIndex");
  }

  /** Rows held. */
  get count(): number {
    this.#rows.checkLive();
    return this.#count;
  }

  /** Takes a copy of the rows, scaled to length 1, instead of those it has. rows: f32[n x size]. */
  replace(rows: Float32Array): void {
    this.#rows.checkLive();
    const count = checkRows("rows", rows, this.#size);
    const block = new Block(4 * rows.length, "CosineIndex");
    block.f32(0, rows.length).set(rows);
    core().exports.unitRows(block.address, count, this.#size);
    this.#rows.dispose();
    this.#rows = block;
    this.#count = count;
  }

  /**
   * The `count` rows most similar to `query`, best first; of equal ones the first. Fewer when there
   * are fewer. Allocates the result. Throws ARGUMENT_TYPE, ARGUMENT_RANGE, LENGTH_MISMATCH,
   * VALUE_NOT_FINITE, DISPOSED.
   */
  nearest(query: Float32Array, count: number): Neighbor[] {
    this.#rows.checkLive();
    checkFloat32("query", query, this.#size, "the index's size");
    checkCount("count", count, 0);
    const unit = unitRows(query, this.#size);
    const most = Math.min(count, this.#count);
    return withFrame((frame) => {
      const [indices, similarities] = [frame.scratch(4 * most), frame.scratch(4 * most)];
      const from = frame.read(unit);
      const { exports, memory } = core();
      const address = this.#rows.address;
      const found = exports.topCosine(
        indices,
        similarities,
        from,
        address,
        this.#count,
        this.#size,
        most,
      );
      const places = new Uint32Array(memory.buffer, indices, found);
      const cosines = new Float32Array(memory.buffer, similarities, found);
      return Array.from(places, (index, rank) => ({ index, similarity: cosines[rank]! }));
    });
  }

  /** Gives the memory back. Later use throws DISPOSED. */
  dispose(): void {
    this.#rows.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** The nearest centroid of every point. */
export interface Assignment {
  /** u32[n]. */
  labels: Uint32Array;
  /** f32[n]: its cosine. */
  similarities: Float32Array;
}

/**
 * The nearest of the centroids for every point; of equal ones the first. points: f32[n x size],
 * centroids: f32[K x size] of unit rows, K > 0. Throws ARGUMENT_TYPE, ARGUMENT_RANGE,
 * LENGTH_MISMATCH, DATA_EMPTY, VALUE_NOT_FINITE.
 */
export function assignToCentroids(
  points: Float32Array,
  centroids: Float32Array,
  size: number,
): Assignment {
  const n = checkRows("points", points, size);
  const k = checkRows("centroids", centroids, size);
  if (k === 0) throw empty(n, k);
  return withFrame((frame) => {
    const [x, c] = [frame.read(points), frame.read(centroids)];
    const [labels, similarities] = [frame.scratch(4 * n), frame.scratch(4 * n)];
    core().exports.kMeansAssign(labels, similarities, x, c, n, size, k);
    return readAssignment(labels, similarities, n);
  });
}

function readAssignment(labels: number, similarities: number, n: number): Assignment {
  const { buffer } = core().memory;
  return {
    labels: new Uint32Array(buffer, labels, n).slice(),
    similarities: new Float32Array(buffer, similarities, n).slice(),
  };
}

function empty(n: number, k: number): DriftkeelRangeError {
  const message = `Expected at least one point and one centroid, got ${n} and ${k}.`;
  return new DriftkeelRangeError("DATA_EMPTY", message);
}

/** Where spherical k-means starts. */
export interface KMeansStart {
  /** f32[n x size] of unit rows, n > 0. */
  points: Float32Array;
  /** f32[n], each >= 0. */
  weights: Float32Array;
  /** f32[K x size] of unit rows, K > 0. */
  centroids: Float32Array;
  /** f64[K], each >= 0: the weight that each centroid has from earlier points. */
  mass: Float64Array;
  /** Elements of a row, > 0. */
  size: number;
  /** > 0. */
  maxIterations: number;
}

/** Where it ended. */
export interface KMeansResult extends Assignment {
  /** f32[K x size]. */
  centroids: Float32Array;
  /** Updates made. */
  iterations: number;
}

/**
 * Spherical k-means (Dhillon & Modha 2001) from given centroids, until no point changes its
 * centroid or `maxIterations` are over:
 *
 *     C[j] = unit( mass[j] start[j] + sum over the points nearest to C[j] of weight point )
 *
 * The mass lets centroids remember points that are no longer here. Changes none of its arguments.
 * Throws ARGUMENT_TYPE, ARGUMENT_RANGE, LENGTH_MISMATCH, DATA_EMPTY, VALUE_NOT_FINITE.
 */
export function sphericalKMeans(start: KMeansStart): KMeansResult {
  const { points, weights, size, mass } = start;
  const n = checkRows("points", points, size);
  const k = checkRows("centroids", start.centroids, size);
  if (n === 0 || k === 0) throw empty(n, k);
  checkFloat32("weights", weights, n, "one for each point");
  checkPositive("weights", weights);
  checkLength("mass", mass?.length ?? 0, k, "one for each centroid");
  checkPositive("mass", mass);
  checkCount("maxIterations", start.maxIterations, 1);
  const centroids = start.centroids.slice();
  return withFrame((frame) => iterate(frame, start, centroids, n, k));
}

function checkPositive(name: string, values: Float32Array | Float64Array): void {
  checkFinite(name, values);
  if (values.every((value) => value >= 0)) return;
  const message = `Expected ${name} to hold numbers >= 0, got a negative one.`;
  throw new DriftkeelRangeError("ARGUMENT_RANGE", message);
}

function iterate(
  frame: Frame,
  { points, weights, mass, size, maxIterations, centroids: first }: KMeansStart,
  centroids: Float32Array,
  n: number,
  k: number,
): KMeansResult {
  const { exports, memory } = core();
  const [x, w, m] = [frame.read(points), frame.read(weights), frame.read(mass)];
  const c = frame.scratch(4 * k * size);
  const sums = frame.scratch(8 * k * size);
  const [labels, similarities] = [frame.scratch(4 * n), frame.scratch(4 * n)];
  const held = new Float32Array(memory.buffer, c, k * size);
  const seen = new Uint32Array(memory.buffer, labels, n);
  held.set(first);
  exports.kMeansAssign(labels, similarities, x, c, n, size, k);
  let iterations = 0;
  while (iterations < maxIterations) {
    const before = seen.slice();
    held.set(first); // the mass pulls towards where it was, not towards where the points have led
    exports.kMeansUpdate(c, sums, x, w, labels, m, n, size, k);
    exports.kMeansAssign(labels, similarities, x, c, n, size, k);
    iterations++;
    if (before.every((label, row) => label === seen[row])) break;
  }
  centroids.set(held);
  return { centroids, ...readAssignment(labels, similarities, n), iterations };
}
