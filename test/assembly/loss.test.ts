// The five losses agree with their f64 references, value and gradient, on every length and option.

import { describe, expect, it } from "vitest";
import { type LossName, lossAndGradient, softmax } from "../reference/loss.ts";
import type { NegativeSharpeOptions } from "../reference/negative-sharpe.ts";
import { Random } from "../reference/random.ts";
import { LOSS_TERM, lossIn64, SOFTMAX, U32 } from "../tolerance.ts";
import { expectNear, expectSame, expectWithin } from "./expect-within.ts";
import { builds, type Core, lengths, openCore, shortLengths } from "./harness.ts";
import { lossKinds, lossNames } from "./network-block.ts";
import { largest, magnitudes, normals, uniforms } from "./values.ts";

interface Case {
  loss: LossName;
  n: number;
  o: number;
  z: Float32Array;
  t: Float32Array;
  w: Float32Array;
}

/** Outputs of n rows, and labels as the loss wants them. */
function caseOf(loss: LossName, n: number, o: number): Case {
  const random = new Random(n + 1000 * o);
  const z = normals(random, n * o, 2);
  const isSharpe = loss === "negative-sharpe";
  // The labels of a row need not add up to 1; some are 0.
  const t = uniforms(random, n * o).map((value, k) =>
    isSharpe ? 0.02 * (value - 0.4) : k % 3 === 1 ? 0 : value,
  );
  return { loss, n, o, z, t, w: uniforms(random, n) };
}

/** Magnitudes that an error of one rounding applies to: of the value, and of each gradient. */
function allowance({ loss, n, o, z, t, w }: Case, value: number, dZ: Float64Array) {
  if (loss === "negative-sharpe") {
    // P&L, mean and std in f64; a std below the mean magnifies their errors by its square.
    const growth = lossIn64(n + o) * (1 + value * value) * 8;
    const scale = growth * largest(dZ);
    return { value: growth, gradient: dZ.map((each) => U32 * Math.abs(each) + scale) };
  }
  const gradient = dZ.map((each) => LOSS_TERM * Math.abs(each));
  let [masses, sizes] = [0, 0];
  for (let s = 0; s < n; s++) {
    const labels = t.subarray(s * o, (s + 1) * o);
    const logits = z.subarray(s * o, (s + 1) * o);
    const mass = labels.reduce((sum, each) => sum + each, 0);
    masses += (w[s]! * mass) / n;
    sizes += (w[s]! * logits.reduce((sum, each) => sum + 2 * Math.abs(each) + 1, 0)) / n;
    if (loss !== "softmax-cross-entropy") continue;
    for (let k = s * o; k < (s + 1) * o; k++) gradient[k]! += (SOFTMAX * mass * w[s]!) / n;
  }
  const inSum = lossIn64(n * o);
  if (loss === "binary-cross-entropy") return { value: inSum * sizes, gradient };
  const logarithm = loss === "softmax-cross-entropy" ? SOFTMAX * masses : 0;
  return { value: LOSS_TERM * Math.abs(value) + logarithm + inSum * sizes, gradient };
}

/** Runs the loss of the core and compares value and gradient with the reference. */
function check(core: Core, each: Case, options: NegativeSharpeOptions = {}, isPerSample = false) {
  const { loss, n, o, z, t, w } = each;
  const { cost = 0, sequenceRows = n } = options;
  const [d, pnl] = [core.f32(n * o), core.f64(n)];
  const addresses = [z, t, w].map((array) => core.f32(array).byteOffset) as [
    number,
    number,
    number,
  ];
  const run = (into: number) =>
    core.exports.loss(
      into,
      ...addresses,
      pnl.byteOffset,
      n,
      o,
      lossKinds[loss],
      cost,
      sequenceRows,
      isPerSample ? 1 : 0,
    );
  const value = run(d.byteOffset);
  const exact = lossAndGradient(loss, z, t, w, n, o, options);
  const allowed = allowance(each, exact.value, exact.dZ);
  const factor = isPerSample ? n : 1;
  const what = `${loss} ${n} x ${o}`;
  expectNear(value, exact.value, allowed.value, what);
  const times = (x: Float64Array) => x.map((one) => factor * one);
  expectWithin(d, times(exact.dZ), times(allowed.gradient), `gradient of ${what}`);
  expectSame([run(0)], [value], `value of ${what} without gradient`);
}

const widths = [1, 2, 3, 4, 5, 8, 9, 17, 64];

for (const build of builds) {
  describe.each(lossNames)(`${build} %s`, (loss) => {
    const core = openCore(build);

    it("every small number of rows and outputs", () => {
      for (const n of [1, 2, 3, 4, 5, 17]) {
        for (const o of widths) check(core, caseOf(loss, n, o));
        core.takeBack();
      }
    });

    it.each(lengths.filter((n) => n > 0))("%i rows", (n) => {
      check(core, caseOf(loss, n, n > 4099 ? 1 : 3));
    });

    it.each(lengths.filter((o) => o > 0))("%i outputs", (o) => {
      check(core, caseOf(loss, 2, o));
    });

    it("gradients of single rows are n times those of the batch", () => {
      for (const n of [1, 5, 17]) check(core, caseOf(loss, n, 3), {}, true);
    });

    it("no weights are weights of 1", () => {
      const { z, t } = caseOf(loss, 5, 3);
      const rows = [core.f32(z), core.f32(t), core.f32(5).fill(1)] as const;
      const values = [0, rows[2].byteOffset].map((w) => {
        const [d, pnl] = [core.f32(15), core.f64(5)];
        const [at, label] = [rows[0].byteOffset, rows[1].byteOffset];
        const kind = lossKinds[loss];
        const value = core.exports.loss(
          d.byteOffset,
          at,
          label,
          w,
          pnl.byteOffset,
          5,
          3,
          kind,
          0.1,
          5,
          0,
        );
        return [value, ...d];
      });
      expectSame(values[0]!, values[1]!);
    });

    it("a row of weight 0 counts as a row and pulls nothing", () => {
      const each = caseOf(loss, 5, 3);
      each.w[2] = 0;
      check(core, each);
    });
  });

  describe(`${build} kinks and far ends`, () => {
    const core = openCore(build);

    it("huber at and around its bends", () => {
      const z = Float32Array.of(1, -1, 1.0000001, -1.0000001, 0.9999999, -0.9999999, 0, 30);
      const t = new Float32Array(8);
      check(core, { loss: "huber", n: 2, o: 4, z, t, w: Float32Array.of(1, 1) });
    });

    it("cross-entropies of logits of a thousand", () => {
      const [z, t] = [Float32Array.of(1000, -1000, 3, -2), Float32Array.of(0.25, 0.75, 0, 0)];
      for (const loss of ["softmax-cross-entropy", "binary-cross-entropy"] as const) {
        check(core, { loss, n: 1, o: 4, z, t, w: Float32Array.of(1) });
        check(core, { loss, n: 2, o: 2, z, t, w: Float32Array.of(1, 1) });
      }
    });

    it("negative Sharpe charges the rows of the sequence only", () => {
      for (const n of [1, 2, 3, 9]) {
        for (const o of [1, 3]) {
          for (const sequenceRows of [0, 1, n >> 1, n]) {
            const options = { cost: 0.005, sequenceRows };
            check(core, caseOf("negative-sharpe", n, o), options);
            check(core, caseOf("negative-sharpe", n, o), options, true);
          }
        }
      }
    });

    it("negative Sharpe charges nothing for a position that is kept", () => {
      const t = Float32Array.of(0.1, 0.3, -0.2, 0.4);
      const z = Float32Array.of(2, 2, 1, 1);
      const each = { loss: "negative-sharpe", n: 4, o: 1, z, t, w: new Float32Array(4).fill(1) };
      check(core, each as Case, { cost: 0.05 });
    });

    it.each([1, 2, 3, 10, 100, 1000])("negative Sharpe of %i equal rows is 0", (n) => {
      const [z, t] = [core.f32(n).fill(0.3), core.f32(n).fill(0.7)];
      const [d, pnl] = [core.f32(n), core.f64(n)];
      const kind = lossKinds["negative-sharpe"];
      const [at, label] = [z.byteOffset, t.byteOffset];
      const value = core.exports.loss(
        d.byteOffset,
        at,
        label,
        0,
        pnl.byteOffset,
        n,
        1,
        kind,
        0,
        n,
        0,
      );
      expectSame([value, ...d], new Array(n + 1).fill(0));
    });

    it.each(shortLengths.filter((o) => o > 0))("softmax of %i logits", (o) => {
      const z = core.f32(normals(new Random(o), o, 5));
      const exact = softmax(Array.from(z));
      core.exports.softmax(z.byteOffset, z.byteOffset, o); // in place
      const size = largest(exact);
      expectWithin(z, exact, magnitudes(exact).fill(SOFTMAX * size));
      const total = z.reduce((sum, each) => sum + each, 0);
      expect(Math.abs(total - 1)).toBeLessThan(SOFTMAX);
    });
  });
}
