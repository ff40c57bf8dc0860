// A process killed at any moment has lost nothing that it acknowledged; start-up repairs the rest.

import { expect, it } from "vitest";
import { killRounds } from "./kill-rounds.ts";

it("5 kills lose no signal, no event and no version", { timeout: 120_000 }, async () => {
  const report = await killRounds(5, 7);
  expect(report.lost).toEqual([]);
  expect(report.acknowledgedSignals).toBeGreaterThan(5);
  expect(report.rounds).toBe(5);
});
