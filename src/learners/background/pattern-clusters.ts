// Finds clusters without knowing how many there are: points too far from every centroid open one.
//
// Letters: n points, K centroids, d dimensions; rows have length 1, matrices are row-major.

import { assignToCentroids, CosineIndex, type KMeansResult, sphericalKMeans } from "../../index.ts";

/** Points, and the clusters there are already. */
export interface ClusterStart {
  /** f32[n x size], n > 0. */
  points: Float32Array;
  /** f32[n]. */
  weights: Float32Array;
  /** f32[K x size]; K may be 0. */
  centroids: Float32Array;
  /** f64[K]: the weight of each centroid's earlier points. */
  mass: Float64Array;
  size: number;
  /** Cosine below which a point opens a cluster. */
  minSimilarity: number;
  /** Clusters that may be opened. */
  maxOpened: number;
}

/** Rounds of opening clusters and moving them; what is left then stays where it is nearest. */
const MAX_ROUNDS = 5;
const MAX_ITERATIONS = 25;
/** Points that are compared among themselves before the kernel compares the rest with them. */
const BLOCK = 64;

/**
 * Spherical k-means whose K grows as in DP-means (Kulis & Jordan 2012): points with a cosine below
 * `minSimilarity` to every centroid open clusters, then all centroids move, until no point is that
 * far. Earlier centroids come first in the result, in their order.
 */
export function findClusters(start: ClusterStart): KMeansResult {
  const { points, weights, size, minSimilarity } = start;
  let { centroids, mass } = start;
  let left = start.maxOpened;
  let result: KMeansResult | undefined;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const far = farPoints(points, centroids, size, minSimilarity);
    const opened = leaders(points, far, size, minSimilarity, left);
    if (result && opened.length === 0) break;
    left -= opened.length;
    centroids = joinRows([centroids, ...opened.map((row) => rowOf(points, row, size))]);
    mass = Float64Array.from({ length: centroids.length / size }, (_, j) => mass[j] ?? 0);
    result = sphericalKMeans({
      points,
      weights,
      centroids,
      mass,
      size,
      maxIterations: MAX_ITERATIONS,
    });
    centroids = result.centroids;
  }
  return result!;
}

/** One row after the other. */
export function joinRows(rows: readonly Float32Array[]): Float32Array {
  const joined = new Float32Array(rows.reduce((sum, row) => sum + row.length, 0));
  let at = 0;
  for (const row of rows) {
    joined.set(row, at);
    at += row.length;
  }
  return joined;
}

/** A view of a row. */
export function rowOf(matrix: Float32Array, row: number, size: number): Float32Array {
  return matrix.subarray(row * size, (row + 1) * size);
}

/** Points that are less similar than `minSimilarity` to every centroid. */
function farPoints(
  points: Float32Array,
  centroids: Float32Array,
  size: number,
  minSimilarity: number,
): number[] {
  const all = Array.from({ length: points.length / size }, (_, row) => row);
  if (centroids.length === 0) return all;
  const { similarities } = assignToCentroids(points, centroids, size);
  return all.filter((row) => similarities[row]! < minSimilarity);
}

/**
 * The points, in their order, that are less similar than `minSimilarity` to every such point before
 * them (Hartigan's leader algorithm, 1975); at most `limit`.
 */
function leaders(
  points: Float32Array,
  candidates: readonly number[],
  size: number,
  minSimilarity: number,
  limit: number,
): number[] {
  const found: number[] = [];
  let open = candidates;
  while (open.length > 0 && found.length < limit) {
    const own: number[] = [];
    for (const row of open.slice(0, BLOCK)) {
      const point = rowOf(points, row, size);
      const isFar = own.every((other) => cosine(point, rowOf(points, other, size)) < minSimilarity);
      if (isFar && found.length + own.length < limit) own.push(row);
    }
    found.push(...own);
    const rest = open.slice(BLOCK);
    const rows = joinRows(rest.map((row) => rowOf(points, row, size)));
    const centroids = joinRows(own.map((row) => rowOf(points, row, size)));
    const { similarities } = assignToCentroids(rows, centroids, size);
    open = rest.filter((_, place) => similarities[place]! < minSimilarity);
  }
  return found;
}

/** The product of two unit rows. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  return sum;
}

/**
 * For every row the first row of the group it belongs to: rows whose nearest other row has a cosine
 * of at least `mergeSimilarity` are in one group with it.
 */
export function similarGroups(
  centroids: Float32Array,
  size: number,
  mergeSimilarity: number,
): number[] {
  const group = Array.from({ length: centroids.length / size }, (_, row) => row);
  const first = (row: number): number => (group[row] === row ? row : first(group[row]!));
  const index = new CosineIndex(size);
  try {
    index.replace(centroids);
    for (const row of group.keys()) {
      const near = index
        .nearest(rowOf(centroids, row, size), 2)
        .filter((each) => each.index !== row);
      const other = near[0];
      if (!other || other.similarity < mergeSimilarity) continue;
      const [a, b] = [first(row), first(other.index)];
      group[Math.max(a, b)] = Math.min(a, b);
    }
  } finally {
    index.dispose();
  }
  return group.map((_, row) => first(row));
}
