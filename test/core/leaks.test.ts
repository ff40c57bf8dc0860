// A hundred thousand lives of everything that owns core memory leave it as large as it was.

import { beforeAll, expect, it } from "vitest";
import { memorySizeBytes } from "../../src/core/instance.ts";
import {
  allocate,
  Ewc,
  IncrementalUpdater,
  init,
  Network,
  release,
  SharpeDriftDetector,
} from "../../src/index.ts";

const LIVES = 100_000;
const layers = [
  { name: "hidden", size: 8, activation: "tanh" as const },
  { name: "output", size: 2 },
];
const shape = { inputSize: 4, layers };
const weights = new Float32Array(100).fill(1);
let network: Network;

beforeAll(async () => {
  await init({ maxMemoryMiB: 8 });
  network = new Network(shape);
  return () => network.dispose();
});

const owners: [string, () => void][] = [
  [
    "allocate and release",
    () => {
      const array = allocate(1000);
      array[999] = 1;
      release(array);
    },
  ],
  ["Network", () => new Network(shape).dispose()],
  [
    "Ewc with a Fisher",
    () => {
      using ewc = new Ewc(weights, { normalize: true });
      ewc.updateFisher(weights, 1);
    },
  ],
  [
    "IncrementalUpdater on a network",
    () => new IncrementalUpdater({ network, rank: 2, alpha: 2, lr: 1, maxSteps: 1 }).dispose(),
  ],
  [
    "SharpeDriftDetector",
    () => {
      using detector = new SharpeDriftDetector({ windowSize: 5 });
      detector.update(1);
    },
  ],
  ["a forward pass with copies", () => void network.forward(weights.subarray(0, 8), 2)],
];

it.each(owners)(
  `%s, ${LIVES} times`,
  (_, live) => {
    for (let i = 0; i < 100; i++) live(); // what a first use needs for good
    const before = memorySizeBytes();
    for (let i = 0; i < LIVES; i++) live();
    expect(memorySizeBytes()).toBe(before);
  },
  60_000,
);

/** Takes all of the core's memory but `spareBytes`; returns what gives it back. */
function leaveOnly(spareBytes: number): () => void {
  const spare = allocate(spareBytes / 4);
  const taken: Float32Array[] = [];
  for (let size = spareBytes; size >= 64; ) {
    try {
      taken.push(allocate(size / 4));
    } catch (error) {
      expect(error).toMatchObject({ code: "CORE_OUT_OF_MEMORY" });
      size /= 2;
    }
  }
  release(spare);
  return () => taken.forEach(release);
}

it("training, finished, failed and rolled back, 2000 times with 64 KiB to spare", async () => {
  const samples = Array.from({ length: 8 }, (_, row) => ({
    input: new Float32Array(4).fill(row),
    label: new Float32Array(2).fill(1),
  }));
  using updater = new IncrementalUpdater({
    ...{ network, rank: 2, alpha: 2, lr: 0.01, maxSteps: 2, trainable: "all", ewc: { lambda: 1 } },
  });
  const explode = { lr: 1e38, maxSteps: 9, clipNorm: Number.POSITIVE_INFINITY };
  const failing = async (run: Promise<unknown>, code: string) =>
    expect(await run.catch((error) => error)).toMatchObject({ code });
  const rounds = [
    () => network.train(samples, { lr: 0.001, optimizer: "adamw", batchSize: 4 }),
    () => failing(network.train(samples, explode), "UPDATE_DIVERGED"),
    () => updater.update(samples).then(() => updater.rollback()),
    () => updater.update(samples).then(() => updater.commitUpdate()),
    () => {
      const gone = new Network(shape);
      const run = gone.train(samples, { lr: 0.001 });
      gone.dispose();
      return failing(run, "UPDATE_CANCELLED");
    },
    async () => {
      const base = new Network(shape);
      using gone = new IncrementalUpdater({
        ...{ network: base, rank: 2, alpha: 2, lr: 0.01, maxSteps: 2 },
      });
      const run = gone.update(samples);
      base.dispose();
      await run;
    },
  ];
  const round = (index: number) => rounds[index % rounds.length]!();
  for (let i = 0; i < 40; i++) await round(i);
  // A round that kept 64 bytes would be one too many long before the end.
  const giveBack = leaveOnly(2 ** 16);
  for (let i = 0; i < 2000; i++) await round(i);
  giveBack();
});
