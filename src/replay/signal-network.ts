// The network behind the trading signal: positions in -1..1 from the features of a day.

import { Network } from "../model/network.ts";
import type { Sample } from "../model/sample.ts";
import { FEATURE_NAMES } from "./features.ts";
import type { ReplaySettings } from "./replay-options.ts";

/** Hidden layers, which carry the adapters; the output layer has fewer weights than an adapter. */
const HIDDEN_LAYERS = [
  { name: "hidden1", size: 24, activation: "tanh" },
  { name: "hidden2", size: 12, activation: "tanh" },
] as const;

/** Neighbouring days in a batch: half a year, enough for a Sharpe ratio to mean something. */
const BATCH_SIZE = 126;

/** How the training of the base network went. */
export interface BaseReport {
  steps: number;
  lossBefore: number;
  lossAfter: number;
}

/** Trains the base network on `warmUp`, oldest first; nothing changes it afterwards. */
export async function trainSignalNetwork(
  warmUp: Sample[],
  settings: ReplaySettings,
): Promise<{ network: Network; report: BaseReport }> {
  const network = new Network({
    inputSize: FEATURE_NAMES.length,
    layers: [...HIDDEN_LAYERS, { name: "position", size: 1, activation: "tanh" }],
    loss: { name: "negative-sharpe", cost: settings.costBps * 1e-4 },
    seed: settings.seed,
  });
  const { lr, maxSteps, weightDecay } = settings.base;
  const { steps, lossBefore, lossAfter } = await network.train(warmUp, {
    lr,
    maxSteps,
    weightDecay,
    batchSize: BATCH_SIZE,
    optimizer: "adamw",
    clipNorm: 1,
    schedule: "cosine",
    seed: settings.seed,
  });
  return { network, report: { steps, lossBefore, lossAfter } };
}

/** The options of an updater that every learner on `network` shares: how an update trains. */
export function adapterOptions(network: Network, { seed, update }: ReplaySettings) {
  const { rank, alpha, lr, maxSteps } = update;
  return {
    network,
    rank,
    alpha,
    lr,
    maxSteps,
    targetModules: HIDDEN_LAYERS.map((layer) => layer.name),
    seed,
    batchSize: BATCH_SIZE,
    optimizer: "adamw",
  } as const;
}
