// Rollback of 5 M weights: in memory, and from disk.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ModelVersion } from "../../src/model/learnable.ts";
import { Network } from "../../src/model/network.ts";
import { NetworkLearnable } from "../../src/model/network-learnable.ts";
import { IncrementalUpdater } from "../../src/pipeline/update/incremental-updater.ts";
import { RollbackManager } from "../../src/store/rollback-manager.ts";
import { VersionStore } from "../../src/store/version-store.ts";
import { checkSameBytes } from "../check.ts";
import { limit } from "../claims.ts";
import type { Settings } from "../group.ts";
import { regressionSamples } from "../inputs.ts";
import { timeOf, timingOf } from "../measure.ts";
import type { Row } from "../report.ts";

export const title = "Rollback";

/** 2236^2 weights and 2236 biases: 5.0 M. */
const SIZE = 2236;

async function inMemory(network: Network, rounds: number): Promise<Row> {
  const updater = new IncrementalUpdater({
    network,
    trainable: "all",
    rank: 1,
    alpha: 1,
    lr: 1e-3,
    maxSteps: 1,
  });
  const samples = regressionSamples(1, 2, SIZE, SIZE);
  const input = samples[0]!.input;
  const before = updater.predict(input);
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await updater.update(samples);
    const after = updater.predict(input);
    if (after.every((value, k) => value === before[k])) throw new Error("The update did nothing.");
    const start = performance.now();
    updater.rollback();
    times.push(1e6 * (performance.now() - start));
    checkSameBytes("outputs after the rollback", updater.predict(input), before);
  }
  const ours = timeOf(timingOf(times));
  return {
    work: `IncrementalUpdater.rollback, ${millionsOf(network)} M weights in memory`,
    ours,
    claims: [limit(ours.value / 1e6, "ms", { most: 5 })],
    checked: "outputs after the rollback are the same bytes as before the update",
  };
}

/** Times `load`, which is to give a version with the outputs of `expected`. */
async function fromDisk(
  work: string,
  load: () => Promise<ModelVersion>,
  expected: ModelVersion,
  rounds: number,
): Promise<Row> {
  const input = regressionSamples(1, 1, SIZE, SIZE)[0]!.input;
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    const version = await load();
    times.push(1e6 * (performance.now() - start));
    checkSameBytes("outputs from disk", version.predict(input), expected.predict(input));
    version.dispose();
  }
  const ours = timeOf(timingOf(times));
  return {
    work,
    ours,
    claims: [limit(ours.value / 1e6, "ms", { most: 100 })],
    checked: "outputs are the same bytes as those of the version that was saved",
  };
}

/** Both ways back to a file; the file is in the system's cache, as one written lately is. */
async function rowsFromDisk(network: Network, folder: string, rounds: number): Promise<Row[]> {
  const model = new NetworkLearnable({ network, trainable: "all", lr: 1e-3 });
  const saved = model.initial();
  const weights = saved.weights();
  const many = `${millionsOf(network)} M weights from disk`;
  const snapshots = await RollbackManager.open({
    storagePath: join(folder, "snapshots"),
    maxVersions: 1,
  });
  await snapshots.snapshot("bench", weights);
  const versions = await VersionStore.open({ storagePath: join(folder, "versions") });
  const id = await versions.save({ weights });
  const rows = [
    await fromDisk(
      `RollbackManager.rollback and loading, ${many}`,
      async () => model.load(await snapshots.rollback("bench")),
      saved,
      rounds,
    ),
    await fromDisk(
      `VersionStore.read and loading, ${many}`,
      async () => model.load((await versions.read(id)).weights),
      saved,
      rounds,
    ),
  ];
  saved.dispose();
  await snapshots.close();
  await versions.close();
  return rows;
}

const millionsOf = (network: Network): string => (network.parameterCount / 1e6).toFixed(1);

export async function run({ budget }: Settings): Promise<Row[]> {
  const layers = [{ name: "dense", size: SIZE }];
  const network = new Network({ inputSize: SIZE, layers, seed: 1 });
  const rounds = budget.isQuick ? 2 : 25;
  const folder = await mkdtemp(join(tmpdir(), "driftkeel-bench-"));
  try {
    const memory = await inMemory(network, rounds);
    return [memory, ...(await rowsFromDisk(network, folder, rounds))];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
