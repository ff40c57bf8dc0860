// The claim that counts and a linear layer are a mean of hashed embeddings, against the slow way.

import { expect, it } from "vitest";
import { Random } from "../../../src/core/random.ts";
import { tokenFeatures } from "../../../src/learners/gate/index.ts";
import { contentHash } from "../../../src/pipeline/feedback/content-hash.ts";

const BUCKETS = 64;
const SIZE = 5;

/** The embedding of a hashed content: a signed row of the table. */
function embedding(table: Float64Array[], content: number[], seed: number): number[] {
  const key = { input: Float32Array.from(content), label: new Float32Array(0) };
  const hash = contentHash(key, seed);
  const sign = hash & 1 ? 1 : -1;
  return Array.from(table[(hash >>> 1) % BUCKETS]!, (value) => sign * value);
}

it("gives a linear layer what a table of hashed embeddings gives", () => {
  const random = new Random(3);
  const table = Array.from({ length: BUCKETS }, () =>
    Float64Array.from({ length: SIZE }, () => random.normal()),
  );
  const tokens = [4, 30, 31, 5, 40, 7, 30, 7, 50, 51, 52, 7, 6, 6, 6];
  const pieces: [number, number[]][] = [
    [4, [30, 31]],
    [5, [40]],
    [7, [30]],
    [7, [50, 51, 52]],
  ];
  const expected = new Float64Array(SIZE);
  const add = (vector: number[], factor: number) => {
    for (const [index, value] of vector.entries()) expected[index]! += factor * value;
  };
  for (const [marker, piece] of pieces) {
    for (const token of piece) {
      add(embedding(table, [marker, token], 1), 1 / Math.sqrt(piece.length));
    }
    add(embedding(table, [marker, ...piece], 2), 1);
  }
  add(embedding(table, [6], 1), 3 / 10);

  const features = tokenFeatures(tokens, BUCKETS, 0.75);
  expect(features).toHaveLength(BUCKETS + 1);
  expect(features[BUCKETS]).toBe(0.75);
  for (let e = 0; e < SIZE; e++) {
    let sum = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) sum += table[bucket]![e]! * features[bucket]!;
    expect(sum).toBeCloseTo(expected[e]!, 5); // some 20 sums in f32
  }
});

it("tells a tool from a preceding tool of the same name", () => {
  const asTool = tokenFeatures([4, 30, 5, 40], BUCKETS, 0);
  const asPreceding = tokenFeatures([4, 40, 5, 30], BUCKETS, 0);
  expect(asTool).not.toEqual(asPreceding);
});
