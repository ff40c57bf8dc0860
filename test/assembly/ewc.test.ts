// The EWC kernels agree with the f64 references, the penalty's finite differences and PyTorch.

import { describe, expect, it } from "vitest";
import { addEwcGradient, ewcPenalty, ewcProximalStep } from "../reference/ewc.ts";
import { readPytorchVectors } from "../reference/pytorch-vectors.ts";
import { Random } from "../reference/random.ts";
import { DIFFERENCE, PENALTY, sumIn64, U32 } from "../tolerance.ts";
import { expectNear, expectSame, expectWithin } from "./expect-within.ts";
import { builds, lengths, openCore, shortLengths } from "./harness.ts";
import { largest, normals, uniforms } from "./values.ts";

const f32 = Math.fround;
const lambda = f32(1.3);

/** Weights, reference weights and importances as the core stores them. */
function blocksOf(n: number) {
  const random = new Random(n);
  return {
    theta: normals(random, n),
    baseline: normals(random, n),
    fisher: uniforms(random, n),
    grad: normals(random, n),
  };
}

for (const build of builds) {
  describe(build, () => {
    const core = openCore(build);
    const { exports } = core;

    /** The blocks in the core, with their addresses in the order of the kernels. */
    function lend(n: number) {
      const values = blocksOf(n);
      const lent = {
        theta: core.f32(values.theta),
        baseline: core.f32(values.baseline),
        fisher: core.f32(values.fisher),
        grad: core.f32(values.grad),
      };
      const { theta, baseline, fisher } = lent;
      const at = [theta.byteOffset, baseline.byteOffset, fisher.byteOffset] as const;
      return { values, lent, at };
    }

    it.each(lengths)("penalty and gradient of %i weights", (n) => {
      const { values, lent, at } = lend(n);
      const { theta, baseline, fisher, grad } = values;
      const exact = ewcPenalty(theta, baseline, fisher, lambda);
      const penalty = exports.ewcPenalty(...at, n, lambda);
      expectNear(penalty, exact, PENALTY * exact, "penalty");
      const fused = exports.ewcAddGradient(lent.grad.byteOffset, ...at, n, lambda);
      expectSame([fused], [penalty], "penalty of the fused pass");
      // One rounding per operation, in this order: equal to the last bit.
      const sums = grad.map((g, p) => {
        const pull = f32(fisher[p]! * f32(theta[p]! - baseline[p]!));
        return g + f32(lambda * pull);
      });
      expectSame(lent.grad, sums, "gradient");
      expectSame(lent.theta, theta, "theta, which is only read");
    });

    it.each(shortLengths)("the gradient of %i weights is the penalty's slope", (n) => {
      const { values, lent, at } = lend(n);
      const { theta, baseline, fisher } = values;
      lent.grad.fill(0);
      exports.ewcAddGradient(lent.grad.byteOffset, ...at, n, lambda);
      const slopes = Array.from(theta, (value, p) => {
        // The other weights add the same to both sides.
        const side = (x: number) => ewcPenalty([x], [baseline[p]!], [fisher[p]!], lambda);
        const h = Math.cbrt(2 ** -52) * Math.max(1, Math.abs(value));
        return (side(value + h) - side(value - h)) / (2 * h);
      });
      expectWithin(lent.grad, slopes, (4 * U32 + DIFFERENCE) * largest(slopes));
    });

    it("a run of equal terms keeps the digits that f32 would lose", () => {
      const n = 100_003;
      const [theta, zero, ones] = [core.f32(n).fill(0.1), core.f32(n).fill(0), core.f32(n).fill(1)];
      const at = [theta.byteOffset, zero.byteOffset, ones.byteOffset] as const;
      const exact = (n / 2) * f32(0.1) ** 2;
      expectNear(exports.ewcPenalty(...at, n, 1), exact, PENALTY * exact);
      expectNear(exports.ewcAddGradient(ones.byteOffset, ...at, n, 1), exact, PENALTY * exact);
    });

    it.each(lengths)("proximal step of %i weights", (n) => {
      const { values, lent, at } = lend(n);
      const exact = Float64Array.from(values.theta);
      exports.ewcProximalStep(...at, n, 0.8);
      ewcProximalStep(exact, values.baseline, values.fisher, 0.5, 1.6);
      // baseline + d / (1 + a): d, 1 + a, a, the quotient and the sum round once each.
      const allowed = exact.map((value, p) => {
        return 5 * U32 * (Math.abs(value) + 2 * Math.abs(values.baseline[p]!));
      });
      expectWithin(lent.theta, exact, allowed);
    });

    it("a proximal step stays between weight and baseline for any strength", () => {
      for (const strength of [0, 1e-30, 1, 1e6, 1e38, 1e300]) {
        const { values, lent, at } = lend(67);
        for (const p of [3, 64]) lent.fisher[p] = 0; // infinity times 0 would be NaN
        for (const p of [5, 66]) lent.fisher[p] = 9; // 9 times 1e38 overflows
        exports.ewcProximalStep(...at, 67, strength);
        lent.theta.forEach((theta, p) => {
          const [from, to] = [values.theta[p]!, values.baseline[p]!];
          const slack = 2 * U32 * Math.max(Math.abs(from), Math.abs(to));
          expect(theta).toBeGreaterThanOrEqual(Math.min(from, to) - slack);
          expect(theta).toBeLessThanOrEqual(Math.max(from, to) + slack);
        });
        if (strength === 0) expectWithin(lent.theta, values.theta, 2 * U32 * 8);
        if (strength < 1e38) continue;
        for (const p of [3, 64]) values.baseline[p] = values.theta[p]!;
        expectWithin(lent.theta, values.baseline, 2 * U32 * 8);
      }
    });

    it("a weight of no importance is not pulled, however large lambda is", () => {
      const { values, lent, at } = lend(65);
      lent.fisher.fill(0);
      expect(exports.ewcAddGradient(lent.grad.byteOffset, ...at, 65, 1e300)).toBe(0);
      expectSame(lent.grad, values.grad);
    });

    it.each(lengths)("consolidation of %i importances", (n) => {
      const random = new Random(n);
      const [fisher, fresh] = [uniforms(random, n), uniforms(random, n)];
      for (const [keep, gain] of [
        [0.9, 1],
        [0.9, 0.1],
        [0, 1],
      ].map(([a, b]) => [f32(a!), f32(b!)] as const)) {
        const lent = core.f32(fisher);
        const [into, from] = [lent.byteOffset, core.f32(fresh).byteOffset];
        exports.fisherConsolidate(into, from, n, keep, gain);
        const exact = fisher.map((value, p) => f32(keep * value) + f32(gain * fresh[p]!));
        expectSame(lent, exact);
      }
    });

    it.each([
      [1, 100_003],
      [4099, 3],
      ...shortLengths.map((count) => [5, count]),
      ...shortLengths.filter((samples) => samples > 0).map((samples) => [samples, 5]),
    ])("mean squares of %i rows of %i", (samples, count) => {
      const g = normals(new Random(samples), samples * count);
      const out = core.f32(count);
      exports.meanSquares(out.byteOffset, core.f32(g).byteOffset, samples, count);
      const exact = new Float64Array(count);
      g.forEach((value, k) => {
        exact[k % count]! += value ** 2 / samples;
      });
      const relative = U32 + 2 * sumIn64(samples + 2);
      expectWithin(
        out,
        exact,
        exact.map((value) => relative * value),
      );
    });

    it("PyTorch's penalty and gradient", () => {
      const golden = readPytorchVectors().ewc;
      const n = golden.theta.length;
      const { theta, baseline, fisher } = golden;
      const at = [theta, baseline, fisher].map((each) => core.f32(each).byteOffset) as [
        number,
        number,
        number,
      ];
      const grad = core.f32(new Float32Array(n));
      const penalty = exports.ewcAddGradient(grad.byteOffset, ...at, n, golden.lambda);
      expectNear(penalty, golden.penalty, PENALTY * golden.penalty);
      const reference = new Float64Array(n);
      addEwcGradient(reference, theta, baseline, fisher, golden.lambda);
      expectWithin(grad, golden.gradient, 4 * U32 * largest(reference));
    });
  });
}
