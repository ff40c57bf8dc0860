// Network.train: what it computes, how many steps it takes, and what others see meanwhile.

import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { Network, type Sample, type TrainOptions, type TrainProgress } from "../../src/index.ts";
import { partsOf } from "../../src/model/network.ts";
import { expectClose } from "../reference/expect-close.ts";
import { flatten, parameterTensors } from "../reference/parameters.ts";
import { layersOf } from "./reference-layers.ts";
import { type ReferenceRun, trainReference } from "./reference-training.ts";
import { batchOf, LOSSES, samplesFor } from "./samples.ts";

const made: Network[] = [];
function networkOf(hidden = 8, loss: (typeof LOSSES)[number] = "mse", seed = 1): Network {
  const layers = [
    { name: "hidden", size: hidden, activation: "tanh" as const },
    { name: "output", size: 2 },
  ];
  const network = new Network({ inputSize: 3, layers, loss, seed });
  made.push(network);
  return network;
}
afterEach(() => {
  for (const network of made.splice(0)) network.dispose();
});

const samples = samplesFor("mse", 40, 3, 2, 5);
/** Long enough that something can happen meanwhile; always cancelled. */
const endless = { lr: 1e-3, maxSteps: 2_000_000_000 };

async function untilProgress(network: Network, options: TrainOptions, signal: AbortSignal) {
  let training!: Promise<unknown>;
  await new Promise<void>((resolve) => {
    training = network.train(samples, { ...options, signal, onProgress: () => resolve() });
  });
  return training;
}

describe("a run", () => {
  const runs: ReferenceRun[] = [
    { lr: 0.1, maxSteps: 20 },
    { lr: 0.1, maxSteps: 20, weightDecay: 0.1, clipNorm: 0.25 },
    { lr: 0.05, maxSteps: 20, optimizer: "momentum", momentum: 0.8, clipNorm: 1e9 },
    { lr: 0.05, maxSteps: 20, optimizer: "momentum", weightDecay: 0.05 },
    { lr: 0.01, maxSteps: 20, optimizer: "adamw" },
    { lr: 0.01, maxSteps: 20, optimizer: "adamw", momentum: 0.5, beta2: 0.9, weightDecay: 0.3 },
    { lr: 0.1, maxSteps: 20, schedule: "cosine", warmupSteps: 5 },
    { lr: 0.1, maxSteps: 20, schedule: "cosine" },
    { lr: 0.1, maxSteps: 20, warmupSteps: 50 },
  ];

  it.each(runs)("takes the steps of the reference: %o", async (run) => {
    const network = networkOf();
    const layers = layersOf(partsOf(network));
    const report = await network.train(samples, run);
    const norm = trainReference(layers, batchOf(samples), "mse", "base", run);
    const expected = flatten(parameterTensors(layers, "all"));
    // 20 steps of rounding; AdamW divides by a root that starts near 0.
    expectClose(network.parameters(), expected, 2e-5);
    expect(Math.abs(report.gradientNorm / norm - 1)).toBeLessThan(1e-3);
    expect(report).toMatchObject({ steps: 20, stopReason: "finished", penalty: 0 });
  });

  it.each(LOSSES)("follows the gradient of %s, sample weights included", async (loss) => {
    const network = networkOf(8, loss);
    const weighted = samplesFor(loss, 30, 3, 2, 6);
    for (const [index, sample] of weighted.entries()) sample.weight = (index % 5) / 2;
    const layers = layersOf(partsOf(network));
    const run = { lr: 0.05, maxSteps: 10 };
    await network.train(weighted, run);
    trainReference(layers, batchOf(weighted), loss, "base", run);
    expectClose(network.parameters(), flatten(parameterTensors(layers, "all")), 2e-5);
  });

  it("reports the loss on all samples before and after", async () => {
    const network = networkOf();
    const before = network.loss(samples);
    const report = await network.train(samples, { lr: 0.05, batchSize: 7, epochs: 5 });
    expect(report.lossBefore).toBe(before);
    expect(report.lossAfter).toBe(network.loss(samples));
    expect(report.elapsedMs).toBeGreaterThan(0);
  });

  it.each<[Partial<TrainOptions>, number]>([
    [{}, 1],
    [{ epochs: 3 }, 3],
    [{ maxSteps: 9 }, 9],
    [{ batchSize: 40 }, 1],
    [{ batchSize: 1000 }, 1],
    [{ batchSize: 10 }, 4],
    [{ batchSize: 7 }, 6],
    [{ batchSize: 7, epochs: 3 }, 18],
    [{ batchSize: 7, maxSteps: 5 }, 5],
    [{ batchSize: 7, epochs: 3, maxSteps: 5 }, 5],
    [{ batchSize: 7, epochs: 3, maxSteps: 100 }, 18],
    [{ batchSize: 1, epochs: 2 }, 80],
  ])("on 40 samples with %o takes %i steps", async (options, steps) => {
    const report = await networkOf().train(samples, { lr: 0.01, ...options });
    expect(report.steps).toBe(steps);
  });

  it("shows every sample once an epoch: batches of one in any order sum to the whole", async () => {
    // Linear in the weights and with a tiny rate, the order of the steps does not matter.
    const network = new Network({ inputSize: 3, layers: [{ name: "output", size: 2 }] });
    const whole = new Network({ inputSize: 3, layers: [{ name: "output", size: 2 }] });
    made.push(network, whole);
    const clipNorm = Number.POSITIVE_INFINITY;
    const start = whole.parameters();
    await network.train(samples, { lr: 1e-5, batchSize: 1, epochs: 1, clipNorm });
    await whole.train(samples, { lr: 40e-5, clipNorm });
    const move = (after: Network) => after.parameters().map((w, p) => w - start[p]!);
    expectClose(move(network), move(whole), 5e-3);
  });

  it("is decided by its seed", async () => {
    const trained = async (seed: number) => {
      const network = networkOf();
      await network.train(samples, { lr: 0.05, batchSize: 4, epochs: 2, seed });
      return network.parameters();
    };
    expect(await trained(3)).toEqual(await trained(3));
    expect(await trained(3)).not.toEqual(await trained(4));
  });

  it("works on copies: samples may change as soon as train has been called", async () => {
    const [network, same] = [networkOf(), networkOf()];
    const changed = samplesFor("mse", 40, 3, 2, 5);
    const training = network.train(changed, { lr: 0.1, maxSteps: 50 });
    for (const { input, label } of changed) input.fill(label.fill(0)[0]!);
    changed.length = 0;
    await training;
    await same.train(samples, { lr: 0.1, maxSteps: 50 });
    expect(network.parameters()).toEqual(same.parameters());
  });
});

describe("progress", () => {
  it("tells steps done, steps in all and a loss, in order, the last step included", async () => {
    const seen: TrainProgress[] = [];
    const onProgress = (progress: TrainProgress) => void seen.push(progress);
    await networkOf(32).train(samples, { lr: 0.01, maxSteps: 20_000, onProgress });
    expect(seen.length).toBeGreaterThan(1);
    for (const { maxSteps, loss } of seen) {
      expect(maxSteps).toBe(20_000);
      expect(Number.isFinite(loss)).toBe(true);
    }
    const steps = seen.map(({ step }) => step);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(steps.at(-1)).toBe(20_000);
  });

  it("that throws cancels the run, and train rejects with what was thrown", async () => {
    const network = networkOf();
    const before = network.parameters();
    const thrown = new Error("the screen is gone");
    const onProgress = () => {
      throw thrown;
    };
    await expect(network.train(samples, { ...endless, onProgress })).rejects.toBe(thrown);
    expect(network.parameters()).toEqual(before);
    await network.train(samples, { lr: 0.1 });
  });
});

describe("cancelling", () => {
  const cancelled = { name: "DriftkeelError", code: "UPDATE_CANCELLED" };

  it("by a signal that fires before the start changes nothing", async () => {
    const network = networkOf();
    const before = network.parameters();
    const training = network.train(samples, { ...endless, signal: AbortSignal.abort() });
    await expect(training).rejects.toMatchObject(cancelled);
    expect(network.parameters()).toEqual(before);
  });

  it("by a signal in the middle changes nothing, and the next run is as the first", async () => {
    const [network, same] = [networkOf(), networkOf()];
    const before = network.parameters();
    const controller = new AbortController();
    const training = untilProgress(network, endless, controller.signal);
    setTimeout(() => controller.abort(), 60);
    await expect(training).rejects.toMatchObject(cancelled);
    expect(network.parameters()).toEqual(before);
    for (const each of [network, same]) await each.train(samples, { lr: 0.1, maxSteps: 5 });
    expect(network.parameters()).toEqual(same.parameters());
  });

  it("after the end does nothing", async () => {
    const network = networkOf();
    const controller = new AbortController();
    await network.train(samples, { lr: 0.1, signal: controller.signal });
    const after = network.parameters();
    controller.abort();
    expect(network.parameters()).toEqual(after);
  });
});

describe("while a run is under way", () => {
  it("forward, loss and weights show the old weights", async () => {
    const network = networkOf();
    const input = Float32Array.of(1, -1, 2);
    const look = () => [network.forward(input), network.loss(samples), network.parameters()];
    const before = look();
    const controller = new AbortController();
    const training = untilProgress(network, { lr: 0.1, maxSteps: 2e9 }, controller.signal);
    const outcome = training.catch((error) => error);
    for (let i = 0; i < 20; i++) {
      expect(look()).toEqual(before);
      await sleep(2);
    }
    controller.abort();
    expect(await outcome).toMatchObject({ code: "UPDATE_CANCELLED" });
    expect(look()).toEqual(before);
  });

  it("a second one is refused with UPDATE_IN_PROGRESS, and the first goes on", async () => {
    const [network, same] = [networkOf(), networkOf()];
    const options = { lr: 0.05, maxSteps: 500 };
    const first = network.train(samples, options);
    await expect(network.train(samples, options)).rejects.toMatchObject({
      code: "UPDATE_IN_PROGRESS",
    });
    await first;
    await same.train(samples, options);
    expect(network.parameters()).toEqual(same.parameters());
    await network.train(samples, options); // and afterwards it is free again
  });

  it("setWeights is refused: the run's end would undo it", async () => {
    const network = networkOf();
    const other = networkOf(8, "mse", 77).weights();
    const training = network.train(samples, { lr: 0.05, maxSteps: 500 });
    expect(() => network.setWeights(other)).toThrowError(
      expect.objectContaining({ code: "UPDATE_IN_PROGRESS" }),
    );
    await training;
    network.setWeights(other);
    expect(network.weights()).toEqual(other);
  });

  it("another network may train too; neither disturbs the other", async () => {
    const [a, b, alone] = [networkOf(), networkOf(8, "mse", 2), networkOf()];
    const options = { lr: 0.05, maxSteps: 400, batchSize: 8 };
    await Promise.all([a.train(samples, options), b.train(samples, options)]);
    await alone.train(samples, options);
    expect(a.parameters()).toEqual(alone.parameters());
  });

  it("the event loop goes on", async () => {
    const network = networkOf(64);
    const controller = new AbortController();
    const outcome = network
      .train(samples, { ...endless, signal: controller.signal })
      .catch((error) => error);
    let ticks = 0;
    for (; ticks < 30; ticks++) await sleep(1);
    controller.abort();
    expect(await outcome).toMatchObject({ code: "UPDATE_CANCELLED" });
    expect(ticks).toBe(30);
  });
});

describe("divergence", () => {
  it.each<[string, TrainOptions]>([
    ["an exploding rate", { lr: 1e30, maxSteps: 50, clipNorm: Number.POSITIVE_INFINITY }],
    ["an exploding rate behind clipping", { lr: 1e38, maxSteps: 50 }],
    ["one step too large", { lr: 3e38, maxSteps: 1, weightDecay: 1e10 }],
    ["AdamW with an exploding rate", { lr: 1e38, maxSteps: 50, optimizer: "adamw" }],
  ])("%s is UPDATE_DIVERGED with the step, and changes nothing", async (_, options) => {
    const network = networkOf();
    const before = network.parameters();
    const outcome = await network.train(samples, options).catch((error) => error);
    expect(outcome).toMatchObject({ name: "DriftkeelError", code: "UPDATE_DIVERGED" });
    expect(outcome.message).toMatch(/step \d+ of \d+/);
    expect(network.parameters()).toEqual(before);
  });

  it("of huge samples is found too", async () => {
    const network = networkOf();
    const before = network.parameters();
    const huge: Sample[] = [{ input: new Float32Array(3), label: Float32Array.of(3e38, -3e38) }];
    await expect(network.train(huge, { lr: 0.1 })).rejects.toMatchObject({
      code: "UPDATE_DIVERGED",
    });
    expect(network.parameters()).toEqual(before);
  });
});
