// An update that fails, is cancelled or comes at the wrong time: a typed error, and the updater is
// as before.

import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import {
  IncrementalUpdater,
  type IncrementalUpdaterOptions,
  Network,
  ReplayBuffer,
  type Sample,
} from "../../src/index.ts";
import { samplesFor } from "../model/samples.ts";
import { kept } from "./kept.ts";

function networkOf(): Network {
  const layers = [
    { name: "hidden", size: 6, activation: "tanh" as const },
    { name: "output", size: 2 },
  ];
  return kept(new Network({ inputSize: 3, layers }));
}

const usual = { rank: 2, alpha: 4, lr: 0.05, maxSteps: 20 };
function updaterOf(options: Partial<IncrementalUpdaterOptions> = {}): IncrementalUpdater {
  return kept(new IncrementalUpdater({ ...usual, network: networkOf(), ...options }));
}

const samples = samplesFor("mse", 12, 3, 2, 5);
/** Long enough that something can happen meanwhile; always cancelled. */
const endless = { lr: 1e-3, maxSteps: 2_000_000_000 };

function look(updater: IncrementalUpdater) {
  const loss = updater.currentLoss(samples);
  return [updater.adapter(), updater.predict(samples[0]!.input), loss, updater.penalty()];
}

/** `samples` with one of them changed. */
function withOne(change: Partial<Sample>): Sample[] {
  return samples.map((sample, index) => (index === 7 ? { ...sample, ...change } : sample));
}

describe("samples that cannot be learnt from", () => {
  it.each<[string, Sample[], string]>([
    ["none", [], "DATA_EMPTY"],
    ["NaN in an input", withOne({ input: Float32Array.of(1, Number.NaN, 2) }), "VALUE_NOT_FINITE"],
    ["an infinite label", withOne({ label: Float32Array.of(1, 1 / 0) }), "VALUE_NOT_FINITE"],
    ["an empty input", withOne({ input: new Float32Array(0) }), "LENGTH_MISMATCH"],
    ["another input size", withOne({ input: new Float32Array(4) }), "LENGTH_MISMATCH"],
    ["another label size", withOne({ label: new Float32Array(1) }), "LENGTH_MISMATCH"],
    ["a benchmark", withOne({ origin: "benchmark" }), "SAMPLE_QUARANTINED"],
    ["a negative weight", withOne({ weight: -1 }), "ARGUMENT_RANGE"],
  ])("%s: refused, and the adapter is as before, to the bit", async (_, bad, code) => {
    for (const options of [{}, { trainable: "all" as const }, { ewc: { lambda: 1 } }]) {
      const updater = updaterOf(options);
      await updater.update(samples);
      const before = look(updater);
      await expect(updater.update(bad)).rejects.toMatchObject({ code });
      expect(look(updater)).toEqual(before);
      updater.rollback(); // and the update before can still be taken back
    }
  });

  it.each<[string, Sample[], string]>([
    ["none", [], "DATA_EMPTY"],
    ["an empty input", [{ ...samples[0]!, input: new Float32Array(0) }], "LENGTH_MISMATCH"],
    ["inconsistent shapes", withOne({ input: new Float32Array(4) }), "LENGTH_MISMATCH"],
  ])("%s, as the first of an updater without a network: no shapes yet", async (_, bad, code) => {
    const updater = kept(new IncrementalUpdater(usual));
    await expect(updater.update(bad)).rejects.toMatchObject({ code });
    expect(updater.adapter()).toEqual([]);
    await updater.update(samples);
  });

  it("of a replay buffer with other shapes are found before the buffer has drawn", async () => {
    const buffer = new ReplayBuffer({ capacity: 4 });
    const updater = updaterOf({ replay: { buffer }, earlyStop: { holdout: withOne({}) } });
    for (const sample of samplesFor("mse", 4, 9, 2, 1)) buffer.add(sample);
    const before = look(updater);
    await expect(updater.update(samples)).rejects.toMatchObject({ code: "LENGTH_MISMATCH" });
    expect(look(updater)).toEqual(before);
  });

  it("in the holdout are found before the replay buffer has drawn", async () => {
    const buffer = new ReplayBuffer({ capacity: 4 });
    for (const sample of samples) buffer.add(sample);
    const holdout = withOne({ input: new Float32Array(9) });
    const updater = updaterOf({ replay: { buffer }, earlyStop: { holdout } });
    const drawn = buffer.state();
    await expect(updater.update(samples)).rejects.toMatchObject({ code: "LENGTH_MISMATCH" });
    expect(buffer.state()).toEqual(drawn);
  });
});

describe("an exploding learning rate", () => {
  const rates: [string, Partial<IncrementalUpdaterOptions>][] = [
    ["sgd", { lr: 1e30, clipNorm: Number.POSITIVE_INFINITY }],
    ["sgd behind clipping", { lr: 1e38 }],
    ["momentum", { lr: 1e38, optimizer: "momentum" }],
    ["adamw", { lr: 1e38, optimizer: "adamw" }],
  ];

  it.each(rates)("%s: UPDATE_DIVERGED, and the adapter is as before", async (_, options) => {
    const network = networkOf();
    const base = network.parameters();
    for (const trainable of ["adapter", "all"] as const) {
      const updater = updaterOf({ ...options, network, trainable });
      const before = look(updater);
      const outcome = await updater.update(samples).catch((error) => error);
      expect(outcome).toMatchObject({ name: "DriftkeelError", code: "UPDATE_DIVERGED" });
      expect(outcome.message).toMatch(/step \d+ of 20/);
      expect(look(updater)).toEqual(before);
      expect(network.parameters()).toEqual(base);
      expect(() => updater.rollback()).toThrowError(
        expect.objectContaining({ code: "NO_SNAPSHOT" }),
      );
    }
  });
});

describe("while an update is under way", () => {
  const inProgress = expect.objectContaining({ code: "UPDATE_IN_PROGRESS" });

  it("predictions are those of before, and every change is refused", async () => {
    const updater = updaterOf({ ...endless, ewc: { lambda: 1 } });
    const before = look(updater);
    const controller = new AbortController();
    const outcome = updater
      .update(samples, { signal: controller.signal })
      .catch((error: unknown) => error);
    for (let i = 0; i < 10; i++) {
      await sleep(3);
      expect(look(updater)).toEqual(before);
      expect(await updater.update(samples).catch((error) => error)).toEqual(inProgress);
      for (const change of [
        () => updater.rollback(),
        () => updater.commitUpdate(),
        () => updater.consolidate(samples),
      ]) {
        expect(change).toThrowError(inProgress);
      }
    }
    controller.abort();
    expect(await outcome).toMatchObject({ code: "UPDATE_CANCELLED" });
    expect(look(updater)).toEqual(before);
    updater.consolidate(samples);
  });

  it("the network's weights may not be replaced under it", async () => {
    const network = networkOf();
    const updater = updaterOf({ network });
    const updating = updater.update(samples);
    expect(() => network.setWeights(network.weights())).toThrowError(inProgress);
    await updating;
    network.setWeights(network.weights());
  });

  it("a failed update is over: the next one runs", async () => {
    const updater = updaterOf();
    await expect(
      updater.update(withOne({ label: Float32Array.of(3e38, -3e38) })),
    ).rejects.toThrow();
    await updater.update(samples);
  });
});

describe("cancelling", () => {
  it.each([
    ["before the start", (controller: AbortController) => controller.abort()],
    ["in the middle", (controller: AbortController) => setTimeout(() => controller.abort(), 30)],
  ] as const)("%s: UPDATE_CANCELLED, and the updater is as before", async (_, cancel) => {
    const updater = updaterOf(endless);
    const before = look(updater);
    const controller = new AbortController();
    cancel(controller);
    const updating = updater.update(samples, { signal: controller.signal });
    await expect(updating).rejects.toMatchObject({ code: "UPDATE_CANCELLED" });
    expect(look(updater)).toEqual(before);
  });

  it("counts until the moment the update is done, also when the work already is", async () => {
    const updater = updaterOf({ maxSteps: 1 });
    const before = look(updater);
    const controller = new AbortController();
    const updating = updater.update(samples, { signal: controller.signal });
    const end = performance.now() + 150;
    while (performance.now() < end); // the thread finishes; its message waits for this one
    controller.abort();
    await expect(updating).rejects.toMatchObject({ code: "UPDATE_CANCELLED" });
    expect(look(updater)).toEqual(before);
  });

  it("a progress callback that throws cancels, and update rejects with its error", async () => {
    const updater = updaterOf(endless);
    const before = look(updater);
    const thrown = new Error("the screen is gone");
    const onProgress = () => {
      throw thrown;
    };
    await expect(updater.update(samples, { onProgress })).rejects.toBe(thrown);
    expect(look(updater)).toEqual(before);
  });
});

describe("a commit that fails", () => {
  it("keeps the update open: it can still be rolled back", async () => {
    const network = networkOf();
    const updater = updaterOf({ network, ewc: { lambda: 1 } });
    const before = updater.adapter();
    await updater.update(samples);
    network.dispose();
    expect(() => updater.commitUpdate()).toThrowError(
      expect.objectContaining({ code: "DISPOSED" }),
    );
    updater.rollback();
    expect(updater.adapter()).toEqual(before);
  });
});
