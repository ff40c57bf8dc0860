// The whole loop: what a learner does with a stream that drifts.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.ts";
import type { LearnerEvent } from "../../src/events.ts";
import { BlackBoxLearnable } from "../../src/model/black-box-learnable.ts";
import { Network } from "../../src/model/network.ts";
import { NetworkLearnable } from "../../src/model/network-learnable.ts";
import type { Sample } from "../../src/model/sample.ts";
import { PageHinkley } from "../../src/pipeline/drift/page-hinkley.ts";
import { OnlineLearner } from "../../src/pipeline/learner.ts";
import type { OnlineLearnerOptions } from "../../src/pipeline/learner-options.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "driftkeel-learner-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** y = sin(3x) + shift with a little noise. */
function world(seed: number, shift: number, count: number): Sample[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => {
    const x = 2 * random.uniform() - 1;
    const y = Math.sin(3 * x) + shift + 0.05 * random.normal();
    return { input: Float32Array.of(x), label: Float32Array.of(y) };
  });
}

async function trainedNetwork(): Promise<Network> {
  const network = new Network({
    inputSize: 1,
    layers: [
      { name: "hidden", size: 32, activation: "tanh" },
      { name: "output", size: 1 },
    ],
  });
  await network.train(world(1, 0, 400), { lr: 0.01, optimizer: "adamw", maxSteps: 1500 });
  return network;
}

function optionsFor(network: Network): OnlineLearnerOptions {
  return {
    model: new NetworkLearnable({
      network,
      adapter: { rank: 2, alpha: 4 },
      lr: 0.02,
      optimizer: "adamw",
      maxSteps: 300,
    }),
    detector: new PageHinkley({ threshold: 2, delta: 0.01 }),
    ewc: { lambda: 0.1 },
    intake: { trainingWindow: 128, holdoutWindow: 64 },
    now: () => 1_700_000_000_000,
  };
}

async function feed(learner: OnlineLearner, samples: Sample[]) {
  const outcomes = [];
  for (const sample of samples) outcomes.push(await learner.observe(sample));
  return outcomes;
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("a learner on a stream that shifts", () => {
  it("sees the drift, promotes a version that fits the new world, and tells in order", async () => {
    const learner = await OnlineLearner.open(optionsFor(await trainedNetwork()));
    const seen: LearnerEvent[] = [];
    const listening = (async () => {
      for await (const event of learner.events) seen.push(event);
    })();
    const calm = await feed(learner, world(2, 0, 200));
    const shifted = await feed(learner, world(3, 1, 600));
    await learner.close();
    await listening;

    expect(calm.filter(({ drift }) => drift === "drift")).toHaveLength(0);
    const promoted = shifted.filter(({ update }) => update?.outcome === "promoted");
    expect(promoted.length).toBeGreaterThan(0);
    const before = mean(shifted.slice(0, 20).map(({ loss }) => loss));
    const after = mean(shifted.slice(-100).map(({ loss }) => loss));
    expect(before).toBeGreaterThan(0.8);
    expect(after).toBeLessThan(0.1);
    const types = seen.map(({ type }) => type);
    expect(types[0]).toBe("drift-detected");
    expect(types.indexOf("update-started")).toBeLessThan(types.indexOf("promoted"));
  });

  it("gives the same events and the same bytes for the same seed", async () => {
    const network = await trainedNetwork();
    const run = async () => {
      const learner = await OnlineLearner.open(optionsFor(network));
      const results = await feed(learner, [...world(2, 0, 150), ...world(3, 1, 300)]);
      const output = learner.predict(Float32Array.of(0.3)).output[0];
      await learner.close();
      // How long a training took is the one thing that differs.
      for (const { update } of results)
        if (update?.facts?.training) update.facts.training.elapsedMs = 0;
      return { results, output };
    };
    expect(await run()).toEqual(await run());
  });

  it("keeps predicting with the old version while an update runs", async () => {
    const network = await trainedNetwork();
    const learner = await OnlineLearner.open({ ...optionsFor(network), detector: undefined! });
    await feed(learner, world(3, 1, 300));
    const before = learner.predict(Float32Array.of(0.5));
    const update = learner.update();
    await new Promise((resolve) => setImmediate(resolve));
    expect(learner.predict(Float32Array.of(0.5))).toEqual(before);
    await expect(learner.update()).rejects.toMatchObject({ code: "UPDATE_IN_PROGRESS" });
    expect((await update).outcome).toBe("promoted");
    expect(learner.predict(Float32Array.of(0.5)).versionId).not.toBe(before.versionId);
    await learner.close();
  });

  it("rolls back to the very outputs of before, then is frozen", async () => {
    const learner = await OnlineLearner.open(optionsFor(await trainedNetwork()));
    const first = learner.predict(Float32Array.of(0.5));
    await feed(learner, [...world(2, 0, 150), ...world(3, 1, 300)]);
    expect(learner.status().versionId).not.toBe(first.versionId);
    await learner.rollback(first.versionId);
    expect(learner.predict(Float32Array.of(0.5))).toEqual(first);
    expect(learner.status().state).toBe("frozen");
    expect(await learner.update()).toMatchObject({ outcome: "skipped" });
    expect(await learner.unfreeze()).toBe(true);
    await learner.close();
  });

  it("goes on after a restart with the version that was active", async () => {
    const network = await trainedNetwork();
    const learner = await OnlineLearner.open({ ...optionsFor(network), storagePath: folder });
    await feed(learner, [...world(2, 0, 150), ...world(3, 1, 300)]);
    const before = learner.predict(Float32Array.of(0.5));
    await learner.close();
    const again = await OnlineLearner.open({ ...optionsFor(network), storagePath: folder });
    expect(again.predict(Float32Array.of(0.5))).toEqual(before);
    await again.close();
  });

  it("rolls back by itself when what it promoted turns out to hurt", async () => {
    const network = await trainedNetwork();
    const gullible = { validate: () => ({ pass: true, reason: "believes all", measurements: {} }) };
    const learner = await OnlineLearner.open({
      ...optionsFor(network),
      detector: undefined!,
      validator: gullible,
      probation: { minSamples: 50 },
    });
    const first = learner.status().versionId;
    await feed(learner, world(9, 3, 200)); // a lie
    expect((await learner.update()).outcome).toBe("promoted");
    const truth = await feed(learner, world(4, 0, 200));
    expect(truth.some(({ rolledBack }) => rolledBack)).toBe(true);
    expect(learner.status().versionId).toBe(first);
    await learner.close();
  });

  it("keeps a candidate out that is worse on the holdout, and leaves no trace of it", async () => {
    const network = await trainedNetwork();
    const learner = await OnlineLearner.open({
      ...optionsFor(network),
      detector: undefined!,
      model: new NetworkLearnable({ network, adapter: { rank: 2, alpha: 4 }, lr: 5, maxSteps: 50 }),
    });
    await feed(learner, world(4, 0, 200));
    const before = learner.predict(Float32Array.of(0.5));
    const { outcome } = await learner.update();
    expect(["rejected", "failed"]).toContain(outcome);
    expect(learner.predict(Float32Array.of(0.5))).toEqual(before);
    await learner.close();
  });

  it("refuses what does not fit, and changes nothing", async () => {
    const learner = await OnlineLearner.open(optionsFor(await trainedNetwork()));
    const sample = { input: Float32Array.of(0), label: Float32Array.of(0) };
    const status = learner.status();
    for (const [bad, code] of [
      [{ ...sample, input: new Float32Array(2) }, "LENGTH_MISMATCH"],
      [{ ...sample, label: Float32Array.of(Number.NaN) }, "VALUE_NOT_FINITE"],
      [{ ...sample, origin: "benchmark" as const }, "SAMPLE_QUARANTINED"],
    ] as const) {
      await expect(learner.observe(bad)).rejects.toMatchObject({ code });
    }
    expect(learner.status()).toEqual(status);
    await learner.close();
    await expect(learner.observe(sample)).rejects.toMatchObject({ code: "STORE_CLOSED" });
  });
});

it("learns a black box by its loss alone", async () => {
  const model = new BlackBoxLearnable({
    weights: Float32Array.of(0, 0),
    inputSize: 1,
    outputSize: 1,
    loss: ([a, b], { input, label }) => (a! * input[0]! + b! - label[0]!) ** 2,
    predict: ([a, b], input) => Float32Array.of(a! * input[0]! + b!),
    lr: 0.1,
    maxSteps: 200,
  });
  const learner = await OnlineLearner.open({ model, ewc: { lambda: 0.01 }, now: () => 0 });
  const random = new Random(5);
  for (let i = 0; i < 200; i++) {
    const x = random.normal();
    await learner.observe({ input: Float32Array.of(x), label: Float32Array.of(2 * x - 1) });
  }
  expect((await learner.update()).outcome).toBe("promoted");
  expect(learner.predict(Float32Array.of(3)).output[0]).toBeCloseTo(5, 1);
  await learner.close();
});
