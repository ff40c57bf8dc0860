// The learners of the forgetting bench: the same twice, and each method makes its difference.

import { afterEach, describe, expect, it } from "vitest";
import { type Method, methods, SequentialLearner } from "../../bench/quality/forgetting-methods.ts";
import { CLASSES, labelOf, PIXELS } from "../../bench/quality/mnist.ts";
import { Random } from "../../src/core/random.ts";
import type { Sample } from "../../src/model/sample.ts";

/** Samples of noise: what they teach does not matter here. */
function noise(seed: number, count: number): Sample[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => ({
    input: Float32Array.from({ length: PIXELS }, () => random.uniform()),
    label: labelOf(random.below(CLASSES)),
  }));
}

const tasks = [noise(1, 256), noise(2, 256)];
const learners: SequentialLearner[] = [];
afterEach(() => {
  for (const learner of learners.splice(0)) learner.dispose();
});

async function learned(method: Method): Promise<Buffer> {
  const learner = new SequentialLearner(method);
  learners.push(learner);
  for (const samples of tasks) await learner.learn(samples);
  return Buffer.from(learner.network.parameters().buffer);
}

describe("methods of the forgetting bench", () => {
  it("learn the same weights on every run", async () => {
    const both = methods.at(-1)!;
    expect(both.ewc && both.replayShare).toBeTruthy();
    expect((await learned(both)).equals(await learned(both))).toBe(true);
  });

  it("each learn other weights than all others", async () => {
    const found = new Set<string>();
    for (const method of methods) found.add((await learned(method)).toString("latin1"));
    expect(found.size).toBe(methods.length);
  });
});
