// Every gradient of the references agrees with finite differences of its value.

import { describe, expect, it } from "vitest";
import { type ActivationName, activate, activationDerivative } from "./activation.ts";
import { addEwcGradient, ewcPenalty } from "./ewc.ts";
import { expectClose } from "./expect-close.ts";
import { type LossName, lossAndGradient, perRowLoss, type RowLossName } from "./loss.ts";
import type { Layer } from "./network.ts";
import { networkLoss } from "./network-loss.ts";
import { flatten, gradientTensors, parameterTensors, unflatten } from "./parameters.ts";
import { Random } from "./random.ts";

/** The best central difference of a smooth f64 function loses a third of the 52 bits. */
const DIFFERENCE = 1e-8;
const ACTIVATIONS: ActivationName[] = ["identity", "relu", "tanh", "gelu", "sigmoid"];
const ROW_LOSSES: RowLossName[] = ["mse", "softmax-cross-entropy", "binary-cross-entropy", "huber"];
const LOSSES: LossName[] = [...ROW_LOSSES, "negative-sharpe"];

function normals(random: Random, count: number, scale = 1): Float64Array {
  return Float64Array.from({ length: count }, () => scale * random.normal());
}

function uniforms(random: Random, count: number): Float64Array {
  return Float64Array.from({ length: count }, () => random.uniform());
}

/** Returns the central differences of `value` at x, moving one element at a time. */
function differences(x: Float64Array, value: (x: Float64Array) => number): Float64Array {
  return x.map((_, p) => {
    const h = Math.cbrt(2 ** -52) * Math.max(1, Math.abs(x[p]!));
    const above = Float64Array.from(x);
    const below = Float64Array.from(x);
    above[p]! += h;
    below[p]! -= h;
    return (value(above) - value(below)) / (2 * h);
  });
}

describe("activations", () => {
  it.each(ACTIVATIONS)("%s", (name) => {
    const z = Float64Array.of(-30, -4, -1.5, -0.3, 0.2, 0.9, 2, 5, 30);
    const slopes = z.map((value) => activationDerivative(name, value));
    const expected = z.map(
      (value) => differences(Float64Array.of(value), (x) => activate(name, x[0]!))[0]!,
    );
    expectClose(slopes, expected, DIFFERENCE);
  });

  it("stay finite far out and are flat on the negative side of relu", () => {
    for (const name of ACTIVATIONS) {
      for (const z of [-1e4, 1e4]) {
        expect(Number.isFinite(activate(name, z))).toBe(true);
        expect(Number.isFinite(activationDerivative(name, z))).toBe(true);
      }
    }
    expect([activate("relu", 0), activationDerivative("relu", 0)]).toEqual([0, 0]);
  });
});

describe("losses", () => {
  const shapes = LOSSES.flatMap((loss) => [1, 3].map((o) => ({ loss, o })));

  it.each(shapes)("$loss with $o outputs", ({ loss, o }) => {
    const n = 7;
    const random = new Random(o);
    const z = normals(random, n * o, 2);
    // Labels of the softmax need not add up to 1: the gradient carries their sum.
    const t = uniforms(random, n * o);
    const w = uniforms(random, n);
    for (const options of [{}, { cost: 0.1 }, { cost: 0.1, sequenceRows: 4 }]) {
      const { dZ } = lossAndGradient(loss, z, t, w, n, o, options);
      const value = (x: Float64Array) => lossAndGradient(loss, x, t, w, n, o, options).value;
      expectClose(dZ, differences(z, value), DIFFERENCE);
    }
  });

  it.each(ROW_LOSSES)("%s is the weighted mean of its rows", (loss) => {
    const random = new Random(3);
    const [z, t, w] = [normals(random, 12), uniforms(random, 12), uniforms(random, 4)];
    const rows = perRowLoss(loss, z, t, 4, 3);
    const mean = rows.reduce((sum, value, s) => sum + w[s]! * value, 0) / 4;
    expectClose([lossAndGradient(loss, z, t, w, 4, 3).value], [mean], 1e-15);
  });

  it("stay finite for logits of a thousand", () => {
    for (const loss of ROW_LOSSES) {
      const { value, dZ } = lossAndGradient(loss, [1000, -1000], [0, 1], [1], 1, 2);
      expect([value, ...dZ].every(Number.isFinite)).toBe(true);
    }
  });

  it("negative-sharpe is 0 with gradient 0 when every row earns the same", () => {
    const result = lossAndGradient("negative-sharpe", [1, 1, 1], [0.1, 0.1, 0.1], [1, 1, 1], 3, 1);
    expect([result.value, ...result.dZ]).toEqual([0, 0, 0, 0]);
  });

  it("negative-sharpe takes 0 as the slope of |0|, where no position moves", () => {
    const [z, t, w] = [
      [2, 2, 2],
      [1, -2, 4],
      [1, 1, 1],
    ];
    const free = lossAndGradient("negative-sharpe", z, t, w, 3, 1);
    expect(lossAndGradient("negative-sharpe", z, t, w, 3, 1, { cost: 0.5 })).toEqual(free);
    expect(free.dZ.every((slope) => Number.isFinite(slope) && slope !== 0)).toBe(true);
  });

  it("negative-sharpe charges rows 1 to sequenceRows - 1 only", () => {
    const options = { cost: 0.5, sequenceRows: 2 };
    // P&L: 2 without cost; 3 - 0.5 * 2; 5 without cost. Mean 3, population std sqrt(2).
    const [z, t] = [
      [1, 3, 5],
      [2, 1, 1],
    ];
    const { value } = lossAndGradient("negative-sharpe", z, t, [1, 1, 1], 3, 1, options);
    expectClose([value], [-3 / Math.sqrt(2)], 1e-15);
  });

  it("are 0 without rows", () => {
    for (const loss of LOSSES) expect(lossAndGradient(loss, [], [], [], 0, 2).value).toBe(0);
  });
});

/** Three layers: the adapter alone, base with adapter, base alone. */
function network(random: Random, hidden: ActivationName, last: ActivationName): Layer[] {
  const adapter = (r: number, i: number, o: number) => {
    return { rank: r, alpha: 3, A: normals(random, r * i), B: normals(random, o * r, 0.5) };
  };
  const base = (i: number, o: number) => {
    return { weight: normals(random, o * i, 0.6), bias: normals(random, o, 0.4) };
  };
  return [
    { inputSize: 4, outputSize: 5, activation: hidden, adapter: adapter(2, 4, 5) },
    { inputSize: 5, outputSize: 6, activation: hidden, ...base(5, 6), adapter: adapter(3, 5, 6) },
    { inputSize: 6, outputSize: 3, activation: last, ...base(6, 3) },
  ];
}

describe("networks", () => {
  const plans = ACTIVATIONS.flatMap((activation) =>
    LOSSES.map((loss) => ({ activation, loss, last: loss === "mse" ? "tanh" : "identity" })),
  ) as { activation: ActivationName; loss: LossName; last: ActivationName }[];
  plans.push({ activation: "tanh", loss: "binary-cross-entropy", last: "sigmoid" });

  it.each(plans)("$activation under $loss", ({ activation, loss, last }) => {
    const random = new Random(11);
    const layers = network(random, activation, last);
    const n = 6;
    const batch = {
      count: n,
      input: normals(random, n * 4),
      label: uniforms(random, n * 3),
      rowWeight: uniforms(random, n),
    };
    const options = { cost: 0.05, sequenceRows: 5 };
    const { gradients } = networkLoss(layers, batch, loss, options);
    const tensors = parameterTensors(layers, "all");
    const theta = flatten(tensors);
    const byParameter = differences(theta, (moved) => {
      unflatten(tensors, moved);
      return networkLoss(layers, batch, loss, options).value;
    });
    unflatten(tensors, theta);
    expectClose(flatten(gradientTensors(gradients, "all")), byParameter, DIFFERENCE);
    const byInput = differences(
      batch.input,
      (input) => networkLoss(layers, { ...batch, input }, loss, options).value,
    );
    expectClose(gradients[0]!.dInput, byInput, DIFFERENCE);
  });
});

it("EWC gradient is added to what is there", () => {
  const random = new Random(5);
  const [theta, baseline] = [normals(random, 20), normals(random, 20)];
  const fisher = uniforms(random, 20);
  const grad = new Float64Array(20).fill(2);
  addEwcGradient(grad, theta, baseline, fisher, 3);
  const slopes = differences(theta, (moved) => ewcPenalty(moved, baseline, fisher, 3));
  expectClose(
    grad,
    slopes.map((slope) => slope + 2),
    DIFFERENCE,
  );
});
