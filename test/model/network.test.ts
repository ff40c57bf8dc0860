// A network's outputs, losses and weights: against the references, PyTorch, and itself.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.ts";
import { type Activation, Network, type Sample } from "../../src/index.ts";
import { partsOf } from "../../src/model/network.ts";
import { expectClose } from "../reference/expect-close.ts";
import type { LossName } from "../reference/loss.ts";
import { forward } from "../reference/network.ts";
import { networkLoss } from "../reference/network-loss.ts";
import { readPytorchVectors } from "../reference/pytorch-vectors.ts";
import { layersOf } from "./reference-layers.ts";
import { batchOf, LOSSES, normals, samplesFor } from "./samples.ts";

/** Three layers of sums of at most 40 products in f32, through functions of slope about 1. */
const FORWARD = 3 * 40 * 2 ** -24;
const ACTIVATIONS: readonly Activation[] = ["identity", "relu", "tanh", "gelu", "sigmoid"];

const ROW_LOSSES = LOSSES.filter((loss) => loss !== "negative-sharpe");

/** Expects values of size 1 or more to agree relatively, smaller ones absolutely. */
function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number) {
  expect(actual.length).toBe(expected.length);
  for (let k = 0; k < expected.length; k++) {
    const error = Math.abs(actual[k]! - expected[k]!);
    expect(error).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(expected[k]!)));
  }
}

const shapes = fc.record({
  inputSize: fc.integer({ min: 1, max: 40 }),
  sizes: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 3 }),
  activations: fc.array(fc.constantFrom(...ACTIVATIONS), { minLength: 3, maxLength: 3 }),
  loss: fc.constantFrom(...ROW_LOSSES),
  rows: fc.integer({ min: 1, max: 20 }),
  seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
});
type Shape = typeof shapes extends fc.Arbitrary<infer T> ? T : never;

function networkOf({ inputSize, sizes, activations, loss, seed }: Shape): Network {
  const layers = sizes.map((size, index) => ({
    name: `layer ${index}`,
    size,
    activation: activations[index]!,
  }));
  return new Network({ inputSize, layers, loss, seed });
}

describe("against the references", () => {
  it("forward", () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        using network = networkOf(shape);
        const input = normals(new Random(shape.seed), shape.rows * shape.inputSize);
        const traces = forward(layersOf(partsOf(network)), input, shape.rows);
        expectNear(network.forward(input, shape.rows), traces.at(-1)!.output, FORWARD);
      }),
    );
  });

  it("loss, with sample weights", () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        using network = networkOf(shape);
        const { loss, rows, inputSize, seed } = shape;
        const samples = samplesFor(loss, rows, inputSize, network.outputSize, seed);
        for (const [index, sample] of samples.entries()) sample.weight = (index % 4) / 2;
        const expected = networkLoss(layersOf(partsOf(network)), batchOf(samples), loss).value;
        expectNear([network.loss(samples)], [expected], 40 * FORWARD);
      }),
    );
  });

  it.each([0, 0.001])("negative Sharpe, with a turnover cost of %s", (cost) => {
    for (let seed = 0; seed < 20; seed++) {
      const layers = [
        { name: "hidden", size: 9, activation: "gelu" as const },
        { name: "output", size: 2, activation: "tanh" as const },
      ];
      const loss = { name: "negative-sharpe", cost } as const;
      using network = new Network({ inputSize: 5, layers, loss, seed });
      const samples = samplesFor("negative-sharpe", 30, 5, 2, seed);
      for (const [index, sample] of samples.entries()) sample.weight = (index % 4) / 2;
      const own = layersOf(partsOf(network));
      const { value } = networkLoss(own, batchOf(samples), "negative-sharpe", { cost });
      expectNear([network.loss(samples)], [value], 40 * FORWARD);
    }
  });
});

describe("against PyTorch", () => {
  const { mlp } = readPytorchVectors();
  // The cost of negative Sharpe leaves out the last rows there: a mix that only training makes.
  const cases = mlp.cases.filter(
    ({ model, loss }) => model === "plain" && loss !== "negative-sharpe",
  );

  /** A network with the file's weights, and its samples. */
  function load({ activations, loss }: (typeof cases)[number]) {
    const stored = mlp.models.plain;
    const layers = stored.map(({ outputSize }, index) => ({
      name: `${index}`,
      size: outputSize,
      activation: activations[index]!,
    }));
    const { inputSize } = stored[0]!;
    const network = new Network({ inputSize, layers, loss });
    const tensors = stored.flatMap(({ weight, bias }, index): [string, Float32Array][] => [
      [`${index}.weight`, Float32Array.from(weight!)],
      [`${index}.bias`, Float32Array.from(bias!)],
    ]);
    network.setWeights(new Map(tensors));
    const o = network.outputSize;
    const samples = Array.from(
      { length: mlp.rows },
      (_, row): Sample => ({
        input: Float32Array.from(mlp.input.slice(row * inputSize, (row + 1) * inputSize)),
        label: Float32Array.from(mlp.labels[loss].slice(row * o, (row + 1) * o)),
        weight: mlp.rowWeight[row]!,
      }),
    );
    return { network, samples };
  }

  it.each(cases)("$activations, $loss: outputs, loss, and one step of gradient", async (golden) => {
    const { network, samples } = load(golden);
    expectClose(network.forward(Float32Array.from(mlp.input), mlp.rows), golden.output, FORWARD);
    expectClose([network.loss(samples)], [golden.value], 10 * FORWARD);
    const before = network.weights();
    await network.train(samples, { lr: 1, maxSteps: 1, clipNorm: Number.POSITIVE_INFINITY });
    const after = network.weights();
    for (const [index, { dWeight, dBias }] of golden.gradients.entries()) {
      for (const [name, expected] of [["weight", dWeight!] as const, ["bias", dBias!] as const]) {
        const [from, to] = [before, after].map((all) => all.get(`${index}.${name}`)!);
        expectClose(
          from!.map((value, p) => value - to![p]!),
          expected,
          20 * FORWARD,
        );
      }
    }
    network.dispose();
  });
});

describe("rows", () => {
  it("do not see each other: many at once give the bytes of one at a time", () => {
    const layers = [
      { name: "hidden", size: 33, activation: "gelu" as const },
      { name: "output", size: 5, activation: "tanh" as const },
    ];
    using network = new Network({ inputSize: 19, layers });
    const input = normals(new Random(2), 600 * 19);
    const all = network.forward(input, 600);
    for (const row of [0, 1, 255, 256, 257, 511, 512, 599]) {
      const one = network.forward(input.subarray(row * 19, (row + 1) * 19));
      expect(one).toEqual(all.slice(row * 5, (row + 1) * 5));
    }
  });

  it("binary cross-entropy behind a sigmoid still gives probabilities as outputs", () => {
    const layers = [{ name: "output", size: 2, activation: "sigmoid" as const }];
    using network = new Network({ inputSize: 3, layers, loss: "binary-cross-entropy" });
    using same = new Network({ inputSize: 3, layers, loss: "mse" });
    const input = Float32Array.of(0.3, -2, 1);
    expect(network.forward(input)).toEqual(same.forward(input));
  });
});

describe("weights", () => {
  const layers = [
    { name: "hidden", size: 3, activation: "relu" as const },
    { name: "output", size: 2 },
  ];

  it("are named, in the order of parameters(), and copies", () => {
    using network = new Network({ inputSize: 4, layers, seed: 1 });
    const weights = network.weights();
    expect([...weights.keys()]).toEqual([
      "hidden.weight",
      "hidden.bias",
      "output.weight",
      "output.bias",
    ]);
    expect([...weights.values()].map(({ length }) => length)).toEqual([12, 3, 6, 2]);
    expect(network.parameterCount).toBe(23);
    expect(network.parameters()).toEqual(
      Float32Array.from([...weights.values()].flatMap((w) => [...w])),
    );
    for (const tensor of weights.values()) tensor.fill(9);
    network.parameters().fill(9);
    expect(network.parameters()).not.toContain(9);
  });

  it("round trip through setWeights, which copies too", () => {
    using from = new Network({ inputSize: 4, layers, seed: 1 });
    using to = new Network({ inputSize: 4, layers, seed: 2 });
    expect(to.parameters()).not.toEqual(from.parameters());
    const weights = from.weights();
    to.setWeights(weights);
    for (const tensor of weights.values()) tensor.fill(9);
    expect(to.parameters()).toEqual(from.parameters());
  });

  it("start from the seed alone", () => {
    const parameters = (seed: number) => {
      using network = new Network({ inputSize: 4, layers, seed });
      return network.parameters();
    };
    expect(parameters(5)).toEqual(parameters(5));
    expect(parameters(5)).not.toEqual(parameters(6));
  });

  it.each([
    ["relu", 2],
    ["gelu", 2],
    ["tanh", 1],
    ["identity", 1],
  ] as const)("start before %s with a variance of %s / inputs, biases as 0", (activation, gain) => {
    const wide = [{ name: "wide", size: 200, activation }];
    using network = new Network({ inputSize: 300, layers: wide, seed: 4 });
    const tensors = network.weights();
    const w = tensors.get("wide.weight")!;
    const variance = w.reduce((sum, value) => sum + value * value, 0) / w.length;
    // Five standard errors of a variance of 60000 normals.
    expect(Math.abs((variance * 300) / gain - 1)).toBeLessThan(5 * Math.sqrt(2 / 60_000));
    expect(tensors.get("wide.bias")).toEqual(new Float32Array(200));
  });
});

describe("losses", () => {
  it.each<[LossName]>(LOSSES.map((loss) => [loss]))("%s goes down when trained", async (loss) => {
    const layers = [
      { name: "hidden", size: 16, activation: "tanh" as const },
      { name: "output", size: 2 },
    ];
    using network = new Network({ inputSize: 4, layers, loss });
    const samples = samplesFor(loss, 40, 4, 2, 3);
    const before = network.loss(samples);
    const report = await network.train(samples, { lr: 0.02, optimizer: "adamw", maxSteps: 100 });
    expect(report.lossBefore).toBe(before);
    expect(report.lossAfter).toBe(network.loss(samples));
    expect(report.lossAfter).toBeLessThan(before - 0.1);
  });
});
