// Promotion: the swap in memory alone, and all of it with the candidate made durable on disk.

import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ModelVersion } from "../../src/model/learnable.ts";
import { Network } from "../../src/model/network.ts";
import { NetworkLearnable } from "../../src/model/network-learnable.ts";
import { Promoter } from "../../src/pipeline/promote/promoter.ts";
import { VersionStore } from "../../src/store/version-store.ts";
import { checkSameBytes } from "../check.ts";
import { limit, timesAsFast } from "../claims.ts";
import type { Settings } from "../group.ts";
import { normals } from "../inputs.ts";
import { timeOf, timingOf } from "../measure.ts";
import type { Row } from "../report.ts";

export const title = "Promotion";

interface Case {
  what: string;
  model: NetworkLearnable;
}

/** A dense layer of size x size; what trains, and is swapped, is the base or an adapter. */
function modelOf(size: number, adapter?: { rank: number; alpha: number }): NetworkLearnable {
  const network = new Network({ inputSize: size, layers: [{ name: "dense", size }], seed: 1 });
  return new NetworkLearnable({
    network,
    lr: 1e-3,
    ...(adapter ? { adapter } : { trainable: "all" as const }),
  });
}

/** A version with other weights than `version`. */
function candidateFrom(model: NetworkLearnable, version: ModelVersion, seed: number): ModelVersion {
  const weights = version.weights();
  for (const values of weights.values()) values.set(normals(seed, Math.min(1000, values.length)));
  return model.load(weights);
}

/** Nanoseconds of plain write and sync of as many bytes as the weights have. */
async function timeWrite(path: string, bytes: Uint8Array): Promise<number> {
  const start = performance.now();
  const file = await open(path, "w");
  await file.writeFile(bytes);
  await file.sync();
  await file.close();
  return 1e6 * (performance.now() - start);
}

async function rowsOf(folder: string, { what, model }: Case, rounds: number): Promise<Row[]> {
  const versions = await VersionStore.open({ storagePath: join(folder, what), maxVersions: 4 });
  let durable = 0;
  const promoteInStore = versions.promote.bind(versions);
  versions.promote = async (...args) => {
    await promoteInStore(...args);
    durable = performance.now();
  };
  const { promoter } = await Promoter.open(model, versions);
  const input = normals(1, model.inputSize);
  const plainBytes = new Uint8Array(promoter.active.version.vector().slice().buffer);
  const times = { swap: [] as number[], whole: [] as number[], plain: [] as number[] };
  const record = { source: "bench", parts: new Map(), seed: 0, benchmark: {} };
  for (let round = 0; round < rounds; round++) {
    const candidate = candidateFrom(model, promoter.active.version, round);
    const expected = candidate.predict(input);
    const start = performance.now();
    await promoter.promote(candidate, promoter.active.id, record);
    const end = performance.now();
    times.swap.push(1e6 * (end - durable));
    times.whole.push(1e6 * (end - start));
    times.plain.push(await timeWrite(join(folder, "plain"), plainBytes));
    checkSameBytes("outputs after the promotion", promoter.active.version.predict(input), expected);
  }
  const saved = model.load((await versions.read(promoter.active.id)).weights);
  checkSameBytes(
    "outputs of the file",
    saved.predict(input),
    promoter.active.version.predict(input),
  );
  saved.dispose();
  promoter.dispose();
  await versions.close();
  const [swap, whole, plain] = [times.swap, times.whole, times.plain].map((each) =>
    timeOf(timingOf(each)),
  );
  const checked = "outputs of the active version are the candidate's, and those of its file";
  return [
    {
      work: `promotion of ${what}: from the pointer on disk to the active version`,
      ours: swap!,
      claims: [limit(swap!.value / 1e6, "ms", { most: 1 })],
      checked,
    },
    {
      work: `promotion of ${what}: all of it, written, synced, read back and verified`,
      ours: whole!,
      claims: [timesAsFast("plain write and sync of the same weights", plain!, whole!)],
      checked,
    },
  ];
}

export async function run({ budget }: Settings): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), "driftkeel-bench-"));
  const adapter = { rank: 8, alpha: 8 };
  const cases: Case[] = [
    { what: "an adapter, 8 K weights", model: modelOf(512, adapter) },
    { what: "5.0 M weights", model: modelOf(2236) },
  ];
  try {
    const rows: Row[] = [];
    for (const each of cases) rows.push(...(await rowsOf(folder, each, budget.isQuick ? 2 : 25)));
    return rows;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
