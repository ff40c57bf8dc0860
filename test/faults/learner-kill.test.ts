// A learner killed at any moment has every sample it acknowledged, once.

import { expect, it } from "vitest";
import { killLearner } from "./learner-kill-rounds.ts";

const ROUNDS = 8;

it(`${ROUNDS} kills of a learner lose no sample and double none`, {
  timeout: 120_000,
}, async () => {
  const report = await killLearner(ROUNDS, 7);
  expect(report).toMatchObject({ rounds: ROUNDS, lost: [], doubled: [], wrong: [] });
  expect(report.acknowledged).toBeGreaterThan(ROUNDS);
  expect(report.kept).toBeGreaterThanOrEqual(report.acknowledged);
});
