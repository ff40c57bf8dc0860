// Cosine search and spherical k-means from TypeScript: results, misuse and memory.

import { describe, expect, it } from "vitest";
import {
  assignToCentroids,
  CosineIndex,
  Random,
  sphericalKMeans,
  unitRows,
} from "../../src/index.ts";

const refused = (code: string) => expect.objectContaining({ code });
const f32 = (...values: number[]) => new Float32Array(values);

describe("CosineIndex", () => {
  it("finds rows of any length by direction, best first", () => {
    using index = new CosineIndex(2);
    index.replace(f32(5, 0, 0, 0.1, 3, 4, 0, 0));
    const found = index.nearest(f32(0, 7), 9);
    expect(found.map((each) => each.index)).toEqual([1, 2, 0, 3]);
    expect(found.map(({ similarity }) => similarity)).toEqual([1, Math.fround(0.8), 0, 0]);
    expect(index.nearest(f32(0, 7), 0)).toEqual([]);
  });

  it("searches what it was given last", () => {
    using index = new CosineIndex(1);
    expect(index.nearest(f32(1), 3)).toEqual([]);
    index.replace(f32(1, 2, 3));
    index.replace(f32(-1));
    expect(index.count).toBe(1);
    expect(index.nearest(f32(1), 3)).toEqual([{ index: 0, similarity: -1 }]);
  });

  it("refuses what is no row of it", () => {
    using index = new CosineIndex(2);
    expect(() => new CosineIndex(0)).toThrow(refused("ARGUMENT_RANGE"));
    expect(() => index.replace(f32(1, 2, 3))).toThrow(refused("LENGTH_MISMATCH"));
    expect(() => index.replace(f32(1, Number.NaN))).toThrow(refused("VALUE_NOT_FINITE"));
    expect(() => index.nearest(f32(1), 1)).toThrow(refused("LENGTH_MISMATCH"));
    expect(() => index.nearest(f32(1, 2), -1)).toThrow(refused("ARGUMENT_RANGE"));
    index.dispose();
    index.dispose();
    expect(() => index.nearest(f32(1, 2), 1)).toThrow(refused("DISPOSED"));
    expect(() => index.replace(f32(1, 2))).toThrow(refused("DISPOSED"));
  });
});

describe("sphericalKMeans", () => {
  const start = {
    points: unitRows(f32(1, 0.1, 1, -0.1, -0.1, 1, 0.1, 1), 2),
    weights: f32(1, 1, 1, 1),
    centroids: unitRows(f32(1, 0.9, 0.9, 1), 2),
    mass: new Float64Array(2),
    size: 2,
    maxIterations: 10,
  };

  it("moves centroids to the middle of their points", () => {
    const { centroids, labels, iterations } = sphericalKMeans(start);
    expect([...labels]).toEqual([0, 0, 1, 1]);
    for (const [at, value] of [1, 0, 0, 1].entries()) expect(centroids[at]).toBeCloseTo(value, 6);
    expect(iterations).toBe(1);
    expect(start.centroids[0]).toBeCloseTo(0.743, 3);
  });

  it("holds a centroid back by its mass, at where it started", () => {
    const mass = Float64Array.of(1e9, 0);
    const { centroids } = sphericalKMeans({ ...start, mass });
    expect(centroids[0]).toBeCloseTo(start.centroids[0]!, 6);
    expect(centroids[3]).toBeCloseTo(1, 6);
  });

  it("gives every point its nearest centroid, as assignToCentroids does", () => {
    const random = new Random(1);
    const rows = (n: number) =>
      unitRows(
        Float32Array.from({ length: 7 * n }, () => random.normal()),
        7,
      );
    const [points, first] = [rows(300), rows(9)];
    const weights = new Float32Array(300).fill(1);
    const mass = new Float64Array(9);
    const result = sphericalKMeans({
      points,
      weights,
      centroids: first,
      mass,
      size: 7,
      maxIterations: 100,
    });
    const { labels, similarities } = assignToCentroids(points, result.centroids, 7);
    expect(result.labels).toEqual(labels);
    expect(result.similarities).toEqual(similarities);
  });

  it("refuses what does not fit together", () => {
    const wrong = (change: object, code: string) =>
      expect(() => sphericalKMeans({ ...start, ...change })).toThrow(refused(code));
    wrong({ points: new Float32Array(0), weights: new Float32Array(0) }, "DATA_EMPTY");
    wrong({ centroids: new Float32Array(0), mass: new Float64Array(0) }, "DATA_EMPTY");
    wrong({ points: f32(1, 2, 3) }, "LENGTH_MISMATCH");
    wrong({ weights: f32(1) }, "LENGTH_MISMATCH");
    wrong({ mass: new Float64Array(1) }, "LENGTH_MISMATCH");
    wrong({ weights: f32(1, 1, 1, -1) }, "ARGUMENT_RANGE");
    wrong({ mass: Float64Array.of(0, Number.NaN) }, "VALUE_NOT_FINITE");
    wrong({ maxIterations: 0 }, "ARGUMENT_RANGE");
    expect(() => assignToCentroids(f32(1), new Float32Array(0), 1)).toThrow(refused("DATA_EMPTY"));
  });
});
