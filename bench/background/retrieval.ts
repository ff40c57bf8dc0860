// How well the background loop answers two tasks, one after the other.

import { BackgroundLoop } from "../../src/learners/background/index.ts";
import { PlantedTask } from "./planted-tasks.ts";

/** What to run. */
export interface TwoTasks {
  seed: number;
  ewcLambda: number;
  /** Cycles of each task. */
  cycles: number;
  /** Trajectories of a cycle. */
  trajectories: number;
}

/** Share of right answers to queries that were never learned from, before and after each cycle. */
export interface Retrieval {
  /** Of the first task while it is learned: cycles + 1 values. */
  first: number[];
  /** Of the second task while it is learned: cycles + 1 values. */
  second: number[];
  /** Of the first task meanwhile. */
  kept: number[];
  /** Cycles in which a boundary was seen, counted from the first of all. */
  boundaries: number[];
  /** Trajectories of the second task until its beginning was noticed; NaN: never. */
  delay: number;
}

const EMBEDDING_SIZE = 32;
const QUERIES = 600;

/** Learns one task, then another, with the defaults of the loop. */
export function learnTwoTasks({ seed, ewcLambda, cycles, trajectories }: TwoTasks): Retrieval {
  const [a, b] = [
    new PlantedTask("a", { seed: 2 * seed }),
    new PlantedTask("b", { seed: 2 * seed + 1 }),
  ];
  const [askedA, askedB] = [a.heldOut(QUERIES), b.heldOut(QUERIES)];
  using loop = new BackgroundLoop({
    embeddingSize: EMBEDDING_SIZE,
    minTrajectories: Math.min(100, trajectories),
    ewcLambda,
    seed,
  });
  const output = (query: Float32Array) => loop.transform(query);
  const accuracyOfA = () => a.accuracy(output, askedA);
  const accuracyOfB = () => b.accuracy(output, askedB);
  const boundaries: number[] = [];
  const run = (task: PlantedTask) => {
    const at = loop.cycles;
    if (loop.runCycle(task.trajectories(trajectories)).boundaryDetected) boundaries.push(at);
  };
  const first = [accuracyOfA()];
  for (let cycle = 0; cycle < cycles; cycle++) {
    run(a);
    first.push(accuracyOfA());
  }
  const [second, kept] = [[accuracyOfB()], [accuracyOfA()]];
  for (let cycle = 0; cycle < cycles; cycle++) {
    run(b);
    second.push(accuracyOfB());
    kept.push(accuracyOfA());
  }
  const seen = boundaries.find((at) => at >= cycles) ?? Number.NaN;
  return { first, second, kept, boundaries, delay: (seen - cycles + 1) * trajectories };
}
