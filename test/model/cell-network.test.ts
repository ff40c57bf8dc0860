// A network of cells computes what its formula says, and its gradients are the differences of it.

import { describe, expect, it } from "vitest";
import { operationNames } from "../../src/core/cell-description.ts";
import type { ErrorCode } from "../../src/index.ts";
import { CellNetwork, type CellNetworkOptions } from "../../src/model/cell-network.ts";
import { normals } from "../assembly/values.ts";
import { describeOptions } from "../misuse/describe-options.ts";
import { errorOf, expectOurs } from "../misuse/refusal.ts";
import { cellLoss, cellOutputs } from "../reference/cell-network.ts";
import { Random } from "../reference/random.ts";
import { U32 } from "../tolerance.ts";

type Operation = (typeof operationNames)[number];

const every: Operation[] = [...operationNames];
const shape = {
  inputFeatures: 3,
  patchLen: 7,
  horizonLen: 2,
  hiddenDim: 5,
  numLayers: 2,
  numNodes: 3,
} as const;

async function expectRefusal(use: () => unknown, code: ErrorCode): Promise<void> {
  expectOurs(await errorOf(use), code);
}

/** A network, its options, and one batch with labels. */
function setUp(operations: Operation[][], seed = 1, count = 4) {
  const options: CellNetworkOptions = { ...shape, operations, seed, batchSize: 8 };
  const network = new CellNetwork(options);
  const random = new Random(seed);
  const inputs = normals(random, count * network.inputSize);
  const labels = normals(random, count * network.outputSize);
  return { network, options, inputs, labels, count };
}

/** Sums on the way to an output or gradient: rounding errors of an f32 pass, roughly counted. */
const PASS = 2 * (4 * 7 + 2 * 2 * 3 * (5 * 5 + 8)) * U32;
const largest = (values: ArrayLike<number>) => Math.max(1e-3, ...Array.from(values, Math.abs));

describe.each([...every.map((operation) => [operation]), every])("cells of %s", (...names) => {
  const operations: Operation[][] = [names, names, names];

  it("the outputs are those of the formula in f64", () => {
    const { network, options, inputs, count } = setUp(operations);
    const exact = cellOutputs(options, network.weights(), network.mixture(), inputs, count);
    const outputs = network.forward(inputs, count);
    const off = outputs.map((value, k) => Math.abs(value - exact[k]!));
    expect(Math.max(...off)).toBeLessThan(PASS * largest(exact));
    network.dispose();
  });

  it("the gradient of every weight is what finite differences of the formula say", () => {
    const { network, options, inputs, labels, count } = setUp(operations, 1, 2);
    const { loss, weights } = network.gradients(inputs, labels, count);
    const tensors = [...network.weights()].map(
      ([name, values]) => [name, Float64Array.from(values)] as const,
    );
    const lossNow = () =>
      cellLoss(options, new Map(tensors), network.mixture(), inputs, labels, count);
    expect(Math.abs(loss - lossNow())).toBeLessThan(PASS * Math.abs(loss));
    const differences = tensors.flatMap(([, values]) =>
      Array.from(values, (_, k) => difference(values, k, lossNow)),
    );
    const off = weights.map((value, k) => Math.abs(value - differences[k]!));
    expect(Math.max(...off)).toBeLessThan(PASS * largest(differences) + 1e-6);
    network.dispose();
  });

  it("the gradient of every share of the mixture is what finite differences say", () => {
    const { network, options, inputs, labels, count } = setUp(operations);
    const { gradient } = network.mixtureGradient(inputs, labels, count);
    const mixture = network.mixture();
    const lossNow = () => cellLoss(options, network.weights(), mixture, inputs, labels, count);
    const differences = mixture.flatMap((shares) =>
      Array.from(shares, (_, k) => difference(shares, k, lossNow)),
    );
    const off = gradient.flatMap((each) => [...each]).map((value, k) => value - differences[k]!);
    expect(Math.max(...off.map(Math.abs))).toBeLessThan(PASS * largest(differences) + 1e-6);
    network.dispose();
  });
});

/** The central difference of `lossNow` in one value; small, so that few kinks lie in between. */
function difference(values: Float64Array, k: number, lossNow: () => number): number {
  const value = values[k]!;
  const h = 1e-6;
  values[k] = value + h;
  const up = lossNow();
  values[k] = value - h;
  const down = lossNow();
  values[k] = value;
  return (up - down) / (2 * h);
}

describe("training", () => {
  it("lowers the loss, and the same seed gives the same bits", () => {
    const runs = [1, 2].map(() => {
      const { network, inputs, labels, count } = setUp([every, every, every]);
      const move = { lr: 0.01, weightDecay: 0, clipNorm: 1 };
      const losses = Array.from({ length: 40 }, () =>
        network.trainStep(inputs, labels, count, move),
      );
      const weights = [...network.weights().values()].flatMap((values) => [...values]);
      network.dispose();
      return { losses, weights };
    });
    expect(runs[0]).toEqual(runs[1]);
    expect(runs[0]!.losses.at(-1)).toBeLessThan(0.3 * runs[0]!.losses[0]!);
  });

  it("outputs do not depend on how many windows a pass takes", () => {
    const { network, options, inputs, labels } = setUp([every, every, every], 3, 7);
    const alone = new CellNetwork({ ...options, batchSize: 1 });
    expect(alone.forward(inputs, 7)).toEqual(network.forward(inputs, 7));
    expect(alone.loss(inputs, labels, 7)).toBe(network.loss(inputs, labels, 7));
    network.dispose();
    alone.dispose();
  });

  it("a loss that is not finite changes no weight", async () => {
    const { network, inputs, labels, count } = setUp([["conv3"], ["skip"], ["skip"]]);
    const before = network.weights();
    inputs.fill(3e38);
    const move = { lr: 0.01, weightDecay: 0, clipNorm: 1 };
    await expectRefusal(() => network.trainStep(inputs, labels, count, move), "UPDATE_DIVERGED");
    expect(network.weights()).toEqual(before);
    network.dispose();
  });
});

const wrongCounts = [0, -1, 1.5, 100_000, Number.NaN, "3", null, []];
describeOptions({
  owner: "CellNetwork",
  call: (options: CellNetworkOptions) => new CellNetwork(options).dispose(),
  good: { ...shape, operations: [["skip"], ["conv3"], ["zero"]], batchSize: 2, seed: 1 },
  options: {
    inputFeatures: wrongCounts,
    patchLen: wrongCounts,
    horizonLen: wrongCounts,
    hiddenDim: wrongCounts,
    numLayers: wrongCounts,
    numNodes: [1, 9, 2.5, "3", 4],
    operations: [[], [["skip"]], [["conv7"], ["skip"], ["skip"]], [[], [], []], "skip", null],
    batchSize: wrongCounts,
    seed: [-1, 2 ** 32, 0.5, "1"],
  },
  required: Object.keys(shape),
});

describe("misuse", () => {
  it("operations that do not fit the nodes are refused", async () => {
    await expectRefusal(() => setUp([["skip"]]), "OPTION_INVALID");
    await expectRefusal(() => setUp([["skip", "skip"], ["zero"], ["zero"]]), "OPTION_INVALID");
  });

  it("weights go out and in, and others are refused", async () => {
    const { network, options, inputs, count } = setUp([["conv3"], ["sep_conv5"], ["skip"]]);
    const other = new CellNetwork({ ...options, seed: 9 });
    other.setWeights(network.weights());
    expect(other.forward(inputs, count)).toEqual(network.forward(inputs, count));
    await expectRefusal(() => other.setWeights(new Map()), "LENGTH_MISMATCH");
    other.dispose();
    network.dispose();
    await expectRefusal(() => network.forward(inputs, count), "DISPOSED");
  });

  it("a batch beyond batchSize and arrays of the wrong length are refused", async () => {
    const { network, inputs, labels } = setUp([["skip"], ["skip"], ["skip"]], 1, 9);
    await expectRefusal(() => network.gradients(inputs, labels, 9), "ARGUMENT_RANGE");
    await expectRefusal(() => network.forward(inputs, 8), "LENGTH_MISMATCH");
    await expectRefusal(() => network.setMixture([]), "LENGTH_MISMATCH");
    network.dispose();
  });
});
