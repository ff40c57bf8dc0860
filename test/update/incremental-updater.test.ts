// The incremental updater: what an update learns, and how it is kept or taken back.

import { describe, expect, it } from "vitest";
import {
  IncrementalUpdater,
  type IncrementalUpdaterOptions,
  Network,
  ReplayBuffer,
  type Sample,
} from "../../src/index.ts";
import { type ReferenceRun, trainReference } from "../model/reference-training.ts";
import { batchOf, samplesFor } from "../model/samples.ts";
import { expectClose } from "../reference/expect-close.ts";
import { adaptedLayers } from "./adapted-layers.ts";
import { kept } from "./kept.ts";

const ACTIVATIONS = ["tanh", "gelu", "identity"] as const;
function networkOf(seed = 1): Network {
  const layers = [
    { name: "first", size: 8, activation: ACTIVATIONS[0] },
    { name: "second", size: 7, activation: ACTIVATIONS[1] },
    { name: "last", size: 3, activation: ACTIVATIONS[2] },
  ];
  return kept(new Network({ inputSize: 4, layers, seed }));
}

const usual = { rank: 2, alpha: 4, lr: 0.05, maxSteps: 20, seed: 9 };
function updaterOf(options: Partial<IncrementalUpdaterOptions> = {}): IncrementalUpdater {
  return kept(new IncrementalUpdater({ ...usual, ...options }));
}

const samples = samplesFor("mse", 24, 4, 3, 5);
const others = samplesFor("mse", 24, 4, 3, 6);
const [input] = samples.map((sample) => sample.input);

/** Everything of an updater that anybody can see. */
function look(updater: IncrementalUpdater) {
  return {
    adapter: updater.adapter(),
    loss: updater.currentLoss(samples),
    output: updater.predict(input!),
    penalty: updater.penalty(),
  };
}

describe("a fresh adapter", () => {
  it("changes nothing: B is 0 and every output is the network's, to the bit", () => {
    const network = networkOf();
    const updater = updaterOf({ network });
    for (const { B } of updater.adapter()) expect(B.every((value) => value === 0)).toBe(true);
    for (const sample of samples) {
      expect(updater.predict(sample.input)).toEqual(network.forward(sample.input));
    }
  });

  it("has shapes in PEFT's layout for the modules named, and only those", () => {
    const updater = updaterOf({ network: networkOf(), targetModules: ["second", "last"], rank: 3 });
    const shapes = updater.adapter().map(({ A, B, ...shape }) => ({
      ...shape,
      A: A.length,
      B: B.length,
    }));
    expect(shapes).toEqual([
      { module: "second", rank: 3, inputSize: 8, outputSize: 7, A: 24, B: 21 },
      { module: "last", rank: 3, inputSize: 7, outputSize: 3, A: 21, B: 9 },
    ]);
  });

  it("has an A of normals with variance 2 / inputs, from the seed", () => {
    const layers = [{ name: "wide", size: 4 }];
    const network = kept(new Network({ inputSize: 500, layers }));
    const factor = (seed: number) => updaterOf({ network, rank: 100, seed }).adapter()[0]!.A;
    const A = factor(3);
    const variance = A.reduce((sum, value) => sum + value * value, 0) / A.length;
    // Five standard errors of a variance of 50000 normals.
    expect(Math.abs((variance * 500) / 2 - 1)).toBeLessThan(5 * Math.sqrt(2 / 50_000));
    expect(factor(3)).toEqual(A);
    expect(factor(4)).not.toEqual(A);
  });
});

describe("update", () => {
  const runs: ReferenceRun[] = [
    { lr: 0.05, maxSteps: 15 },
    { lr: 0.05, maxSteps: 15, weightDecay: 0.1, clipNorm: 0.2 },
    { lr: 0.02, maxSteps: 15, optimizer: "momentum", clipNorm: 1e9 },
    { lr: 0.01, maxSteps: 15, optimizer: "adamw", weightDecay: 0.1 },
    { lr: 0.05, maxSteps: 15, schedule: "cosine", warmupSteps: 3 },
  ];

  it.each(runs)("takes the steps of the reference on both factors: %o", async (run) => {
    const network = networkOf();
    const updater = updaterOf({ network, ...run, targetModules: ["first", "last"] });
    const layers = adaptedLayers(network, ACTIVATIONS, updater, usual.alpha);
    const weighted = samples.map((sample, index) => ({ ...sample, weight: 0.5 + (index % 3) }));
    const report = await updater.update(weighted);
    trainReference(layers, batchOf(weighted), "mse", "adapter", run);
    for (const { module, A, B } of updater.adapter()) {
      const { adapter } = layers[module === "first" ? 0 : 2]!;
      // 15 steps of rounding; AdamW divides by a root that starts near 0.
      expectClose(A, adapter!.A, 2e-5);
      expectClose(B, adapter!.B, 5e-5);
    }
    expect(report).toMatchObject({ steps: 15, stopReason: "finished" });
  });

  it("gives gradients to both factors of every module named", async () => {
    const updater = updaterOf({ network: networkOf() });
    const before = updater.adapter();
    await updater.update(samples);
    for (const [index, { A, B }] of updater.adapter().entries()) {
      expect(A).not.toEqual(before[index]!.A);
      expect(B).not.toEqual(before[index]!.B);
    }
  });

  it("leaves the network, and modules that are not named, bit-identical", async () => {
    const network = networkOf();
    const base = network.parameters();
    const updater = updaterOf({ network, targetModules: ["last"] });
    const report = await updater.update(samples);
    expect(network.parameters()).toEqual(base);
    expect(updater.adapter().map(({ module }) => module)).toEqual(["last"]);
    expect(report.lossAfter).toBeLessThan(report.lossBefore);
    expect(network.loss(samples)).toBe(report.lossBefore);
    expect(updater.currentLoss(samples)).toBe(report.lossAfter);
  });

  it('trainable "all" trains the base too, on a copy: the network stays as it is', async () => {
    const network = networkOf();
    const base = network.parameters();
    const [all, adapter] = (["all", "adapter"] as const).map((trainable) =>
      updaterOf({ network, trainable }),
    );
    const fresh = all!.predict(input!);
    expect(fresh).toEqual(network.forward(input!));
    await all!.update(samples);
    await adapter!.update(samples);
    expect(network.parameters()).toEqual(base);
    expect(all!.currentLoss(samples)).not.toBe(adapter!.currentLoss(samples));
    expect(all!.currentLoss(samples)).toBeLessThan(network.loss(samples));
    all!.rollback();
    expect(all!.predict(input!)).toEqual(fresh);
  });

  it("is decided by the seed, and each update draws an order of its own", async () => {
    const run = async (seed: number) => {
      const updater = updaterOf({ network: networkOf(), batchSize: 4, seed });
      await updater.update(samples);
      await updater.update(others);
      return updater.adapter();
    };
    expect(await run(3)).toEqual(await run(3));
    expect(await run(3)).not.toEqual(await run(4));
  });

  it("copies the samples: they may change as soon as it has been called", async () => {
    const [updater, same] = [0, 0].map(() => updaterOf({ network: networkOf(), ewc: {} }));
    const changed = samplesFor("mse", 24, 4, 3, 5);
    const updating = updater!.update(changed);
    for (const sample of changed) sample.input.fill(1e9);
    changed.length = 1;
    await updating;
    await same!.update(samples);
    for (const each of [updater!, same!]) each.commitUpdate(); // measures a Fisher on them
    await updater!.update(others);
    await same!.update(others);
    expect(look(updater!)).toEqual(look(same!));
  });

  it("tells its progress", async () => {
    const steps: number[] = [];
    const updater = updaterOf({ network: networkOf(), maxSteps: 5000 });
    await updater.update(samples, { onProgress: ({ step }) => void steps.push(step) });
    expect(steps.at(-1)).toBe(5000);
  });
});

describe("without a network", () => {
  it("the first update gives the shapes, and the model is the adapter alone", async () => {
    const updater = updaterOf({ targetModules: ["head"] });
    expect(updater.adapter()).toEqual([]);
    await updater.update(samples);
    const [adapter] = updater.adapter();
    expect(adapter).toMatchObject({ module: "head", inputSize: 4, outputSize: 3, rank: 2 });
    const { A, B } = adapter!;
    const hidden = [0, 1].map((q) => input!.reduce((sum, x, p) => sum + A[4 * q + p]! * x, 0));
    const output = [0, 1, 2].map((k) => 2 * (B[2 * k]! * hidden[0]! + B[2 * k + 1]! * hidden[1]!));
    expectClose(updater.predict(input!), output, 1e-5);
  });

  it("a failed first update gives no shapes: the next may have others", async () => {
    const updater = updaterOf({ lr: 1e38, clipNorm: Number.POSITIVE_INFINITY });
    await expect(updater.update(samples)).rejects.toMatchObject({ code: "UPDATE_DIVERGED" });
    expect(updater.adapter()).toEqual([]);
    expect(() => updater.predict(input!)).toThrowError(
      expect.objectContaining({ code: "NOT_TRAINED" }),
    );
  });

  it("rolling the first update back forgets the shapes", async () => {
    const updater = updaterOf();
    await updater.update(samples);
    updater.rollback();
    expect(updater.adapter()).toEqual([]);
    const narrow: Sample[] = [{ input: Float32Array.of(1), label: Float32Array.of(2) }];
    await updater.update(narrow);
    expect(updater.predict(Float32Array.of(1))).toHaveLength(1);
  });
});

describe("rollback", () => {
  it.each(["adapter", "all"] as const)("of %s restores the state before, to the bit", async (t) => {
    const updater = updaterOf({ network: networkOf(), trainable: t });
    await updater.update(samples);
    const before = look(updater);
    await updater.update(others);
    expect(look(updater)).not.toEqual(before);
    updater.rollback();
    expect(look(updater)).toEqual(before);
  });

  it("reaches back one update: earlier ones are kept", async () => {
    const updater = updaterOf({ network: networkOf() });
    await updater.update(samples);
    const first = look(updater);
    await updater.update(others);
    updater.rollback();
    expect(() => updater.rollback()).toThrowError(expect.objectContaining({ code: "NO_SNAPSHOT" }));
    expect(look(updater)).toEqual(first);
  });

  it("after a rollback the next update starts from the state before", async () => {
    const updater = updaterOf({ network: networkOf() });
    const same = updaterOf({ network: networkOf() });
    await updater.update(others);
    updater.rollback();
    await updater.update(samples);
    await same.update(samples); // full batches: the order that an attempt draws plays no part
    expect(look(updater)).toEqual(look(same));
  });
});

describe("commitUpdate", () => {
  it("keeps the update: there is nothing to roll back to", async () => {
    const updater = updaterOf({ network: networkOf() });
    await updater.update(samples);
    const after = look(updater);
    updater.commitUpdate();
    for (const again of [() => updater.rollback(), () => updater.commitUpdate()]) {
      expect(again).toThrowError(expect.objectContaining({ code: "NO_SNAPSHOT" }));
    }
    expect(look(updater)).toEqual(after);
  });

  it("with EWC measures the Fisher of the update and moves the baseline there", async () => {
    const updater = updaterOf({ network: networkOf(), ewc: { lambda: 3 } });
    await updater.update(samples);
    expect(updater.penalty()).toBe(0);
    updater.commitUpdate();
    expect(updater.penalty()).toBe(0);
    const report = await updater.update(others);
    expect(report.penalty).toBeGreaterThan(0);
    expect(updater.penalty()).toBeGreaterThan(0);
    updater.rollback();
    expect(updater.penalty()).toBe(0);
  });
});

describe("currentLoss", () => {
  it("is Infinity before the first update, and without samples", async () => {
    const updater = updaterOf({ network: networkOf() });
    expect(updater.currentLoss(samples)).toBe(Number.POSITIVE_INFINITY);
    await updater.update(samples);
    expect(updater.currentLoss([])).toBe(Number.POSITIVE_INFINITY);
    expect(updater.currentLoss(samples)).toBeLessThan(Number.POSITIVE_INFINITY);
    updater.rollback();
    expect(updater.currentLoss(samples)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("keeping old skill", () => {
  async function learnt(options: Partial<IncrementalUpdaterOptions>) {
    const network = networkOf();
    await network.train(samples, { lr: 0.02, optimizer: "adamw", maxSteps: 400 });
    const updater = updaterOf({ network, rank: 4, maxSteps: 300, lr: 0.05, ...options });
    if (options.ewc) updater.consolidate(samples);
    const { penalty } = await updater.update(others);
    return { old: updater.currentLoss(samples), fresh: updater.currentLoss(others), penalty };
  }

  it("EWC and replay each forget less than a plain update, and still learn", async () => {
    const buffer = new ReplayBuffer({ capacity: 24 });
    for (const sample of samples) buffer.add(sample);
    const plain = await learnt({});
    // The old samples are fitted so well that their gradients, and so the Fisher, are tiny.
    const ewc = await learnt({ ewc: { lambda: 1, normalize: true } });
    const replay = await learnt({ replay: { buffer } });
    expect(ewc.old).toBeLessThan(0.8 * plain.old);
    expect(replay.old).toBeLessThan(0.8 * plain.old);
    const untouched = networkOf();
    for (const { fresh } of [ewc, replay]) expect(fresh).toBeLessThan(untouched.loss(others));
    expect([plain.penalty, replay.penalty]).toEqual([0, 0]);
    expect(ewc.penalty).toBeGreaterThan(0);
  });

  it("consolidate protects what was learnt before the first update", async () => {
    const updater = updaterOf({ network: networkOf(), trainable: "all", ewc: { lambda: 1 } });
    updater.consolidate(samples);
    expect(updater.penalty()).toBe(0);
    const report = await updater.update(others);
    expect(report.penalty).toBeGreaterThan(0);
    updater.rollback();
    expect(updater.penalty()).toBe(0);
  });
});
