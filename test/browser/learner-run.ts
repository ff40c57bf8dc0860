// A seeded learner in a world that shifts, on any store; what it tells and keeps is the same
// everywhere.

import {
  Network,
  NetworkLearnable,
  OnlineLearner,
  type OnlineLearnerOptions,
  PageHinkley,
  type Sample,
  type Store,
} from "../../src/browser.ts";
import { Random } from "../../src/core/random.ts";
import { digest } from "./program.ts";

/** What a run told and left behind. */
export interface LearnerRun {
  /** Each event as JSON. */
  events: string[];
  /** SHA-256 of the bytes under each key of a version. */
  versions: Record<string, string>;
  activeId: string;
  output: number[];
}

const INPUTS = 8;
const SAMPLES = 360;
/** Samples before the rollback, which comes between promotions, and the restart after it. */
const TURNING_POINT = 230;
const SHIFTED = { from: 120, to: 220, by: 4 };

const samples = (() => {
  const random = new Random(11);
  return Array.from({ length: SAMPLES }, (_, index): Sample => {
    const input = Float32Array.from({ length: INPUTS }, () => random.normal());
    const isShifted = index >= SHIFTED.from && index < SHIFTED.to;
    // Only + - * /: what a host's own Math gives is the host's business.
    const value = input[0]! * input[1]! + (isShifted ? SHIFTED.by : 0);
    return { input, label: Float32Array.of(value), id: `${index}` };
  });
})();

/** The same at every start, but for the store. */
function optionsOn(network: Network, store: Store): OnlineLearnerOptions {
  const training = { lr: 0.01, optimizer: "adamw" as const, maxSteps: 40, batchSize: 32 };
  const adapter = { rank: 2, alpha: 4 };
  return {
    model: new NetworkLearnable({ network, adapter, trainable: "all", ...training }),
    store,
    detector: new PageHinkley({ minInstances: 20, threshold: 100, delta: 1 }),
    ewc: { lambda: 0.01 },
    intake: { trainingWindow: 128, holdoutWindow: 32 },
    minSamples: 20,
    minHoldout: 4,
    probation: { minSamples: 40 },
    safeMode: { coolOffMs: 0 },
    seed: 7,
    now: () => 1_700_000_000_000,
  };
}

/** Listens to a learner; `stop` resolves with all it told, once it is closed. */
function listen(learner: OnlineLearner): () => Promise<string[]> {
  const told: string[] = [];
  const listening = (async () => {
    for await (const event of learner.events) {
      // How often training reports depends on how long it takes.
      if (event.type !== "update-progressed") told.push(JSON.stringify(event));
    }
  })();
  return async () => {
    await listening;
    return told;
  };
}

/**
 * Learns the whole stream and on the way goes back to an earlier version. openStore: gives the
 * store that keeps it all: once at the start, and again for the restart after that.
 */
export async function runLearner(openStore: () => Promise<Store>): Promise<LearnerRun> {
  const layers = [
    { name: "hidden", size: 16, activation: "relu" as const },
    { name: "output", size: 1 },
  ];
  const network = new Network({ inputSize: INPUTS, layers, seed: 3 });
  let store = await openStore();
  let learner = await OnlineLearner.open(optionsOn(network, store));
  let stop = listen(learner);
  const events: string[] = [];
  for (const [index, sample] of samples.entries()) {
    if (index === TURNING_POINT) {
      await learner.rollback();
      await learner.close();
      events.push(...(await stop()));
      store = await openStore();
      learner = await OnlineLearner.open(optionsOn(network, store));
      stop = listen(learner);
    }
    await learner.observe(sample);
  }
  const { versionId } = learner.status();
  const output = [...learner.predict(samples[0]!.input).output];
  const versions = await digestsOf(store);
  await learner.close();
  events.push(...(await stop()));
  network.dispose();
  return { events, versions, activeId: versionId, output };
}

async function digestsOf(store: Store): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const key of await store.list("versions/")) {
    digests[key] = await digest([(await store.read(key))!]);
  }
  return digests;
}
