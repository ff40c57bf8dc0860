// The dataset: what is used first, what is held out, what a decision weighs.

import { describe, expect, it } from "vitest";
import {
  DatasetBuilder,
  type DecisionType,
  sampleTrajectories,
  type Trajectory,
} from "../../../src/learners/router/index.ts";

const OPTIONS = { wordBuckets: 16, importanceClip: 10, holdoutFraction: 0.25, maxTrajectories: 8 };
const samples = sampleTrajectories({ count: 20, seed: 1 });

/** A sample with another decision, whose kind has two candidates. */
function decided(
  decisionType: DecisionType,
  reward: number,
  propensity: number | undefined,
  number = 0,
): Trajectory {
  const sample = samples[number]!;
  const tool = sample.candidateSets.tool.slice(0, 2);
  const selectedIds = decisionType === "call_tool" ? [tool[0]!.id] : [];
  const decision = { step: 1, decisionType, selectedIds, rationale: "" };
  return {
    ...sample,
    candidateSets: { memory: [], skill: [], tool },
    decisions: [{ ...decision, ...(propensity !== undefined && { propensity }) }],
    reward,
  };
}

const built = (trajectories: readonly Trajectory[], options = {}) => {
  const builder = new DatasetBuilder({ ...OPTIONS, holdoutFraction: 0, ...options });
  for (const each of trajectories) builder.add(each);
  return builder.build();
};

describe("a dataset", () => {
  it("takes the oldest unseen first, then the newest seen, and holds out the latest", () => {
    const builder = new DatasetBuilder(OPTIONS);
    for (const [index, each] of [...samples].reverse().entries()) builder.add(each, index >= 15);
    const { ids, unseenCount, heldOut, typeSamples } = builder.build();
    const numbers = ids.map((id) => Number(id.slice(-2)));
    expect(unseenCount).toBe(8);
    expect(numbers).toEqual([5, 6, 7, 8, 9, 10, 11, 12]);
    expect(heldOut.map(({ trajectoryId }) => trajectoryId)).toEqual(ids.slice(6));
    expect(typeSamples).toHaveLength(6);

    const few = new DatasetBuilder(OPTIONS);
    for (const [index, each] of samples.entries()) few.add(each, index < 15);
    expect(few.build().ids.map((id) => Number(id.slice(-2)))).toEqual([
      12, 13, 14, 15, 16, 17, 18, 19,
    ]);
  });

  it("is the same whatever the order of its trajectories, with the same hash", () => {
    expect(built([...samples].reverse())).toEqual(built(samples));
    const [first, ...rest] = samples;
    const other = built([{ ...first!, reward: 0.123 }, ...rest], { maxTrajectories: 20 });
    expect(other.hash).not.toBe(built(samples, { maxTrajectories: 20 }).hash);
  });

  it("weighs a type by its propensity without the candidate's part, from 1 to the clip", () => {
    const importance = (propensity: number | undefined, type: DecisionType = "call_tool") =>
      built([decided(type, 0.5, propensity)], { holdoutFraction: 0 }).candidateSamples[0]?.weight;
    expect(importance(0.25)).toBe(2); // two tools: the type had 0.5
    expect(importance(1)).toBe(1);
    expect(importance(1e-6)).toBe(10);
    expect(importance(undefined)).toBe(1);
  });

  it("encourages what was better than the mean and spreads the rest over the others", () => {
    const { typeSamples, baselineReward } = built([
      decided("call_tool", 1, 0.5, 0),
      decided("clarify", 0, 1, 1),
    ]);
    expect(baselineReward).toBe(0.5);
    const [good, bad] = typeSamples;
    expect([...good!.label]).toEqual([0, 0, 0, 1, 0, 0]);
    // Possible besides clarify: a direct answer and a tool.
    expect([...bad!.label]).toEqual([0.5, 0, 0, 0.5, 0, 0]);
    expect(good!.weight! / bad!.weight!).toBeCloseTo(2, 6);
    expect((good!.weight! + bad!.weight!) / 2).toBeCloseTo(1, 6);
  });

  it("learns from the first step only, which was made in the situation described", () => {
    const first = decided("call_tool", 1, 1);
    const later = { step: 2, decisionType: "clarify" as const, selectedIds: [], rationale: "" };
    const both = { ...first, decisions: [later, ...first.decisions] };
    expect(built([both]).typeSamples).toEqual(built([first]).typeSamples);
  });
});
