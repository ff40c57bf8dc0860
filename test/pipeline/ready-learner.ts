// A learner on a disk in memory with a version before the active one, for the tests of its states.

import { expect } from "vitest";
import { Random } from "../../src/core/random.ts";
import { Network } from "../../src/model/network.ts";
import { NetworkLearnable } from "../../src/model/network-learnable.ts";
import type { Sample } from "../../src/model/sample.ts";
import { OnlineLearner } from "../../src/pipeline/learner.ts";
import type { OnlineLearnerOptions } from "../../src/pipeline/learner-options.ts";
import { FaultyDisk } from "../../src/testing/faulty-disk.ts";

const FOLDER = "/data/model";
/** An input that predictions are compared on. */
export const probe = Float32Array.of(0.3);

/** y = sin(3x) + shift. */
export function world(seed: number, shift: number, count: number): Sample[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, index) => {
    const x = 2 * random.uniform() - 1;
    const label = Float32Array.of(Math.sin(3 * x) + shift);
    return { input: Float32Array.of(x), label, id: `${seed}-${index}` };
  });
}

const network = new Network({
  inputSize: 1,
  layers: [
    { name: "hidden", size: 16, activation: "tanh" },
    { name: "output", size: 1 },
  ],
});

/** Where a learner keeps things on a disk. */
export const on = (disk: FaultyDisk) => ({ storagePath: FOLDER, disk, lockHost: disk.lockHost });

/** The same options at every start. */
export function optionsOn(disk: FaultyDisk, more: Partial<OnlineLearnerOptions> = {}) {
  return {
    model: new NetworkLearnable({
      network,
      adapter: { rank: 2, alpha: 4 },
      trainable: "all",
      lr: 0.01,
      optimizer: "adamw",
      maxSteps: 300,
    }),
    intake: { trainingWindow: 1000, holdoutWindow: 1000 },
    minSamples: 8,
    minHoldout: 2,
    now: () => 1_700_000_000_000,
    ...on(disk),
    ...more,
  } satisfies OnlineLearnerOptions;
}

/** The outcome of an update that succeeded. */
export const promoted = { outcome: "promoted" };

/** A learner with a version before the active one and samples that another update would use. */
export async function readyLearner(more: Partial<OnlineLearnerOptions> = {}) {
  const disk = new FaultyDisk();
  const learner = await OnlineLearner.open(optionsOn(disk, more));
  for (const sample of world(1, 1, 60)) await learner.observe(sample);
  expect(await learner.update()).toMatchObject(promoted);
  for (const sample of world(2, 2, 120)) await learner.observe(sample);
  return { learner, disk };
}

/** Resolves when the training of an update has begun. */
export async function hasStarted(learner: OnlineLearner): Promise<void> {
  for await (const { type } of learner.events) if (type === "update-started") return;
}
