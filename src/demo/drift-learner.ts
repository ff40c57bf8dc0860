// The learner of the drift page: a small network with adapters, watched for drift, judged, rolled
// back.

import {
  Composite,
  FiniteWeights,
  LossImprovement,
  Network,
  NetworkLearnable,
  OnlineLearner,
  PageHinkley,
  type Store,
} from "../browser.ts";
import { pointAt } from "./drift-world.ts";

/** Points that the base network learns before the stream begins. */
const BASE_POINTS = 800;
/** Where in the numbering of points those of the base lie: far beyond any stream. */
const BASE_FROM = 300_000;
/** After a rollback, for as long no update is tried. */
const COOL_OFF_MS = 4000;

async function trainedBase(seed: number): Promise<Network> {
  const network = new Network({
    inputSize: 2,
    layers: [
      { name: "hidden", size: 32, activation: "tanh" },
      { name: "output", size: 1, activation: "sigmoid" },
    ],
    seed,
  });
  const world = { degrees: 0, isPoisoned: false };
  const points = Array.from({ length: BASE_POINTS }, (_, row) =>
    pointAt({ seed, index: BASE_FROM + row }, world),
  );
  await network.train(
    points.map(({ sample }) => sample),
    { lr: 0.02, optimizer: "adamw", batchSize: 64, maxSteps: 600, schedule: "cosine", seed },
  );
  return network;
}

/** Opens the learner of a seed on its store, where it goes on. Needs `init()`. */
export async function openLearner(seed: number, store?: Store): Promise<OnlineLearner> {
  const network = await trainedBase(seed);
  const model = new NetworkLearnable({
    network,
    adapter: { rank: 8, alpha: 16 },
    lr: 0.02,
    optimizer: "adamw",
    batchSize: 32,
    maxSteps: 400,
    schedule: "cosine",
    seed,
  });
  return OnlineLearner.open({
    model,
    modelId: "demo",
    ...(store && { store }),
    detector: new PageHinkley({ threshold: 4, delta: 0.05, minInstances: 30, mode: "up" }),
    validator: new Composite([new FiniteWeights(), new LossImprovement()]),
    intake: {
      trainingWindow: 128,
      holdoutWindow: 64,
      holdoutFraction: 0.25,
      replayCapacity: 0,
      retentionCapacity: 0,
    },
    minSamples: 60,
    minHoldout: 16,
    replayShare: 0,
    probation: { minSamples: 120, maxSamples: 480, bound: 1 },
    safeMode: { coolOffMs: COOL_OFF_MS, recoverAfter: 1 },
    seed,
  });
}
