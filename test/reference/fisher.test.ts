// The ways to the Fisher information agree with each other and with closed forms.

import { describe, expect, it } from "vitest";
import { sigmoid } from "./activation.ts";
import { analyticFisher } from "./analytic-fisher.ts";
import { expectClose } from "./expect-close.ts";
import { fisherByCurvature, fisherByDifferences } from "./fisher.ts";
import { lossAndGradient, type RowLossName, softmax } from "./loss.ts";
import type { Layer } from "./network.ts";
import { forward } from "./network.ts";
import { lossInput, networkPerRowLoss, unitRowWeights } from "./network-loss.ts";
import { flatten, parameterTensors, type Trainable, unflatten } from "./parameters.ts";
import { Random } from "./random.ts";

/** Twice the relative error of a central difference, since the gradient is squared. */
const DIFFERENCE = 2e-8;
const ROW_LOSSES: RowLossName[] = ["mse", "softmax-cross-entropy", "binary-cross-entropy", "huber"];
const ROWS = 5;
const OUTPUTS = 3;

function normals(random: Random, count: number): Float64Array {
  return Float64Array.from({ length: count }, () => random.normal());
}

function smallNetwork(last: Layer["activation"]): Layer[] {
  const random = new Random(21);
  const adapter = { rank: 2, alpha: 2, A: normals(random, 8), B: normals(random, 10) };
  const first = { weight: normals(random, 20), bias: normals(random, 5), adapter };
  const second = { weight: normals(random, 15), bias: normals(random, 3) };
  return [
    { inputSize: 4, outputSize: 5, activation: "tanh", ...first },
    { inputSize: 5, outputSize: OUTPUTS, activation: last, ...second },
  ];
}

function smallBatch() {
  const random = new Random(22);
  const label = Float64Array.from({ length: ROWS * OUTPUTS }, () => random.uniform());
  return { count: ROWS, input: normals(random, ROWS * 4), label };
}

/** Returns a function of the flat weights from a function of the network. */
function ofWeights<T>(layers: Layer[], trainable: Trainable, read: () => T) {
  const tensors = parameterTensors(layers, trainable);
  const theta = flatten(tensors);
  const value = (moved: Float64Array): T => {
    unflatten(tensors, moved);
    const result = read();
    unflatten(tensors, theta);
    return result;
  };
  return { theta, value };
}

describe("empirical", () => {
  const plans = ROW_LOSSES.flatMap((loss) =>
    (["all", "adapter"] as const).map((trainable) => ({ loss, trainable })),
  );

  it.each(plans)("$loss, $trainable: gradients equal differences", ({ loss, trainable }) => {
    for (const last of ["identity", "sigmoid"] as const) {
      const [layers, batch] = [smallNetwork(last), smallBatch()];
      const losses = () => networkPerRowLoss(layers, batch, loss);
      const { theta, value } = ofWeights(layers, trainable, losses);
      const numeric = fisherByDifferences(theta, ROWS, (moved, s) => value(moved)[s]!);
      const exact = analyticFisher(layers, batch, loss, "empirical", trainable);
      expectClose(numeric, exact, DIFFERENCE);
    }
  });

  it("negative-sharpe: differences of the outputs under the frozen gradient", () => {
    const [layers, batch] = [smallNetwork("tanh"), smallBatch()];
    const options = { cost: 0.1, sequenceRows: 4 };
    const outputs = () => lossInput(layers, forward(layers, batch.input, ROWS), "negative-sharpe");
    const { theta, value } = ofWeights(layers, "all", outputs);
    const ones = unitRowWeights(ROWS);
    const at = outputs();
    const frozen = lossAndGradient(
      "negative-sharpe",
      at,
      batch.label,
      ones,
      ROWS,
      OUTPUTS,
      options,
    ).dZ;
    const numeric = fisherByDifferences(theta, ROWS, (moved, s) => {
      const y = value(moved);
      let sum = 0;
      for (let k = s * OUTPUTS; k < (s + 1) * OUTPUTS; k++) sum += ROWS * frozen[k]! * y[k]!;
      return sum;
    });
    const loss = "negative-sharpe";
    const exact = analyticFisher(layers, batch, loss, "empirical", "all", options);
    expectClose(numeric, exact, DIFFERENCE);
  });
});

/**
 * Returns the mean over rows of sum_jk C_jk dz_j dz_k, C = `curvature(z_s)` and dz by differences.
 * This is the Fisher in its other form: the Jacobian around the Hessian of the row loss.
 */
function gaussNewton(layers: Layer[], loss: RowLossName, curvature: (z: number[]) => number[][]) {
  const batch = smallBatch();
  const read = () => lossInput(layers, forward(layers, batch.input, ROWS), loss);
  const { theta, value } = ofWeights(layers, "all", read);
  const center = value(theta);
  return theta.map((_, p) => {
    const h = Math.cbrt(2 ** -52) * Math.max(1, Math.abs(theta[p]!));
    const above = value(theta.map((x, q) => (q === p ? x + h : x)));
    const below = value(theta.map((x, q) => (q === p ? x - h : x)));
    const dz = above.map((x, k) => (x - below[k]!) / (2 * h));
    let sum = 0;
    for (let s = 0; s < ROWS; s++) {
      const c = curvature(Array.from(center.subarray(s * OUTPUTS, (s + 1) * OUTPUTS)));
      for (let j = 0; j < OUTPUTS; j++) {
        for (let k = 0; k < OUTPUTS; k++) {
          sum += (c[j]![k]! * dz[s * OUTPUTS + j]! * dz[s * OUTPUTS + k]!) / ROWS;
        }
      }
    }
    return sum;
  });
}

function diagonal(values: number[]): number[][] {
  return values.map((value, j) => values.map((_, k) => (j === k ? value : 0)));
}

describe("exact", () => {
  it("softmax-cross-entropy: diag(p) - p p^T around the Jacobian", () => {
    const layers = smallNetwork("identity");
    const expected = gaussNewton(layers, "softmax-cross-entropy", (z) => {
      const p = softmax(z);
      return diagonal(p).map((row, j) => row.map((value, k) => value - p[j]! * p[k]!));
    });
    const loss = "softmax-cross-entropy";
    expectClose(analyticFisher(layers, smallBatch(), loss, "exact", "all"), expected, DIFFERENCE);
  });

  it.each(["identity", "sigmoid"] as const)("binary-cross-entropy behind %s", (last) => {
    const layers = smallNetwork(last);
    const loss = "binary-cross-entropy";
    const expected = gaussNewton(layers, loss, (z) =>
      diagonal(z.map((logit) => sigmoid(logit) * sigmoid(-logit))),
    );
    expectClose(analyticFisher(layers, smallBatch(), loss, "exact", "all"), expected, DIFFERENCE);
  });

  it("mse: twice the squared Jacobian", () => {
    const layers = smallNetwork("tanh");
    const expected = gaussNewton(layers, "mse", (z) => diagonal(z.map(() => 2)));
    expectClose(analyticFisher(layers, smallBatch(), "mse", "exact", "all"), expected, DIFFERENCE);
  });

  it("is refused where the loss names no distribution", () => {
    for (const loss of ["huber", "negative-sharpe"] as const) {
      const compute = () =>
        analyticFisher(smallNetwork("identity"), smallBatch(), loss, "exact", "all");
      expect(compute).toThrow(RangeError);
    }
  });
});

describe("finite differences", () => {
  it("curvature of a quadratic is its second derivative, without the sign", () => {
    const bend = [3, -0.5, 0, 40];
    const meanLoss = (x: Float64Array) => bend.reduce((sum, c, p) => sum + (c / 2) * x[p]! ** 2, 0);
    const fisher = fisherByCurvature(Float64Array.of(0.3, -2, 1, 0.01), meanLoss);
    // Rounding of the loss, about 2, over h^2 = 2^-26.
    expectClose(fisher, [3, 0.5, 0, 40], 1e-8);
  });

  it.each([0.1, 1.5, -1000])("step from %d by its size, or by 1 if that is more", (weight) => {
    const seen: number[] = [];
    fisherByDifferences(Float64Array.of(weight), 1, (x) => seen.push(x[0]!));
    fisherByCurvature(Float64Array.of(weight), (x) => seen.push(x[0]!));
    const size = Math.max(1, Math.abs(weight));
    const [first, second] = [Math.cbrt(2 ** -52) * size, 2 ** -13 * size];
    const expected = [first, -first, 0, second, -second].map((step) => weight + step);
    expect(seen).toEqual(expected);
  });

  it("without weights, or with no rows, there is nothing", () => {
    expect(fisherByDifferences(new Float64Array(0), 3, () => 1)).toHaveLength(0);
    const batch = { count: 0, input: [], label: [] };
    const fisher = analyticFisher(smallNetwork("identity"), batch, "mse", "empirical", "adapter");
    expect(Array.from(fisher)).toEqual(new Array(18).fill(0));
  });
});
