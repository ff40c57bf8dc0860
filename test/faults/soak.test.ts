// The short form of the soak test: much of everything leaves memory where it was.

import { expect, it } from "vitest";
import {
  type SoakFigure,
  soakCollector,
  soakLarge,
  soakLearner,
  soakModels,
} from "./soak-parts.ts";

const parts: [string, () => Promise<SoakFigure[]>][] = [
  ["signals through a learner", () => soakLearner(20_000)],
  ["durable signals through a collector", () => soakCollector(5_000)],
  ["models alive at once", () => soakModels(300)],
  ["a promotion and a rollback of a large model", () => soakLarge(300, [400, 1])],
];

it.each(parts)("%s cost no memory that stays", { timeout: 60_000 }, async (_, run) => {
  const figures = await run();
  expect(figures.filter(({ isKept }) => !isKept)).toEqual([]);
  expect(figures.filter(({ limit }) => limit !== "").length).toBeGreaterThan(1);
});
