// The vector kernels agree with plain f64 loops on every length, aligned and not.

import { describe, expect, it } from "vitest";
import { Random } from "../reference/random.ts";
import { dotIn64, sumIn64 } from "../tolerance.ts";
import { expectNear, expectSame } from "./expect-within.ts";
import { builds, lengths, openCore } from "./harness.ts";
import { largest, normals } from "./values.ts";

function total(n: number, term: (k: number) => number): number {
  let sum = 0;
  for (let k = 0; k < n; k++) sum += term(k);
  return sum;
}

/** Every length, with arrays that start on a vector boundary and one element behind it. */
const shapes = lengths.flatMap((n) => [0, 1].map((shift) => ({ n, shift })));

for (const build of builds) {
  describe(build, () => {
    const core = openCore(build);
    const { dot, axpy, square, norms, sum } = core.exports;

    function lend(values: Float32Array, shift: number): Float32Array {
      const array = core.f32(values.length + shift).subarray(shift);
      array.set(values);
      return array;
    }

    it.each(shapes)("dot of $n, shifted by $shift", ({ n, shift }) => {
      const random = new Random(n);
      const [x, y] = [lend(normals(random, n), shift), lend(normals(random, n), 0)];
      const size = total(n, (k) => Math.abs(x[k]! * y[k]!));
      const exact = total(n, (k) => x[k]! * y[k]!);
      expectNear(dot(x.byteOffset, y.byteOffset, n), exact, dotIn64(n) * size);
    });

    it.each(shapes)("axpy and square of $n, shifted by $shift", ({ n, shift }) => {
      const random = new Random(n + 1);
      const [x, y] = [lend(normals(random, n), shift), lend(normals(random, n), 0)];
      const a = Math.fround(-1.7);
      // One rounding per operation, in this order: equal to the last bit.
      const sums = Float32Array.from(y, (value, k) => value + Math.fround(a * x[k]!));
      axpy(y.byteOffset, x.byteOffset, n, a);
      expectSame(y, sums, "axpy");
      const squares = Float32Array.from(x, (value) => value * value);
      square(y.byteOffset, x.byteOffset, n);
      expectSame(y, squares, "square");
      square(x.byteOffset, x.byteOffset, n);
      expectSame(x, squares, "square in place");
    });

    it.each(shapes)("sum of $n, shifted by $shift", ({ n, shift }) => {
      const x = lend(normals(new Random(n + 2), n, 1e4), shift);
      const size = total(n, (k) => Math.abs(x[k]!));
      const exact = total(n, (k) => x[k]!);
      // The reference adds in another order and rounds as often.
      expectNear(sum(x.byteOffset, n), exact, 2 * sumIn64(n) * size);
    });

    it.each(shapes)("norms of $n, shifted by $shift", ({ n, shift }) => {
      const random = new Random(n + 3);
      // The square of 1e20 overflows f32.
      const values = normals(random, n).map((value, k) => (k % 7 === 2 ? 1e20 * value : value));
      const broken = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      const bad = new Set(n < 3 ? [] : [0, n >> 1, n - 1]);
      const x = lend(
        values.map((value, k) => (bad.has(k) ? broken[k % 3]! : value)),
        shift,
      );
      const out = core.f64(3);
      norms(out.byteOffset, x.byteOffset, n);
      const finite = x.filter(Number.isFinite);
      const length = Math.sqrt(total(finite.length, (k) => finite[k]! ** 2));
      expectNear(out[0]!, length, 2 * sumIn64(n + 2) * length);
      expect([out[1], out[2]]).toEqual([largest(finite), n - finite.length]);
    });

    it("dot of itself is not finite when an element is not, wherever it stands", () => {
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
        for (let k = 0; k < 11; k++) {
          const x = core.f32(new Float32Array(11).fill(1));
          x[k] = value;
          expect(Number.isFinite(dot(x.byteOffset, x.byteOffset, 11))).toBe(false);
        }
      }
    });

    it("a sum of a hundred thousand equal terms keeps the digits of f64", () => {
      const n = 100_003;
      const [x, ones] = [core.f32(new Float32Array(n).fill(0.1)), core.f32(n).fill(1)];
      const exact = n * Math.fround(0.1);
      expectNear(sum(x.byteOffset, n), exact, 2 * sumIn64(n) * exact, "sum");
      expectNear(dot(x.byteOffset, ones.byteOffset, n), exact, dotIn64(n) * exact, "dot");
    });
  });
}
