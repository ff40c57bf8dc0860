// What the lives of models in the simulated market come to.

import { isPromoted, type MarketRun, type Model } from "./market-run.ts";
import { meanOf, rounded, standardError, sumOf } from "./over-seeds.ts";

/** Degradation is that of the last days, from here on. */
export const FROM_DAY = 60;
/** An update is harmful when it takes more than this share of the true skill. */
export const HARM = 0.05;

/**
 * Loss of skill in percent over the looks from a day on:
 *
 *     100 (1 - sum of the skill / sum of the base model's skill, had nothing drifted)
 */
export function degradation(run: MarketRun, model: Model | "best", from = FROM_DAY): number {
  const after = (skills: readonly number[]) =>
    sumOf(skills.filter((_, index) => run.looks[index]! >= from));
  const skills = model === "best" ? run.best : run.lives[model]!.skills;
  return 100 * (1 - after(skills) / after(run.unchanged));
}

/** A mean over worlds with its standard error. */
export function withError(values: readonly number[]): { mean: number; text: string } {
  const mean = rounded(meanOf(values), 1);
  if (values.length < 2) return { mean, text: `${mean}` };
  return { mean, text: `${mean} +- ${rounded(standardError(values), 1)}` };
}

/** Counts of one model's updates over all worlds. */
export function countUpdates(runs: readonly MarketRun[], model: Model) {
  const updates = runs.flatMap((run) => run.lives[model]!.updates);
  const served = updates.filter(isPromoted);
  const harmful = updates.filter(({ change }) => change < -HARM);
  const kept = harmful.filter((each) => isPromoted(each) && !each.isRolledBack);
  return {
    promoted: served.length,
    rejected: updates.length - served.length,
    rolledBack: served.filter(({ isRolledBack }) => isRolledBack).length,
    harmful: harmful.length,
    kept: kept.length,
    /** Largest relative loss of a kept one. */
    worstKept: -Math.min(0, ...kept.map(({ change }) => change)),
  };
}
