// The Fisher of a loss that the core can only call agrees with references and closed forms.

import { describe, expect, it } from "vitest";
import { sigmoid } from "../reference/activation.ts";
import { fisherByCurvature, fisherByDifferences } from "../reference/fisher.ts";
import { Random } from "../reference/random.ts";
import { DIFFERENCE, networkIn32, sumIn64 } from "../tolerance.ts";
import { expectSame, expectWithin } from "./expect-within.ts";
import { analytic } from "./fisher-case.ts";
import { builds, openCore } from "./harness.ts";
import { largest, normals } from "./values.ts";

type Theta = ArrayLike<number>;

const SAMPLES = 7;

/** Logistic regression on seven samples with as many inputs as there are weights. */
function logistic(weights: number) {
  const random = new Random(weights);
  const x = Array.from({ length: SAMPLES }, () => normals(random, weights));
  const t = x.map(() => random.below(2));
  const logit = (theta: Theta, s: number) =>
    x[s]!.reduce((sum, value, p) => sum + value * theta[p]!, 0);
  return {
    input: x.flatMap((row) => [...row]),
    label: t,
    loss(theta: Theta, s: number): number {
      const z = logit(theta, s);
      return Math.max(z, 0) - z * t[s]! + Math.log1p(Math.exp(-Math.abs(z)));
    },
    /** mean over samples of ((sigmoid(z) - t) x)^2 */
    fisher: (theta: Theta) =>
      Float64Array.from({ length: weights }, (_, p) =>
        x.reduce((sum, row, s) => {
          const slope = (sigmoid(logit(theta, s)) - t[s]!) * row[p]!;
          return sum + slope ** 2 / SAMPLES;
        }, 0),
      ),
  };
}

for (const build of builds) {
  describe(build, () => {
    const core = openCore(build);
    const { fisherCallback, curvatureCallback } = core.exports;

    /** Runs a kernel on a loss of theta, which lies in the core. */
    function measure(
      kernel: typeof fisherCallback,
      start: ArrayLike<number>,
      loss: (theta: Float64Array, sample: number) => number,
      samples = SAMPLES,
    ) {
      const [theta, fisher] = [core.f64(start), core.f64(start.length)];
      core.sampleLoss = (sample) => loss(theta, sample);
      const failedAt = kernel(fisher.byteOffset, theta.byteOffset, start.length, samples);
      expectSame(theta, start, "theta, which is put back");
      return { fisher, failedAt };
    }

    it.each([0, 1, 3, 4, 17])("%i weights of a logistic regression", (weights) => {
      const { loss, fisher: exact } = logistic(weights);
      const theta = normals(new Random(1), weights, 0.5);
      const { fisher, failedAt } = measure(fisherCallback, theta, loss);
      expect(failedAt).toBe(-1);
      const reference = fisherByDifferences(Float64Array.from(theta), SAMPLES, loss);
      // The same differences of the same losses; only their squares are added up elsewhere.
      const allowed = reference.map((value) => 2 * sumIn64(SAMPLES + 2) * value);
      expectWithin(fisher, reference, allowed, "differences");
      const closed = exact(theta);
      expectWithin(fisher, closed, 2 * DIFFERENCE * largest(closed), "closed form");
    });

    it("a logistic regression as a network has the same Fisher analytically", () => {
      const weights = 5;
      const { loss, input, label } = logistic(weights);
      const theta = Float64Array.from(normals(new Random(2), weights, 0.5));
      const shape = { inputSize: weights, outputSize: 1, activation: "identity" } as const;
      const layers = [{ ...shape, weight: theta, bias: new Float64Array(1) }];
      const batch = { count: SAMPLES, input, label };
      const { tensors } = analytic(core, layers, batch, "binary-cross-entropy");
      const { fisher } = measure(fisherCallback, theta, loss);
      const relative = 2 * networkIn32(layers, SAMPLES) + 2 * DIFFERENCE;
      expectWithin(tensors[0]!.weight!, fisher, relative * largest(fisher));
    });

    it("the step grows with the weight, one weight moves at a time, twice per sample", () => {
      const start = [0, 1000, -0.25];
      const seen: number[][] = [];
      measure(fisherCallback, start, (theta) => seen.push([...theta]), 2);
      const h = Math.cbrt(2 ** -52);
      const moved = start.flatMap((value, p) =>
        [1, -1, 1, -1].map((side) =>
          start.with(p, value + side * h * Math.max(1, Math.abs(value))),
        ),
      );
      expect(seen).toEqual(moved);
    });

    it("the curvature of a quadratic is its second derivative, without the sign", () => {
      const bend = [3, -0.5, 0, 40, 2];
      const start = [0.3, -2, 1, 0.01, 901.7];
      const loss = (theta: Theta, s: number) =>
        bend.reduce((sum, c, p) => sum + (s * c * theta[p]! ** 2) / 2, 0);
      // Samples 0 to 6 weigh 3 on average.
      const { fisher, failedAt } = measure(curvatureCallback, start, loss);
      expect(failedAt).toBe(-1);
      // Rounding of the loss, about 2.4e6, over h^2 = 2^-26 max(1, theta^2).
      const h2 = start.map((value) => 2 ** -26 * Math.max(1, value ** 2));
      const allowed = h2.map((square) => (4 * SAMPLES * 2.4e6 * 2 ** -53) / square);
      expectWithin(
        fisher,
        bend.map((c) => 3 * Math.abs(c)),
        allowed,
      );
      const mean = (theta: Float64Array) => {
        let sum = 0;
        for (let s = 0; s < SAMPLES; s++) sum += loss(theta, s);
        return sum / SAMPLES;
      };
      expectSame(fisher, fisherByCurvature(Float64Array.from(start), mean));
    });

    it.each([Number.NaN, Number.POSITIVE_INFINITY])("a loss of %f names the weight", (value) => {
      const loss = (theta: Theta) => (theta[2] === 1 ? theta[0]! : value);
      for (const kernel of [fisherCallback, curvatureCallback]) {
        const { fisher, failedAt } = measure(kernel, [1, 1, 1, 1], loss);
        expect(failedAt).toBe(2);
        expect(Number.isFinite(fisher[1])).toBe(true);
        expect(fisher[3]).toBeNaN(); // not reached
      }
    });

    it("a loss that throws ends the kernel", () => {
      const failing = () => {
        throw new Error("no such sample");
      };
      for (const kernel of [fisherCallback, curvatureCallback]) {
        expect(() => measure(kernel, [1, 2], failing)).toThrow("no such sample");
      }
    });
  });
}
