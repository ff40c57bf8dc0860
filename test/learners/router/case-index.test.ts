// The case index: how cases add up, what is near, what it is worth, and that it survives a save.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  CaseIndex,
  LearningRouter,
  normalizeInput,
  sampleTrajectories,
  type Trajectory,
} from "../../../src/learners/router/index.ts";
import { RouterBase } from "./router-base.ts";

const [sample] = sampleTrajectories({ count: 1 });
const DAY_MS = 86_400_000;
const START_MS = Date.parse("2026-11-01T00:00:00Z");

/** A trajectory on an input, some days after the start. */
function asked(input: string, reward: number, day = 0, type = "clarify"): Trajectory {
  const createdAt = new Date(START_MS + day * DAY_MS).toISOString();
  const decision = { step: 1, decisionType: type as "clarify", selectedIds: [], rationale: "" };
  return {
    ...sample!,
    task: { ...sample!.task, input, createdAt },
    decisions: [decision],
    outcome: reward >= 0.6 ? "success" : "failure",
    reward,
    policyVersion: `v${day}`,
  };
}

let base: RouterBase;
beforeEach(() => {
  base = new RouterBase();
});
afterEach(() => base.remove());

describe("a case index", () => {
  it("adds up what was asked in other letters, and bounds the mean from below", () => {
    const index = new CaseIndex({ confidence: 0.9 });
    for (const [day, reward] of [0.9, 0.7, 0.2, 0.8].entries()) {
      index.add(
        asked(day % 2 === 0 ? "Restart BILLING, please!" : "restart billing please", reward, day),
      );
    }
    const [match] = index.lookup("RESTART billing please.");
    expect(match).toMatchObject({ input: "restart billing please", similarity: 1 });
    const [best] = match!.decisions;
    expect(best).toMatchObject({
      count: 4,
      lastSuccessMs: START_MS + 3 * DAY_MS,
      policyVersion: "v3",
    });
    expect(best!.meanReward).toBeCloseTo(0.65, 12);
    expect(best!.lowerBound).toBeCloseTo(0.65 - Math.sqrt(Math.log(10) / 8), 12);
  });

  it("puts the decision first that is better for certain, and the nearest inputs", () => {
    const index = new CaseIndex();
    for (let time = 0; time < 20; time++) index.add(asked("sum the invoices", 0.8));
    index.add(asked("sum the invoices", 1, 0, "direct_answer"));
    index.add(asked("sum the invoice", 0.5));
    index.add(asked("deploy the canary", 0.5));
    const near = index.lookup("sum the invoices", { k: 5 });
    expect(near.map(({ input }) => input)).toEqual(["sum the invoices", "sum the invoice"]);
    expect(near[0]!.decisions.map(({ decisionType }) => decisionType)).toEqual([
      "clarify",
      "direct_answer",
    ]);
    expect(index.lookup("sum the invoices", { k: 1 })).toHaveLength(1);
    expect(index.lookup("zebra")).toEqual([]);
  });

  it("forgets the inputs that were not asked for longest when it is full", () => {
    const index = new CaseIndex({ maxCases: 2 });
    for (const input of ["first thing", "second thing", "first thing", "third thing"]) {
      index.add(asked(input, 1));
    }
    expect(index.size).toBe(2);
    expect(index.lookup("second thing", { least: 0.99 })).toEqual([]);
    expect(index.lookup("first thing", { least: 0.99 })).toHaveLength(1);
  });

  it("gives a hit to the router as one more memory, which grows stale", async () => {
    const index = new CaseIndex();
    for (let day = 0; day < 10; day++) index.add(asked("fix the page", 0.9, day));
    const at = (days: number) => index.episode("Fix the page!", START_MS + days * DAY_MS)!;
    expect(at(9)).toMatchObject({ type: "memory", source: "generated", freshness: 1 });
    expect(at(39).freshness).toBeCloseTo(0.5, 12);
    expect(index.episode("nothing like it", START_MS)).toBeUndefined();
    const router = await LearningRouter.create({ wordBuckets: 16 });
    const candidates = { memory: [], skill: [], tool: [] };
    const task = asked("Fix the page?", 1, 39).task;
    router.useCases(index);
    const route = router.route(task, sample!.contextSnapshot, candidates);
    expect(route.candidates).toEqual({ ...candidates, memory: [at(39)] });
    expect(Object.keys(route.scores)).toEqual([at(39).id]);
    router.useCases();
    expect(router.route(task, sample!.contextSnapshot, candidates).scores).toEqual({});
    router.dispose();
  });

  it("is the same after a save, and refuses a file with any other byte", async () => {
    const index = CaseIndex.build(sampleTrajectories({ count: 200 }), () => false);
    const path = join(base.path, "cases.json");
    await index.save(path);
    const loaded = await CaseIndex.load(path);
    expect(loaded!.toBytes()).toEqual(index.toBytes());
    const { input } = sample!.task;
    expect(loaded!.lookup(input)).toEqual(index.lookup(input));
    const bytes = readFileSync(path);
    bytes[bytes.length - 20] = bytes[bytes.length - 20]! ^ 1;
    writeFileSync(path, bytes);
    await expect(CaseIndex.load(path)).rejects.toMatchObject({ code: "FILE_CORRUPT" });
    expect(await CaseIndex.load(join(base.path, "none.json"))).toBeUndefined();
  });
});

it("normalises letters, forms, signs and blanks, in any script", () => {
  expect(normalizeInput("  \uff21da\u2019s  Caf\u00e9 -- #12\n")).toBe("ada s caf\u00e9 12");
  expect(normalizeInput("\u4f60\u597d\uff0c\u4e16\u754c")).toBe("\u4f60\u597d \u4e16\u754c");
});
