// One run of the forgetting page, without a page: the same in Node and in any browser, to the bit.

import { Ewc, Network, ReplayBuffer } from "../browser.ts";
import { accuracyOf, type Task, TEST_SAMPLES, taskOf } from "./forgetting-tasks.ts";
import { CLASSES, PIXELS } from "./glyphs.ts";

export const METHODS = ["naive", "EWC", "replay"] as const;
export type Method = (typeof METHODS)[number];

export const TASKS = 5;
/** Looks at the networks within a task; a frame is yielded after each. */
export const LOOKS_PER_TASK = 30;
const STEPS_PER_LOOK = 6;
const HIDDEN = 100;
const BATCH_SIZE = 32;
const LEARNING_RATE = 0.25;
/** Strength of the penalty; chosen on seeds above 1000. */
const LAMBDA = 20;
/** Samples that replay holds, over all tasks, and its part of a batch. */
const REPLAY_CAPACITY = 200;
const REPLAY_SHARE = 0.5;

/** How the networks stand. */
export interface ForgettingFrame {
  /** The task that is being learned, from 0. */
  task: number;
  /** Looks so far, over all tasks. */
  look: number;
  /** Of each method, on each task so far. */
  accuracies: Record<Method, number[]>;
  /** SHA-256 over the weights of all three networks, in hexadecimal. */
  weightsHash: string;
}

/** A network that learns task after task. */
class TaskLearner {
  readonly network: Network;
  readonly #method: Method;
  readonly #buffer = new ReplayBuffer({ capacity: REPLAY_CAPACITY });
  #ewc: Ewc | undefined;

  constructor(method: Method, seed: number) {
    this.#method = method;
    this.network = new Network({
      inputSize: PIXELS,
      layers: [
        { name: "hidden", size: HIDDEN, activation: "relu" },
        { name: "output", size: CLASSES },
      ],
      loss: "softmax-cross-entropy",
      seed,
    });
  }

  async learn({ samples }: Task, look: number): Promise<void> {
    const buffer = this.#buffer;
    await this.network.train(samples, {
      lr: LEARNING_RATE,
      batchSize: BATCH_SIZE,
      maxSteps: STEPS_PER_LOOK,
      seed: look,
      ...(this.#ewc && { ewc: this.#ewc }),
      ...(buffer.size > 0 && { replay: { buffer, share: REPLAY_SHARE } }),
    });
  }

  /** Keeps of a finished task what its method keeps. */
  remember({ samples }: Task): void {
    if (this.#method === "replay") for (const sample of samples) this.#buffer.add(sample);
    if (this.#method !== "EWC") return;
    const weights = this.network.parameters();
    this.#ewc ??= new Ewc(weights, { lambda: LAMBDA });
    this.#ewc.updateBaseline(weights);
    this.#ewc.computeFisherFor(this.network, samples, { labels: "exact" });
  }

  accuracyOn({ tests, digits }: Task): number {
    return accuracyOf(this.network.forward(tests, TEST_SAMPLES), digits);
  }

  dispose(): void {
    this.#ewc?.dispose();
    this.network.dispose();
  }
}

/** SHA-256 over the weights of networks, one after the other, in hexadecimal. */
async function hashOf(networks: readonly Network[]): Promise<string> {
  const all = Float32Array.from(networks.flatMap((network) => [...network.parameters()]));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", all));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Teaches the tasks one after another to one network per method, all with the same first weights
 * and the same samples in the same order. Needs `init()`. seed: an integer from 0 to 9999.
 */
export async function* forgettingRun(seed: number): AsyncGenerator<ForgettingFrame> {
  const learners = METHODS.map((method) => new TaskLearner(method, seed));
  const networks = learners.map(({ network }) => network);
  const tasks: Task[] = [];
  try {
    for (let look = 0; look < TASKS * LOOKS_PER_TASK; ) {
      const task = Math.floor(look / LOOKS_PER_TASK);
      const current = tasks[task] ?? taskOf(seed, task);
      tasks[task] = current;
      for (const learner of learners) await learner.learn(current, look);
      look++;
      const accuracies = learners.map((learner) => tasks.map((each) => learner.accuracyOn(each)));
      const [naive, EWC, replay] = accuracies as [number[], number[], number[]];
      const weightsHash = await hashOf(networks);
      yield { task, look, accuracies: { naive, EWC, replay }, weightsHash };
      if (look % LOOKS_PER_TASK === 0) for (const each of learners) each.remember(current);
    }
  } finally {
    for (const learner of learners) learner.dispose();
  }
}

/** What is left of a run. */
export interface ForgettingSummary {
  /** Mean accuracy over all tasks seen, now. */
  average: number;
  /** Mean fall of a finished task's accuracy since it was learned; 0 before there is one. */
  forgetting: number;
}

/** Sums up a run's frames so far, for one method. */
export function summaryOf(frames: readonly ForgettingFrame[], method: Method): ForgettingSummary {
  const last = frames.at(-1)?.accuracies[method] ?? [];
  const mean = (values: number[]) =>
    values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
  const falls = last.slice(0, -1).map((now, task) => {
    const learned = frames[(task + 1) * LOOKS_PER_TASK - 1]!.accuracies[method][task]!;
    return learned - now;
  });
  return { average: mean(last), forgetting: mean(falls) };
}
