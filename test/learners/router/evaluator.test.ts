// The benchmark: its hash, its outcomes, and the paired comparison of two routers.

import { describe, expect, it } from "vitest";
import {
  BenchmarkSuite,
  Evaluator,
  LearningRouter,
  sampleBenchmark,
} from "../../../src/learners/router/index.ts";
import { suite } from "./router-base.ts";

describe("a suite", () => {
  it("is the same after a save, and its hash tells any change", () => {
    const again = BenchmarkSuite.parse(suite.toJson());
    expect(again.hash).toBe(suite.hash);
    expect(again.tasks).toEqual(suite.tasks);
    const value = JSON.parse(suite.toJson());
    value.tasks[3].outcomes[0].reward = 0.5;
    expect(BenchmarkSuite.parse(JSON.stringify(value)).hash).not.toBe(suite.hash);
    expect(sampleBenchmark({ tasksPerFamily: 10, seed: 1 }).hash).not.toBe(suite.hash);
  });

  it("refuses what is none, naming the place", () => {
    const value = JSON.parse(suite.toJson());
    value.tasks[1].outcomes[0].reward = 2;
    const parse = (json: string) => () => BenchmarkSuite.parse(json, "suite.json");
    expect(parse(JSON.stringify(value))).toThrow(/suite\.json.*tasks\.1\.outcomes\.0\.reward/);
    value.tasks[1] = value.tasks[0];
    expect(parse(JSON.stringify(value))).toThrow("is there twice");
    expect(parse("{")).toThrow(/JSON/);
    expect(parse('{"name": "a", "tasks": []}')).toThrow(/tasks/);
  });
});

describe("an evaluation", () => {
  it("finds no difference between a router and itself", async () => {
    const router = await LearningRouter.create({ wordBuckets: 16 });
    const { baseline, challenger, difference } = await new Evaluator(suite).compare(router, router);
    expect(difference).toMatchObject({ mean: 0, lower: 0, upper: 0 });
    expect(challenger.taskRewards).toEqual(baseline.taskRewards);
    expect(baseline.taskCount).toBe(suite.tasks.length);
    expect(baseline.errorRate).toBe(0);
    router.dispose();
  });

  it("pairs rewards by task, with errors, quantiles of the latency and an interval", async () => {
    const router = await LearningRouter.create({ wordBuckets: 16 });
    let now = 0;
    let calls = 0;
    const evaluator = new Evaluator(suite, {
      confidence: 0.9,
      // Every second reading ends a decision: the first takes 1 ms, the last as long as tasks.
      timer: () => {
        calls++;
        if (calls % 2 === 0) now += Math.ceil(calls / 4);
        return now;
      },
      execute: (task) => {
        const index = suite.tasks.indexOf(task);
        if (index === 7) throw new Error("down");
        if (index === 8) return { reward: Number.NaN, isError: false };
        return { reward: index % 2, isError: false };
      },
    });
    const { baseline, difference } = await evaluator.compare(router, router);
    const count = suite.tasks.length;
    expect(baseline.errorRate).toBe(2 / count);
    expect(baseline.averageReward).toBe((count / 2 - 1) / count);
    expect(baseline.latencyMs).toBe(count / 2);
    expect(baseline.latencyP95Ms).toBe(Math.ceil(0.95 * count));
    expect(difference).toMatchObject({ mean: 0, confidence: 0.9 });
    router.dispose();
  });
});
