// The matrix products agree with triple loops in f64 on every edge of their tiles and blocks.

import { describe, expect, it } from "vitest";
import { K_BLOCK } from "../../assembly/layout.ts";
import { matmulNN, matmulNT, matmulTN } from "../reference/matrix.ts";
import { Random } from "../reference/random.ts";
import { dotInBlocks, U32 } from "../tolerance.ts";
import { expectSame, expectWithin } from "./expect-within.ts";
import { builds, type Core, openCore } from "./harness.ts";
import { magnitudes, normals } from "./values.ts";

const forms = [
  { form: "gemmNN", reference: matmulNN },
  { form: "gemmNT", reference: matmulNT },
  { form: "gemmTN", reference: matmulTN },
] as const;
type Form = (typeof forms)[number];
type Size = [m: number, n: number, k: number];

/** Tiles are 4 rows by 8, 4 and 1 columns (NN, TN) or 2 columns (NT); vectors hold 4 terms. */
const rows = [0, 1, 3, 4, 5, 8, 9];
const columns = [0, 1, 2, 3, 4, 5, 7, 8, 9, 13];
const terms = [0, 1, 2, 3, 4, 5, 6, 17];
const small = rows.flatMap((m) => columns.flatMap((n) => terms.map((k): Size => [m, n, k])));
/** Around the blocks of the sum, which add up in f32. */
const blocks = [K_BLOCK - 1, K_BLOCK, K_BLOCK + 1, 2 * K_BLOCK, 4099].map((k): Size => [5, 13, k]);
/** Panels of B are packed from 8 rows, 8 terms and 65 columns on. */
const panels: Size[] = [
  [8, 65, 8],
  [7, 65, 8],
  [8, 64, 8],
  [8, 65, 7],
  [33, 77, 17],
  [9, 72, K_BLOCK + 1],
  [65, 129, 63],
  [16, 16, 16],
  [32, 32, 32],
  [64, 64, 64],
  [64, 128, 256],
];

/** What a product starts from: the result's previous content, and both factors. */
function operands(random: Random, [m, n, k]: Size) {
  return { c: normals(random, m * n), a: normals(random, m * k), b: normals(random, n * k) };
}

/** Runs one product of the core and compares it with its reference. */
function check(core: Core, { form, reference }: Form, size: Size, alpha: number, add: boolean) {
  const [m, n, k] = size;
  const { c, a, b } = operands(new Random(m + 100 * n + 10_000 * k), size);
  // Without `add` the previous content must not be read: it stays the NaN of a lent array.
  const result = core.f32(add ? c : m * n);
  const [left, right] = [core.f32(a), core.f32(b)];
  core.exports[form](
    result.byteOffset,
    left.byteOffset,
    right.byteOffset,
    m,
    n,
    k,
    alpha,
    add ? 1 : 0,
  );
  const exact = Float64Array.from(c);
  const sizes = magnitudes(c);
  reference(exact, a, b, m, n, k, alpha, add);
  reference(sizes, magnitudes(a), magnitudes(b), m, n, k, Math.abs(alpha), add);
  // One rounding more where the block sums meet what is there.
  const allowed = sizes.map((each) => each * (dotInBlocks(k) + (add ? U32 : 0)));
  expectWithin(result, exact, allowed, `${form} ${size} alpha ${alpha} add ${add}`);
}

/** Column j of a row-major matrix with n columns. */
function column(b: Float32Array, j: number, n: number): Float32Array {
  return Float32Array.from({ length: b.length / n }, (_, p) => b[p * n + j]!);
}

/** The factors of element (i, j) of a product as a row and a column on their own. */
function factors(form: Form["form"], a: Float32Array, b: Float32Array, size: Size) {
  const [m, n, k] = size;
  return (i: number, j: number) => ({
    row: form === "gemmTN" ? column(a, i, m) : a.subarray(i * k, (i + 1) * k),
    line: form === "gemmNT" ? b.subarray(j * k, (j + 1) * k) : column(b, j, n),
  });
}

for (const build of builds) {
  describe.each(forms)(`${build} $form`, (each) => {
    const core = openCore(build);

    it("every edge of the tiles, set and added, with and without alpha", () => {
      for (const size of small) {
        check(core, each, size, 1, false);
        check(core, each, size, -0.75, true);
        core.takeBack();
      }
    });

    it.each([...blocks, ...panels])("%i x %i, sum over %i", (...size) => {
      check(core, each, size, 1, false);
      check(core, each, size, 1, true);
      check(core, each, size, 1.5, true);
    });

    it("a sum of a hundred thousand terms", () => check(core, each, [3, 3, 100_003], 1, false));

    it("a sum of many equal terms adds up in blocks", () => {
      const [m, n, k] = [2, 3, 400_003]; // a lane of NT holds a quarter of the terms
      const [a, b] = [core.f32(m * k).fill(0.1), core.f32(n * k).fill(1)];
      const c = core.f32(m * n);
      core.exports[each.form](c.byteOffset, a.byteOffset, b.byteOffset, m, n, k, 1, 0);
      const exact = k * Math.fround(0.1);
      expectWithin(c, new Array(m * n).fill(exact), dotInBlocks(k) * exact);
    });

    it("whole numbers come out exactly", () => {
      const size: Size = [33, 77, K_BLOCK + 5];
      const [m, n, k] = size;
      const random = new Random(1);
      const whole = (count: number) =>
        Float32Array.from({ length: count }, () => random.below(9) - 4);
      const [a, b] = [core.f32(whole(m * k)), core.f32(whole(n * k))];
      const c = core.f32(m * n);
      core.exports[each.form](c.byteOffset, a.byteOffset, b.byteOffset, m, n, k, 2, 0);
      const exact = new Float64Array(m * n);
      each.reference(exact, a, b, m, n, k, 2);
      expect(Array.from(c)).toEqual(Array.from(exact, (value) => value + 0));
    });

    it("an element has the same bits in whatever tile it lies", () => {
      const size: Size = [13, 77, K_BLOCK + 7];
      const [m, n, k] = size;
      const values = operands(new Random(2), size);
      const [c, a, b] = [core.f32(values.c), core.f32(values.a), core.f32(values.b)];
      core.exports[each.form](c.byteOffset, a.byteOffset, b.byteOffset, m, n, k, 0.3, 1);
      const [row, line, cell] = [core.f32(k), core.f32(k), core.f32(1)];
      const factorsAt = factors(each.form, values.a, values.b, size);
      const alone = c.map((_, index) => {
        const at = factorsAt(Math.floor(index / n), index % n);
        row.set(at.row);
        line.set(at.line);
        cell[0] = values.c[index]!;
        core.exports[each.form](
          cell.byteOffset,
          row.byteOffset,
          line.byteOffset,
          1,
          1,
          k,
          Math.fround(0.3),
          1,
        );
        return cell[0]!;
      });
      expectSame(c, alone);
    });

    it("NaN and infinity reach the elements that depend on them and no others", () => {
      const [m, n, k] = [5, 13, 6];
      const { a, b } = operands(new Random(3), [m, n, k]);
      a[each.form === "gemmTN" ? 4 * m + 2 : 2 * k + 4] = Number.NaN; // row 2, term 4
      const c = core.f32(m * n);
      const [left, right] = [core.f32(a), core.f32(b)];
      core.exports[each.form](c.byteOffset, left.byteOffset, right.byteOffset, m, n, k, 1, 0);
      const broken = Array.from(c, (value, index) =>
        Number.isNaN(value) ? Math.floor(index / n) : -1,
      );
      expect(broken.filter((row) => row >= 0)).toEqual(new Array(n).fill(2));
    });
  });
}
