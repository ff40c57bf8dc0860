// Runs of the benchmark never train, never count as new, never become a case; peers neither.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  CaseIndex,
  DatasetBuilder,
  sampleTrajectories,
  type Trajectory,
  trajectoryJson,
} from "../../../src/learners/router/index.ts";
import { RouterBase, suite } from "./router-base.ts";

const LIVE = 300;

let base: RouterBase;
beforeEach(() => {
  base = new RouterBase();
});
afterEach(() => base.remove());

/** Trajectories that must not be learned from: three ways to be one. */
function forbidden(): Trajectory[] {
  const samples = sampleTrajectories({ count: 60, seed: 9, firstNumber: 5000 });
  const task = suite.tasks[0]!.task;
  return samples.map((each, index) => {
    const unlike = { ...each, task: { ...each.task, input: `forbidden ${index}` } };
    if (index % 3 === 0) return { ...unlike, origin: "benchmark" };
    if (index % 3 === 1) return { ...unlike, origin: "peer" };
    return { ...unlike, task: { ...unlike.task, taskId: task.taskId } };
  });
}

it("leaves the same challenger and the same cases as if they were not there", async () => {
  base.add({ count: LIVE });
  const clean = await base.run({ dryRun: true });
  for (const each of forbidden()) base.write(`${each.trajectoryId}.json`, trajectoryJson(each));

  const caseIndexPath = join(base.path, "cases.json");
  const report = await base.run({ caseIndexPath });
  expect(report.trajectories).toMatchObject({ unseen: LIVE, quarantined: 40, peer: 20 });
  expect(report.dataset).toEqual(clean.dataset);
  expect(report.training).toEqual(clean.training);
  expect(readFileSync(join(base.path, "seen.json"), "utf8")).not.toContain("sample-0005");
  const cases = await CaseIndex.load(caseIndexPath);
  expect(cases!.size).toBeGreaterThan(0);
  expect(cases!.lookup("forbidden 1", { least: 0.9 })).toEqual([]);
  expect(readFileSync(caseIndexPath, "utf8")).not.toContain("forbidden");
});

it("does not count them towards a cycle", async () => {
  base.add({ count: 30 });
  for (const each of forbidden()) base.write(`${each.trajectoryId}.json`, trajectoryJson(each));
  const report = await base.run({ minNewTrajectories: 31 });
  expect(report.outcome).toBe("skipped");
  expect(report.reason).toBe("30 new trajectories, at least 31 needed");
});

it("turns them away at the builder and at the index as well", () => {
  const options = {
    wordBuckets: 16,
    importanceClip: 10,
    holdoutFraction: 0,
    maxTrajectories: 100,
  };
  const builder = new DatasetBuilder(options, (taskId) => suite.has(taskId));
  expect(forbidden().map((each) => builder.add(each))).toEqual(Array(60).fill(false));
  expect(builder.build().typeSamples).toEqual([]);
  expect(CaseIndex.build(forbidden(), (taskId) => suite.has(taskId)).size).toBe(0);
});
