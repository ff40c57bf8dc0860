// A service killed under load has every signal and every job that it acknowledged.

import { expect, it } from "vitest";
import { killService } from "./service-kill-rounds.ts";

const ROUNDS = 5;

it(`${ROUNDS} kills of a service lose no signal and no job`, { timeout: 120_000 }, async () => {
  const report = await killService(ROUNDS, 7);
  expect(report).toMatchObject({ rounds: ROUNDS, lost: [], doubled: [], wrong: [] });
  expect(report.acknowledged).toBeGreaterThan(ROUNDS);
  expect(report.kept).toBeGreaterThanOrEqual(report.acknowledged);
  expect(report.jobs).toBeGreaterThan(0);
});
