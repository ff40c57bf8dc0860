// How a network learns one task after another: plain training, EWC, replay, both.

import { Network } from "../../src/model/network.ts";
import type { Sample } from "../../src/model/sample.ts";
import { ReplayBuffer } from "../../src/pipeline/feedback/replay-buffer.ts";
import { Ewc, type EwcOptions } from "../../src/pipeline/update/ewc.ts";
import { CLASSES, PIXELS } from "./mnist.ts";

/** What sets one method apart; all else is the same for all. */
export interface Method {
  name: string;
  /** Least average accuracy that is asked of it. */
  floor?: number;
  ewc?: EwcOptions;
  /** Part of a batch that is replayed. */
  replayShare?: number;
}

/** Replayed samples that are held, over all tasks. */
export const BUFFER_SIZE = 10_000;

/** New samples in a batch. */
export const BATCH_SIZE = 128;
/** The same for all methods; a cosine takes it to 0 within each task. */
export const LEARNING_RATE = 0.4;
export const MOMENTUM = 0.9;
/** Width of both hidden layers. */
export const HIDDEN = 400;
/** Samples of a task's Fisher. */
export const FISHER_SAMPLES = 1000;
const NETWORK_SEED = 1;

/** One replayed sample for two of the task. */
const REPLAY_SHARE = 1 / 3;

/** The methods in the order of the table. */
export const methods: readonly Method[] = [
  { name: "naive" },
  { name: "EWC", ewc: { lambda: 30, consolidation: "sum" }, floor: 0.9 },
  { name: "online EWC", ewc: { lambda: 150, consolidation: "ema", gamma: 0.9 } },
  { name: "replay", replayShare: REPLAY_SHARE },
  {
    name: "EWC + replay",
    ewc: { lambda: 30, consolidation: "sum" },
    replayShare: REPLAY_SHARE,
    floor: 0.95,
  },
];

/** One network under one method. */
export class SequentialLearner {
  readonly network: Network;
  readonly #method: Method;
  readonly #buffer: ReplayBuffer | undefined;
  #ewc: Ewc | undefined;
  #tasks = 0;

  constructor(method: Method) {
    this.#method = method;
    this.network = new Network({
      inputSize: PIXELS,
      layers: [
        { name: "first", size: HIDDEN, activation: "relu" },
        { name: "second", size: HIDDEN, activation: "relu" },
        { name: "output", size: CLASSES },
      ],
      loss: "softmax-cross-entropy",
      seed: NETWORK_SEED,
    });
    if (method.replayShare) this.#buffer = new ReplayBuffer({ capacity: BUFFER_SIZE });
  }

  /** Learns a task in one pass, then remembers it as its method does. */
  async learn(samples: Sample[]): Promise<void> {
    const { replayShare } = this.#method;
    const buffer = this.#buffer;
    await this.network.train(samples, {
      lr: LEARNING_RATE,
      batchSize: BATCH_SIZE,
      optimizer: "momentum",
      momentum: MOMENTUM,
      schedule: "cosine",
      seed: this.#tasks,
      ...(this.#ewc && { ewc: this.#ewc }),
      ...(buffer && buffer.size > 0 && { replay: { buffer, share: replayShare! } }),
    });
    this.#consolidate(samples);
    // The reservoir keeps an equal part of every task: each offers as many as the buffer holds.
    for (const sample of samples.slice(0, BUFFER_SIZE)) buffer?.add(sample);
    this.#tasks++;
  }

  #consolidate(samples: Sample[]): void {
    if (!this.#method.ewc) return;
    const weights = this.network.parameters();
    const options = { fisherSamples: FISHER_SAMPLES, ...this.#method.ewc };
    this.#ewc ??= new Ewc(weights, options);
    this.#ewc.updateBaseline(weights);
    this.#ewc.computeFisherFor(this.network, samples, { labels: "exact" });
  }

  dispose(): void {
    this.#ewc?.dispose();
    this.network.dispose();
  }
}
