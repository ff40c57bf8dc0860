// The router itself: what it may decide, with which probability, and that it survives a save.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type CandidateSets,
  DECISION_TYPES,
  LearningRouter,
  sampleTrajectories,
} from "../../../src/learners/router/index.ts";
import { datasetFor } from "./policies.ts";

let router: LearningRouter;
beforeEach(async () => {
  router = await LearningRouter.create({ wordBuckets: 32, seed: 1 });
});
afterEach(() => router.dispose());

const samples = sampleTrajectories({ count: 40, seed: 2 });
const routeOf = (each = samples[0]!, on = router) =>
  on.route(each.task, each.contextSnapshot, each.candidateSets);

describe("a route", () => {
  it("takes the likeliest possible type and its best candidate, with a propensity of 1", () => {
    for (const sample of samples) {
      const { decisionType, selectedIds, probabilities, scores, propensity } = routeOf(sample);
      const total = Object.values(probabilities).reduce((sum, each) => sum + each, 0);
      expect(total).toBeCloseTo(1, 12);
      expect(probabilities[decisionType]).toBe(Math.max(...Object.values(probabilities)));
      expect(propensity).toBe(1);
      const type = { inject_memory: "memory", load_skill: "skill", call_tool: "tool" } as const;
      const kind = type[decisionType as keyof typeof type];
      if (kind === undefined) continue;
      const best = Math.max(...sample.candidateSets[kind].map(({ id }) => scores[id]!));
      expect(scores[selectedIds[0]!]).toBe(best);
    }
  });

  it("never chooses what has no candidate", () => {
    const { task, contextSnapshot, candidateSets } = samples[0]!;
    const none: CandidateSets = { memory: [], skill: [], tool: [] };
    const bare = router.route(task, contextSnapshot, none);
    expect(["direct_answer", "clarify"]).toContain(bare.decisionType);
    const impossible = ["inject_memory", "load_skill", "call_tool", "composite_action"] as const;
    expect(impossible.map((type) => bare.probabilities[type])).toEqual([0, 0, 0, 0]);
    const toolOnly = router.route(task, contextSnapshot, { ...none, tool: candidateSets.tool });
    expect(toolOnly.probabilities.call_tool).toBeGreaterThan(0);
    expect(toolOnly.probabilities.composite_action).toBe(0);
  });

  it("with exploration is drawn with the propensity it states, none below the floor", async () => {
    const sample = samples[1]!;
    const { router: sure } = await router.challenger(datasetFor(router, { count: 600 }));
    expect(Math.min(...Object.values(routeOf(sample, sure).probabilities))).toBeLessThan(0.05);
    sure.explore({ floor: 0.05, seed: 3 });
    const draws = 4000;
    const counts = new Map<string, { count: number; propensity: number }>();
    for (let index = 0; index < draws; index++) {
      const { decisionType, selectedIds, propensity, probabilities } = routeOf(sample, sure);
      for (const type of DECISION_TYPES) {
        expect(probabilities[type]).toBeGreaterThanOrEqual(0.05 - 1e-12);
      }
      const key = [decisionType, ...selectedIds].join(" ");
      counts.set(key, { count: (counts.get(key)?.count ?? 0) + 1, propensity });
    }
    for (const { count, propensity } of counts.values()) {
      // Five standard deviations of a binomial share.
      const slack = 5 * Math.sqrt((propensity * (1 - propensity)) / draws);
      expect(Math.abs(count / draws - propensity)).toBeLessThanOrEqual(slack);
    }
    const all = [...counts.values()].reduce((sum, { propensity }) => sum + propensity, 0);
    expect(all).toBeCloseTo(1, 9);
    sure.explore();
    expect(routeOf(sample, sure).propensity).toBe(1);
    sure.dispose();
  });

  it("refuses a floor that is none, and unknown options", async () => {
    expect(() => router.explore({ floor: 0.2 })).toThrow(/from|above 0, at most 0.1/);
    await expect(LearningRouter.create({ wordBucket: 3 } as never)).rejects.toMatchObject({
      code: "OPTION_UNKNOWN",
    });
  });
});

describe("a challenger", () => {
  const part = { count: 120, seed: 4 };

  it("leaves the router it came from as it was, and is the same for the same seed", async () => {
    const dataset = datasetFor(router, part);
    const before = routeOf();
    const { router: one } = await router.challenger(dataset, { seed: 5 });
    const { router: two } = await router.challenger(dataset, { seed: 5 });
    expect(routeOf()).toEqual(before);
    expect(one.version()).toEqual(two.version());
    expect(one.version().weights).not.toEqual(router.version().weights);
    one.dispose();
    two.dispose();
  });

  it("is the same after it was saved and loaded, and learns on as before", async () => {
    const { router: saved } = await router.challenger(datasetFor(router, part));
    const { weights, parts } = saved.version();
    const loaded = await LearningRouter.fromVersion({ weights, state: parts });
    expect(routeOf(samples[3]!, loaded)).toEqual(routeOf(samples[3]!, saved));
    const next = datasetFor(router, { count: 80, seed: 6 });
    const [a, b] = [await saved.challenger(next), await loaded.challenger(next)];
    expect(a.router.version()).toEqual(b.router.version());
    for (const each of [saved, loaded, a.router, b.router]) each.dispose();
    const broken = LearningRouter.fromVersion({ weights, state: new Map() });
    await expect(broken).rejects.toMatchObject({ code: "FILE_CORRUPT" });
  });
});
