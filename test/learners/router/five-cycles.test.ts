// What five cycles make of a router whose best decisions are known, and what they must not forget.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LearningRouter } from "../../../src/learners/router/index.ts";
import { fullSuite, learnInTurn, rewardOn } from "./policies.ts";
import { RouterBase } from "./router-base.ts";

const LIMIT_MS = 180_000;
const PER_CYCLE = 1000;
const LATER = ["incident", "spreadsheet"];
const EARLIER = ["explanation", "recall", "procedure", "live-data", "vague", "migration"];

let base: RouterBase;
beforeEach(() => {
  base = new RouterBase();
});
afterEach(() => base.remove());

describe("five cycles", () => {
  it("reach 90% of the best possible reward", { timeout: LIMIT_MS }, async ({ annotate }) => {
    const rewards: string[] = [];
    let active = 0;
    for (let cycle = 0; cycle < 5; cycle++) {
      base.add({ count: PER_CYCLE, seed: cycle, firstNumber: cycle * PER_CYCLE });
      const { outcome, comparisons } = await base.run({ suite: fullSuite, seed: cycle });
      const { baseline, challenger } = comparisons[0]!;
      active = (outcome === "promoted" ? challenger : baseline).averageReward;
      rewards.push(`${outcome} ${active.toFixed(3)}`);
    }
    await annotate(`reward of the active router: ${rewards.join(", ")}`);
    expect(active / fullSuite.bestReward()).toBeGreaterThanOrEqual(0.9);
  });

  it("keep earlier families within 2 points, where training on new data only loses more", {
    timeout: LIMIT_MS,
  }, async ({ annotate }) => {
    const part = (cycle: number, families: string[]) => ({
      count: PER_CYCLE,
      seed: cycle,
      firstNumber: cycle * PER_CYCLE,
      families,
    });
    const first = [0, 1, 2].map((cycle) => part(cycle, EARLIER));
    const then = [3, 4].map((cycle) => part(cycle, LATER));
    const start = await LearningRouter.create();
    const before = await learnInTurn(start, first);
    const kept = await learnInTurn(before, then);
    const naive = await learnInTurn(before, then, { replayShare: 0, ewcLambda: 0 });

    const was = await rewardOn(before, EARLIER);
    const lost = was - (await rewardOn(kept, EARLIER));
    const lostNaively = was - (await rewardOn(naive, EARLIER));
    const later = [await rewardOn(before, LATER), await rewardOn(kept, LATER)];
    await annotate(
      `earlier families before ${was.toFixed(3)}, lost with replay and EWC ${lost.toFixed(3)}, ` +
        `lost without ${lostNaively.toFixed(3)}; later families ` +
        later.map((reward) => reward.toFixed(3)).join(" -> "),
    );
    expect(lost).toBeLessThanOrEqual(0.02);
    expect(lostNaively).toBeGreaterThan(0.1);
    expect(later[1]).toBeGreaterThan(0.8);
    for (const router of [start, before, kept, naive]) router.dispose();
  });
});

describe("a challenger that learned what is wrong", () => {
  it("is rejected with the gate and its numbers, and its trajectories stay unseen", {
    timeout: LIMIT_MS,
  }, async () => {
    base.add({ count: PER_CYCLE });
    const good = await base.run();
    expect(good.outcome).toBe("promoted");
    base.add({ count: PER_CYCLE, seed: 1, firstNumber: PER_CYCLE, inverted: true });

    const worse = await base.run({ training: { replayShare: 0, ewcLambda: 0 } });
    expect(worse.outcome).toBe("rejected");
    expect(worse.versionId).toBeNull();
    const { deltas, gates, interval, versionId } = worse.comparisons[0]!;
    expect(versionId).toBe(good.versionId);
    expect(deltas.reward).toBeLessThan(-0.1);
    expect(interval.upper).toBeLessThan(0);
    expect(gates.accepted).toBe(false);
    expect(gates.metrics.pairedRewardLower).toBeLessThan(0);
    expect(worse.reason).toContain("against the active version: the paired reward changed by -0.");

    const again = await base.run({ dryRun: true });
    expect(again.trajectories).toMatchObject({ seen: PER_CYCLE, unseen: PER_CYCLE });
    expect(again.baselineId).toBe(good.versionId);
  });
});
