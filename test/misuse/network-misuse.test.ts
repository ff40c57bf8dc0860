// Misuse of Network: every method and option, wrong in every way that has a name.

import { afterAll, describe, expect, it } from "vitest";
import {
  Ewc,
  Network,
  type NetworkOptions,
  ReplayBuffer,
  type Sample,
  type TrainOptions,
} from "../../src/index.ts";
import { describeOptions } from "./describe-options.ts";
import { expectRefused, type Misuse } from "./refusal.ts";
import { wrongArrays, wrongCounts, wrongSamples } from "./wrong-values.ts";

const layers = [
  { name: "hidden", size: 4, activation: "tanh" as const },
  { name: "output", size: 2 },
];
const network = new Network({ inputSize: 3, layers });
afterAll(() => network.dispose());
const look = () => network.parameters();
const good: Sample = { input: Float32Array.of(1, 2, 3), label: Float32Array.of(1, 0) };
const buffer = new ReplayBuffer({ capacity: 2 });
buffer.add(good);

const anyLoss = [
  ...["l1", "", "negativeSharpe", 1, null, true, []],
  ...[{}, { name: "mse" }, { name: "negative-sharpe", cost: -1 }],
  ...[
    { name: "negative-sharpe", cost: "1" },
    { name: "negative-sharpe", cost: Number.NaN },
  ],
];

describeOptions({
  owner: "Network",
  call: (options: NetworkOptions) => new Network(options).dispose(),
  good: {
    inputSize: 3,
    layers: [{ name: "a", size: 2, activation: "relu" }],
    loss: { name: "negative-sharpe", cost: 0.1 },
    seed: 1,
  },
  options: {
    inputSize: "a size",
    layers: [[], {}, "a", 3, null, [null], ["a"], new Array(65).fill({ name: "a", size: 1 })],
    "layers[0].name": "a name",
    "layers[0].size": "a size",
    "layers[0].activation": "a choice",
    loss: anyLoss,
    seed: "a seed",
  },
  required: ["inputSize", "layers", "layers[0].name", "layers[0].size"],
});

const ewc = new Ewc(network.parameters());
afterAll(() => ewc.dispose());

describeOptions({
  owner: "Network.train",
  look,
  // The good options hold a signal that has fired: a run that changes nothing.
  call: (options: TrainOptions) =>
    network.train([good], options).catch((error) => {
      if (error.code !== "UPDATE_CANCELLED") throw error;
    }),
  good: {
    ...{ lr: 0.1, maxSteps: 2, epochs: 2, batchSize: 1, optimizer: "adamw", momentum: 0.9 },
    ...{ beta2: 0.999, clipNorm: Number.POSITIVE_INFINITY, weightDecay: 0.1 },
    ...{ schedule: "cosine", warmupSteps: 1, ewc, ewcForm: "gradient", seed: 1 },
    replay: { buffer, share: 0.5 },
    earlyStop: { holdout: [good], patience: 1, evaluateEvery: 1 },
    signal: AbortSignal.abort(),
    onProgress: () => {},
  },
  options: {
    lr: "a number above 0",
    maxSteps: "a count",
    epochs: "a count",
    batchSize: "a count",
    optimizer: "a choice",
    momentum: "a share below 1",
    beta2: "a share below 1",
    clipNorm: "a number above 0 or Infinity",
    weightDecay: "a number from 0",
    schedule: "a choice",
    warmupSteps: "a count or 0",
    ewc: [1, "ewc", null, {}, [], { fisher: () => undefined }, { baseline: () => ewc.baseline() }],
    ewcForm: "a choice",
    replay: "an object",
    "replay.buffer": [undefined, 1, null, {}, [], [good], { sample: () => [] }],
    "replay.share": "a share below 1",
    earlyStop: "an object",
    "earlyStop.holdout": [undefined, [], {}, 1, null, good, new Set([good])],
    "earlyStop.patience": "a count",
    "earlyStop.evaluateEvery": "a count",
    seed: "a seed",
    signal: "an AbortSignal",
    onProgress: "a function",
  },
  required: ["lr"],
});

describe("Network", () => {
  it("names its layers once each", async () => {
    const twice = [layers[0]!, { name: "hidden", size: 1 }];
    const use = () => new Network({ inputSize: 3, layers: twice });
    await expectRefused({ name: "twice", use, code: "OPTION_INVALID" }, look);
  });

  const input = new Float32Array(3);
  const weights = (change: (all: Map<string, Float32Array>) => unknown) => {
    const all = network.weights();
    change(all);
    return () => network.setWeights(all);
  };
  const misuses: Misuse[] = [
    ...wrongArrays("forward, input", 3, (array) => network.forward(array)),
    ...wrongArrays("forward, two rows", 6, (array) => network.forward(array, 2)),
    ...wrongCounts("forward, sampleCount", (count) => network.forward(input, count)),
    ...wrongSamples("loss", good, (samples) => network.loss(samples)),
    ...wrongSamples("train", good, (samples) => network.train(samples, { lr: 0.1 }), {
      trains: true,
    }),
    ...wrongSamples("train, holdout", good, (holdout) =>
      network.train([good], { lr: 0.1, earlyStop: { holdout } }),
    ).filter(({ name, code }) => !/no list|none/.test(name) && code !== "DATA_EMPTY"),
    ...[undefined, null, {}, [], "weights", Object.fromEntries(network.weights())].map(
      (value, index): Misuse => ({
        name: `setWeights: no map (${index})`,
        use: () => network.setWeights(value as never),
        code: "ARGUMENT_TYPE",
      }),
    ),
    {
      name: "setWeights: one tensor short",
      use: weights((all) => all.delete("output.bias")),
      code: "LENGTH_MISMATCH",
    },
    {
      name: "setWeights: one tensor more",
      use: weights((all) => all.set("more", new Float32Array(1))),
      code: "LENGTH_MISMATCH",
    },
    {
      name: "setWeights: a tensor of another name",
      use: weights((all) => all.delete("output.bias") && all.set("bias", new Float32Array(2))),
      code: "ARGUMENT_TYPE",
    },
    ...wrongArrays(
      "setWeights, the last tensor",
      2,
      (array) => weights((all) => all.set("output.bias", array))(),
      { isChecked: true },
    ),
  ];

  it.each(misuses)("$name is refused with $code", (misuse) => expectRefused(misuse, look));

  it("steps beyond what the core counts are refused, however they come about", async () => {
    const many = new Array(3).fill(good);
    const use = () => network.train(many, { lr: 0.1, batchSize: 1, epochs: 2 ** 31 - 1 });
    await expectRefused({ name: "epochs", use, code: "OPTION_INVALID" }, look);
  });
});

describe("labels that a loss cannot take", () => {
  const label = (...values: number[]): Sample => ({
    input: new Float32Array(3),
    label: Float32Array.from(values),
  });

  it.each([
    ["softmax-cross-entropy", label(0.6, 0.6)],
    ["softmax-cross-entropy", label(0, 0)],
    ["softmax-cross-entropy", label(1.5, -0.5)],
    ["binary-cross-entropy", label(0, 1.001)],
    ["binary-cross-entropy", label(-0.001, 1)],
  ] as const)("%s: %o", async (loss, sample) => {
    const other = new Network({ inputSize: 3, layers, loss });
    for (const use of [
      () => other.loss([sample]),
      () => other.train([sample], { lr: 0.1 }),
      () => new Ewc(other.parameters()).computeFisherFor(other, [sample]),
    ]) {
      await expectRefused({ name: loss, use, code: "ARGUMENT_RANGE" }, () => other.parameters());
    }
    other.dispose();
  });
});

it("a run asked for in the wrong way still answers with a promise", async () => {
  const promise = network.train(undefined as never, undefined as never);
  await expect(promise).rejects.toMatchObject({ code: "ARGUMENT_TYPE" });
});
