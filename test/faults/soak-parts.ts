// The parts of the soak test: much of everything, and what it may cost.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memorySizeBytes } from "../../src/core/instance.ts";
import { Random } from "../../src/core/random.ts";
import { Network } from "../../src/model/network.ts";
import { NetworkLearnable } from "../../src/model/network-learnable.ts";
import type { Sample } from "../../src/model/sample.ts";
import { PageHinkley } from "../../src/pipeline/drift/page-hinkley.ts";
import { FeedbackCollector } from "../../src/pipeline/feedback/feedback-collector.ts";
import { OnlineLearner } from "../../src/pipeline/learner.ts";
import { ScheduledTrigger } from "../../src/pipeline/trigger/scheduled-trigger.ts";
import { heldBytes, mebibytes } from "./soak-memory.ts";

/** One figure and whether it kept its limit. */
export interface SoakFigure {
  part: string;
  figure: string;
  measured: string;
  /** In words; empty for a figure that is only reported. */
  limit: string;
  isKept: boolean;
}

/** What may come on top between the first tenth and any later one: caches, compiled code. */
const CEILING_BYTES = 4 * 2 ** 20;
const TENTHS = 10;
/** Calls that wait at once. */
const AT_ONCE = 100;
const INPUTS = 4;

const figure = (part: string, name: string, measured: string): SoakFigure => {
  return { part, figure: name, measured, limit: "", isKept: true };
};

const limited = (row: SoakFigure, limit: string, isKept: boolean): SoakFigure => {
  return { ...row, limit, isKept };
};

function sampleOf(random: Random, shift: number): Sample {
  const input = Float32Array.from({ length: INPUTS }, () => random.normal());
  const label = Float32Array.of(Math.tanh(input[0]! - input[1]!) + shift + 0.1 * random.normal());
  return { input, label };
}

const smallNetwork = (seed: number) =>
  new Network({
    inputSize: INPUTS,
    layers: [
      { name: "hidden", size: 8, activation: "tanh" },
      { name: "output", size: 1 },
    ],
    seed,
  });

const learnable = (network: Network) =>
  new NetworkLearnable({ network, adapter: { rank: 2, alpha: 4 }, lr: 0.01, maxSteps: 20 });

/** Does `act` for every number below `count`, and measures after each tenth of them. */
async function inTenths(
  count: number,
  act: (index: number) => Promise<unknown>,
): Promise<{ heap: number[]; core: number[]; seconds: number }> {
  const [heap, core]: [number[], number[]] = [[], []];
  const start = performance.now();
  let next = 0;
  for (let tenth = 1; tenth <= TENTHS; tenth++) {
    const end = Math.round((count * tenth) / TENTHS);
    while (next < end) {
      const calls: Promise<unknown>[] = [];
      while (next < end && calls.length < AT_ONCE) calls.push(act(next++));
      await Promise.all(calls);
    }
    heap.push(await heldBytes());
    core.push(memorySizeBytes());
  }
  return { heap, core, seconds: (performance.now() - start) / 1000 };
}

/** The rows about memory of a part that must not grow. */
function flat(part: string, heap: number[], core: number[]): SoakFigure[] {
  const growth = Math.max(...heap) - heap[0]!;
  const coreGrowth = core.at(-1)! - core[0]!;
  const path = heap.map((bytes) => (bytes / 2 ** 20).toFixed(1)).join(" ");
  return [
    figure(part, "heap after each tenth, MiB", path),
    limited(
      figure(part, "heap above the first tenth", mebibytes(growth)),
      `<= ${mebibytes(CEILING_BYTES)}`,
      growth <= CEILING_BYTES,
    ),
    limited(
      figure(part, "core above the first tenth", mebibytes(coreGrowth)),
      "none",
      coreGrowth === 0,
    ),
  ];
}

const rate = (count: number, seconds: number) => `${Math.round(count / seconds)} /s`;

/** So many signals through one learner that lives in memory, in a world that turns ten times. */
export async function soakLearner(count: number): Promise<SoakFigure[]> {
  const part = `${count} signals, learner`;
  const network = smallNetwork(1);
  const learner = await OnlineLearner.open({
    model: learnable(network),
    detector: new PageHinkley({ threshold: 100 }),
    trigger: new ScheduledTrigger({ interval: Math.ceil(count / 50) }),
    ewc: { lambda: 0.01 },
    intake: { trainingWindow: 256, holdoutWindow: 128, replayCapacity: 512 },
    probation: { minSamples: 50 },
    safeMode: { coolOffMs: 0 },
  });
  let events = 0;
  let promotions = 0;
  const listening = (async () => {
    for await (const { type } of learner.events) {
      events += 1;
      if (type === "promoted") promotions += 1;
    }
  })();
  const random = new Random(3);
  const { heap, core, seconds } = await inTenths(count, (index) =>
    learner.observe(sampleOf(random, Math.floor((10 * index) / count) % 2)),
  );
  const { observed } = learner.status();
  await learner.close();
  await listening;
  network.dispose();
  return [
    limited(figure(part, "observed", String(observed)), "all", observed === count),
    figure(part, "rate", rate(count, seconds)),
    limited(figure(part, "promotions", String(promotions)), "some", promotions > 0),
    figure(part, "events", String(events)),
    ...flat(part, heap, core),
  ];
}

/** So many signals that a collector acknowledges as durable, and reads back. */
export async function soakCollector(count: number): Promise<SoakFigure[]> {
  const part = `${count} signals, collector`;
  const folder = await mkdtemp(join(tmpdir(), "driftkeel-soak-"));
  const open = () =>
    FeedbackCollector.open({ storagePath: folder, bufferSize: 1000, flushIntervalMs: 1000 });
  try {
    const collector = await open();
    const { heap, core, seconds } = await inTenths(count, (index) =>
      collector.record(
        {
          timestamp: new Date(index),
          predictionId: `signal-${index}`,
          predicted: [0.5],
          actual: [1],
          score: 0.25,
        },
        { durable: true },
      ),
    );
    await collector.close();
    const again = await open();
    const found = new Set((await again.readAll()).map(({ predictionId }) => predictionId));
    await again.close();
    return [
      limited(figure(part, "found again", String(found.size)), "all", found.size === count),
      figure(part, "rate", rate(count, seconds)),
      ...flat(part, heap, core),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** So many learners alive at once: opened, fed, closed. */
async function liveTogether(count: number): Promise<void> {
  const networks = Array.from({ length: count }, (_, seed) => smallNetwork(seed));
  const learners = await Promise.all(
    networks.map((network) =>
      OnlineLearner.open({
        model: learnable(network),
        ewc: { lambda: 0.01 },
        minSamples: 8,
        minHoldout: 1,
      }),
    ),
  );
  const random = new Random(4);
  for (const learner of learners) {
    for (let fed = 0; fed < 16; fed++) await learner.observe(sampleOf(random, 1));
    await learner.update();
  }
  await Promise.all(learners.map((learner) => learner.close()));
  for (const network of networks) network.dispose();
}

/** Many models in one process, again and again: the first time takes what the others give back. */
export async function soakModels(count: number): Promise<SoakFigure[]> {
  const part = `${count} models at once`;
  const start = performance.now();
  await liveTogether(count);
  // Measured before garbage is collected: a finalizer would give back what a dispose forgot.
  const core = memorySizeBytes();
  const heap = await heldBytes();
  await liveTogether(count);
  await liveTogether(count);
  const coreGrowth = memorySizeBytes() - core;
  const growth = (await heldBytes()) - heap;
  const limit = `<= ${mebibytes(CEILING_BYTES)}`;
  return [
    figure(part, "three times, seconds", ((performance.now() - start) / 1000).toFixed(1)),
    limited(
      figure(part, "heap after the third, above the first", mebibytes(growth)),
      limit,
      growth <= CEILING_BYTES,
    ),
    figure(part, "core memory", mebibytes(core)),
    limited(
      figure(part, "core after the third, above the first", mebibytes(coreGrowth)),
      "none",
      coreGrowth === 0,
    ),
  ];
}

/** How long a promotion and a rollback of one model took, and whether it came back. */
async function promoteAndGoBack(folder: string, inputSize: number, sizes: number[]) {
  const layers = sizes.map((size, index) => ({ name: `layer${index}`, size }));
  const network = new Network({ inputSize, layers });
  const { parameterCount } = network;
  const learner = await OnlineLearner.open({
    model: new NetworkLearnable({ network, lr: 1e-5, maxSteps: 3, batchSize: 8 }),
    storagePath: folder,
    minSamples: 8,
    minHoldout: 2,
  });
  const random = new Random(5);
  const probe = Float32Array.from({ length: inputSize }, () => random.normal());
  for (let fed = 0; fed < 32; fed++) {
    const input = Float32Array.from({ length: inputSize }, () => random.normal());
    await learner.observe({ input, label: new Float32Array(sizes.at(-1)!).fill(1) });
  }
  const before = learner.predict(probe);
  let start = performance.now();
  const { outcome } = await learner.update();
  const updateMs = performance.now() - start;
  const isOther = learner.predict(probe).output[0] !== before.output[0];
  start = performance.now();
  if (outcome === "promoted") await learner.rollback();
  const rollbackMs = performance.now() - start;
  const after = learner.predict(probe);
  const isBack = after.versionId === before.versionId && after.output[0] === before.output[0];
  await learner.close();
  network.dispose();
  return { parameterCount, outcome, updateMs, rollbackMs, isBack: isOther && isBack };
}

/** A large model, promoted and rolled back, twice: the second needs no more than the first. */
export async function soakLarge(inputSize: number, sizes: number[]): Promise<SoakFigure[]> {
  const folder = await mkdtemp(join(tmpdir(), "driftkeel-soak-"));
  try {
    const first = await promoteAndGoBack(join(folder, "first"), inputSize, sizes);
    const [heap, core] = [await heldBytes(), memorySizeBytes()];
    const second = await promoteAndGoBack(join(folder, "second"), inputSize, sizes);
    const growth = (await heldBytes()) - heap;
    const coreGrowth = memorySizeBytes() - core;
    const part = `${first.parameterCount} weights`;
    const isPromoted = [first, second].every(({ outcome }) => outcome === "promoted");
    const isBack = first.isBack && second.isBack;
    return [
      limited(figure(part, "update", first.outcome), "promoted", isPromoted),
      limited(
        figure(part, "rolled back", isBack ? "the outputs of before" : "other outputs"),
        "the outputs of before",
        isBack,
      ),
      figure(part, "update, promotion included", `${second.updateMs.toFixed(0)} ms`),
      figure(part, "rollback", `${second.rollbackMs.toFixed(0)} ms`),
      figure(part, "core memory", mebibytes(core)),
      limited(
        figure(part, "heap after the second, above the first", mebibytes(growth)),
        `<= ${mebibytes(CEILING_BYTES)}`,
        growth <= CEILING_BYTES,
      ),
      limited(
        figure(part, "core after the second, above the first", mebibytes(coreGrowth)),
        "none",
        coreGrowth === 0,
      ),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
