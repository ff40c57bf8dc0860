// The clustering kernels agree with plain f64 loops on every row length and every row count.

import { describe, expect, it } from "vitest";
import { K_BLOCK } from "../../assembly/layout.ts";
import * as reference from "../reference/cluster.ts";
import { Random } from "../reference/random.ts";
import { U32, U64 } from "../tolerance.ts";
import { expectNear, expectSame, expectWithin } from "./expect-within.ts";
import { builds, lengths, openCore, shortLengths } from "./harness.ts";
import { normals } from "./values.ts";

/**
 * A product of two unit rows of d elements, absolute: each of up to K_BLOCK terms in f32 rounds, is
 * added in a lane, and lanes and a tail of 15 are added up; the magnitudes of all terms sum to at
 * most 1 (Cauchy & Schwarz).
 */
function productOf(d: number): number {
  return (Math.min(d, K_BLOCK) / 16 + 15 + 8) * U32;
}

/** One rounding to f32 of a quotient whose f64 sum has d terms, relative. */
function unitOf(d: number): number {
  return U32 + (d + 4) * U64;
}

function units(random: Random, n: number, d: number): Float32Array {
  return Float32Array.from(reference.unitRows(normals(random, n * d), d));
}

/** Every row length with a few rows, and every row count with a few elements. */
const shapes = [
  ...lengths.map((d) => ({ n: 5, d })),
  ...shortLengths.map((n) => ({ n, d: 7 })),
  ...shortLengths.map((n) => ({ n, d: 20 })),
];

for (const build of builds) {
  describe(build, () => {
    const core = openCore(build);
    const { unitRows, topCosine, kMeansAssign, kMeansUpdate } = core.exports;

    it.each(shapes)("unitRows of $n x $d", ({ n, d }) => {
      const x = core.f32(normals(new Random(n + d), n * d, 3));
      if (n > 2) x.fill(0, d, 2 * d);
      const expected = reference.unitRows(x, d);
      unitRows(x.byteOffset, n, d);
      expectWithin(
        x,
        expected,
        expected.map(Math.abs).map((size) => unitOf(d) * size),
      );
    });

    it("unitRows keeps the direction of rows whose squares overflow f32", () => {
      const x = core.f32([3e30, 4e30, 0, 0, 0]);
      unitRows(x.byteOffset, 1, 5);
      expectWithin(x, [0.6, 0.8, 0, 0, 0], unitOf(5));
    });

    it.each(shapes)("topCosine over $n x $d", ({ n, d }) => {
      const random = new Random(3 * n + d);
      const [x, query] = [core.f32(units(random, n, d)), core.f32(units(random, 1, d))];
      const expected = reference.similarities(query, x, n, d);
      for (const k of [0, 1, 3, n, n + 2]) {
        const [indices, found] = [core.u32(k), core.f32(k)];
        const count = topCosine(
          indices.byteOffset,
          found.byteOffset,
          query.byteOffset,
          x.byteOffset,
          n,
          d,
          k,
        );
        expect(count).toBe(Math.min(k, n));
        const rows = [...indices.subarray(0, count)];
        expect(new Set(rows).size).toBe(count);
        const own = rows.map((row) => expected[row]!);
        expectWithin(found.subarray(0, count), own, productOf(d));
        const best = [...expected].sort((a, b) => b - a).slice(0, count);
        expectWithin(own, best, 2 * productOf(d), "the best, in order");
      }
    });

    it("topCosine puts the first of equal rows first and leaves NaN out", () => {
      const rows = [1, 0, 0, 1, 1, 0, Number.NaN, 0, 0, 1];
      const [x, query] = [core.f32(rows), core.f32([0.6, 0.8])];
      const [indices, found] = [core.u32(5), core.f32(5)];
      const { byteOffset } = query;
      const addresses = [indices.byteOffset, found.byteOffset, byteOffset, x.byteOffset] as const;
      expect(topCosine(...addresses, 5, 2, 5)).toBe(4);
      expect([...indices.subarray(0, 4)]).toEqual([1, 4, 0, 2]);
      expect(topCosine(...addresses, 5, 2, 3)).toBe(3);
      expect([...indices.subarray(0, 3)]).toEqual([1, 4, 0]);
    });

    it.each(shapes)("kMeansAssign of $n x $d", ({ n, d }) => {
      const random = new Random(7 * n + d);
      const k = 4;
      const [x, c] = [core.f32(units(random, n, d)), core.f32(units(random, k, d))];
      const [labels, found] = [core.u32(n), core.f32(n)];
      const total = kMeansAssign(
        labels.byteOffset,
        found.byteOffset,
        x.byteOffset,
        c.byteOffset,
        n,
        d,
        k,
      );
      let sum = 0;
      for (let row = 0; row < n; row++) {
        const all = reference.similarities(x.subarray(row * d, (row + 1) * d), c, k, d);
        expectNear(found[row]!, all[labels[row]!]!, productOf(d));
        expectNear(found[row]!, Math.max(...all), 2 * productOf(d), "the nearest");
        sum += found[row]!;
      }
      expectNear(total, sum, (n + 1) ** 2 * U64);
    });

    it("kMeansAssign gives equal centroids to the first", () => {
      const [x, c] = [core.f32([1, 0]), core.f32([0, 1, 1, 0, 1, 0])];
      const [labels, found] = [core.u32(1), core.f32(1)];
      const [to, at] = [labels.byteOffset, found.byteOffset];
      kMeansAssign(to, at, x.byteOffset, c.byteOffset, 1, 2, 3);
      expect(labels[0]).toBe(1);
    });

    it.each(shapes)("kMeansUpdate of $n x $d", ({ n, d }) => {
      const random = new Random(11 * n + d);
      const k = 4; // the last one has neither points nor mass
      const [x, c] = [core.f32(units(random, n, d)), core.f32(units(random, k, d))];
      const w = core.f32(Float32Array.from({ length: n }, () => 0.5 + random.uniform()));
      const labels = core.u32(Uint32Array.from({ length: n }, (_, row) => row % 3));
      const mass = core.f64([0, 2.5, 1, 0]);
      const expected = reference.kMeansUpdate(c, x, w, labels, mass, d);
      const last = c.slice(3 * d);
      const sums = core.f64(k * d);
      kMeansUpdate(
        c.byteOffset,
        sums.byteOffset,
        x.byteOffset,
        w.byteOffset,
        labels.byteOffset,
        mass.byteOffset,
        n,
        d,
        k,
      );
      // Sums of up to n terms in f64 that may cancel down to nothing but the rounding to f32.
      expectWithin(c, expected, U32 + (n + d) * 1e3 * U64);
      expectSame(c.subarray(3 * d), last, "the empty centroid");
    });
  });
}
