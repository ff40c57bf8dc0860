// Misuse of IncrementalUpdater: every method and option, wrong in every way that has a name.

import { afterAll, beforeAll, describe, it } from "vitest";
import {
  IncrementalUpdater,
  type IncrementalUpdaterOptions,
  Network,
  ReplayBuffer,
  type Sample,
  type UpdateOptions,
} from "../../src/index.ts";
import { describeOptions } from "./describe-options.ts";
import { expectRefused, type Misuse } from "./refusal.ts";
import { wrongArrays, wrongSamples } from "./wrong-values.ts";

const layers = [
  { name: "hidden", size: 4, activation: "tanh" as const },
  { name: "output", size: 2 },
];
const network = new Network({ inputSize: 3, layers });
const good: Sample = { input: Float32Array.of(1, 2, 3), label: Float32Array.of(1, 0) };
const buffer = new ReplayBuffer({ capacity: 2 });
buffer.add(good);

const usual = { rank: 2, alpha: 4, lr: 0.05, maxSteps: 3 };
const updater = new IncrementalUpdater({ ...usual, network, ewc: { lambda: 1 } });
const look = () => [updater.adapter(), updater.penalty(), updater.currentLoss([good])];
beforeAll(() => updater.update([good]));
afterAll(() => {
  updater.dispose();
  network.dispose();
});

const training = {
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
} as const;

describeOptions({
  owner: "IncrementalUpdater",
  call: (options: IncrementalUpdaterOptions) => new IncrementalUpdater(options).dispose(),
  good: {
    ...{ rank: 2, alpha: 4, lr: 0.1, maxSteps: 2, epochs: 2, batchSize: 1, optimizer: "adamw" },
    ...{ momentum: 0.9, beta2: 0.999, clipNorm: 1, weightDecay: 0.1, schedule: "cosine" },
    ...{ warmupSteps: 1, targetModules: ["output"], seed: 1, network, trainable: "all" },
    loss: undefined,
    ewc: {
      ...{ lambda: 1, consolidation: "ema", gamma: 0.5, normalize: true },
      ...{ form: "gradient", fisherSamples: 5 },
    },
    replay: { buffer, share: 0.5 },
    earlyStop: { holdout: [good], patience: 1, evaluateEvery: 1 },
  },
  options: {
    ...training,
    rank: "a rank",
    alpha: "a number above 0",
    targetModules: [[], "output", {}, [1], [null], null, 1, new Set(["output"])],
    seed: "a seed",
    network: [1, "network", null, {}, [], network.weights()],
    trainable: "a choice",
    loss: ["mse", "l1", 1, null, {}], // a network brings its own
    ewc: "an object",
    "ewc.lambda": "a number from 0",
    "ewc.consolidation": "a choice",
    "ewc.gamma": "a share",
    "ewc.normalize": "a flag",
    "ewc.form": "a choice",
    "ewc.fisherSamples": "a count",
    replay: "an object",
    "replay.buffer": [undefined, 1, null, {}, [good]],
    "replay.share": "a share below 1",
    earlyStop: "an object",
    "earlyStop.holdout": [undefined, [], {}, 1, null, good],
    "earlyStop.patience": "a count",
    "earlyStop.evaluateEvery": "a count",
  },
  required: ["rank", "alpha", "lr", "maxSteps"],
});

describeOptions({
  owner: "update",
  look,
  call: (options: UpdateOptions) =>
    updater.update([good], options).catch((error) => {
      if (error.code !== "UPDATE_CANCELLED") throw error;
    }),
  good: { signal: AbortSignal.abort(), onProgress: () => {} },
  options: { signal: "an AbortSignal", onProgress: "a function" },
});

describe("IncrementalUpdater", () => {
  const construct = (name: string, options: object, code: Misuse["code"]): Misuse => ({
    name: `new: ${name}`,
    use: () => new IncrementalUpdater({ ...usual, ...options }),
    code,
  });
  const fresh = () => new IncrementalUpdater(usual);
  const use = (name: string, call: () => unknown, code: Misuse["code"]): Misuse => ({
    name,
    use: call,
    code,
  });

  const misuses: Misuse[] = [
    construct("a module nobody knows", { network, targetModules: ["nope"] }, "MODULE_UNKNOWN"),
    construct("a misspelt module", { network, targetModules: ["outptu"] }, "MODULE_UNKNOWN"),
    construct("a loss beside a network", { network, loss: "huber" }, "OPTION_INVALID"),
    construct("all of no network", { trainable: "all" }, "OPTION_INVALID"),
    construct("two modules of no network", { targetModules: ["a", "b"] }, "OPTION_INVALID"),
    construct("a loss nobody knows, without a network", { loss: "l1" }, "OPTION_INVALID"),

    ...wrongSamples("update", good, (samples) => updater.update(samples), { trains: true }),
    ...wrongSamples("consolidate", good, (samples) => updater.consolidate(samples), {
      trains: true,
    }),
    ...wrongSamples("currentLoss", good, (samples) => updater.currentLoss(samples)).filter(
      ({ code }) => code !== "DATA_EMPTY", // no samples: Infinity
    ),
    ...wrongArrays("predict", 3, (array) => updater.predict(array)),

    use("predict before shapes are known", () => fresh().predict(good.input), "NOT_TRAINED"),
    use("rollback before an update", () => fresh().rollback(), "NO_SNAPSHOT"),
    use("commitUpdate before an update", () => fresh().commitUpdate(), "NO_SNAPSHOT"),
    use("consolidate without ewc", () => fresh().consolidate([good]), "OPTION_INVALID"),
    use(
      "consolidate before shapes are known",
      () => new IncrementalUpdater({ ...usual, ewc: {} }).consolidate([good]),
      "NOT_TRAINED",
    ),
    ...wrongSamples("the first update without a network", good, (samples) =>
      fresh().update(samples),
    ),
  ];

  it.each(misuses)("$name is refused with $code", (misuse) => expectRefused(misuse, look));
});
