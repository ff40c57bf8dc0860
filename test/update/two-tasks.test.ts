// EWC forgets less than naive training when a second task follows the first.

import { expect, it } from "vitest";
import { type Accuracies, twoTasks } from "./two-tasks.ts";

/** Not those that lambda was chosen on (101 to 103). */
const SEEDS = [1, 2, 3, 4, 5];

function mean(all: readonly Accuracies[], of: (each: Accuracies) => number): number {
  return all.reduce((sum, each) => sum + of(each), 0) / all.length;
}

it("naive training loses a third of task A, EWC a twentieth, and learns B", async (test) => {
  const all: Accuracies[] = [];
  for (const seed of SEEDS) all.push(await twoTasks(seed));
  const A = {
    afterA: mean(all, ({ taskA }) => taskA.afterA),
    naive: mean(all, ({ taskA }) => taskA.afterNaiveB),
    ewc: mean(all, ({ taskA }) => taskA.afterEwcB),
  };
  const B = {
    before: mean(all, ({ taskB }) => taskB.afterA),
    naive: mean(all, ({ taskB }) => taskB.afterNaiveB),
    ewc: mean(all, ({ taskB }) => taskB.afterEwcB),
  };
  await test.annotate(`accuracies over ${SEEDS.length} seeds: ${JSON.stringify({ A, B })}`);

  expect(A.afterA).toBeGreaterThan(0.97);
  expect(A.naive).toBeLessThan(0.8);
  expect(A.ewc).toBeGreaterThan(0.92);
  expect(B.before).toBeLessThan(0.25);
  expect(B.naive).toBeGreaterThan(0.95);
  expect(B.ewc).toBeGreaterThan(0.92);
  for (const { taskA } of all) expect(taskA.afterEwcB).toBeGreaterThan(taskA.afterNaiveB + 0.1);
});
