// Small versions of the gate bench: the error rates that were promised, with fixed seeds.

import { describe, expect, it } from "vitest";
import { run } from "../../bench/quality/gates.ts";
import { type Dependence, simulatePnl } from "../../bench/quality/simulated-pnl.ts";
import { renderTable, upToChance } from "../../bench/quality/table.ts";
import { compareSharpe } from "../../src/pipeline/validate/compare-sharpe.ts";
import { SharpeStability } from "../../src/pipeline/validate/sharpe-stability.ts";
import { snapshotOf } from "./snapshots.ts";

const SEEDS = 200;
/** Enough for a share of the seeds, at a fifth of the default's time. */
const RESAMPLES = 199;

/** Shares of the seeds, in percent, whose pair is found better and worse. */
function sharesOf(
  sharpe: [number, number],
  options: { days?: number; dependence?: Dependence; seeds?: number },
): { better: number; worse: number } {
  const { days = 250, dependence = "independent", seeds = SEEDS } = options;
  const counts = { better: 0, inconclusive: 0, worse: 0 };
  for (let seed = 0; seed < seeds; seed++) {
    const plan = { days, correlation: 0.98, sharpe, dependence };
    const [before, after] = simulatePnl(seed, plan);
    counts[compareSharpe(before!, after!, { resamples: RESAMPLES }).outcome]++;
  }
  return { better: (100 * counts.better) / seeds, worse: (100 * counts.worse) / seeds };
}

describe("compareSharpe at level 5%", () => {
  it.each<[Dependence, number]>([
    ["independent", 250],
    ["fat tails", 125],
    ["volatility clusters", 125],
    ["autocorrelated", 60],
  ])("finds equal models worse or better at most that often (%s, %i days)", (dependence, days) => {
    const { better, worse } = sharesOf([1.5, 1.5], { dependence, days });
    expect(worse).toBeLessThanOrEqual(upToChance(5, SEEDS));
    expect(better).toBeLessThanOrEqual(upToChance(5, SEEDS));
    // A test that never fires would keep its level, too.
    expect(better + worse).toBeGreaterThan(2);
  });

  it("finds more the more days it has, and the larger the loss", () => {
    const worse = (after: number, days: number) =>
      sharesOf([1.5, after], { days, seeds: 60 }).worse;
    const shares = [60, 125, 250].map((days) => worse(0.75, days));
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(worse(1.2, 250)).toBeLessThan(shares[2]!);
  });
});

describe("SharpeStability", () => {
  /** Share of the seeds, in percent, whose candidate is refused though its loss fell. */
  function refused(
    [before, after]: [number, number],
    options: { hasAnchor?: boolean; isPaired?: boolean; mode?: "paired" | "point" } = {},
  ): number {
    const { hasAnchor = false, isPaired = true, mode = "paired" } = options;
    const plan = { days: 250, correlation: 0.98, sharpe: [1.5, before, after] };
    let series: Float64Array[] = [];
    const anchor = { anchor: () => ({ pnl: series[0] }) };
    const gate = new SharpeStability({ resamples: RESAMPLES, mode, ...(hasAnchor ? anchor : {}) });
    let count = 0;
    for (let seed = 0; seed < SEEDS; seed++) {
      series = simulatePnl(seed, plan);
      const other = isPaired ? series : simulatePnl(SEEDS + seed, plan);
      const result = gate.validate(
        snapshotOf({ pnl: series[1], loss: 1 }),
        snapshotOf({ pnl: other[2], loss: 0.9 }),
      );
      if (!result.pass) count++;
    }
    return (100 * count) / SEEDS;
  }

  it("refuses equal models at most as often as its level, also with an anchor", () => {
    expect(refused([1.5, 1.5])).toBeLessThanOrEqual(upToChance(5, SEEDS));
    expect(refused([1.5, 1.5], { hasAnchor: true })).toBeLessThanOrEqual(upToChance(5, SEEDS));
  });

  it("refuses a fall from 1.5 to 0.75 at least 90% of the time", () => {
    expect(refused([1.5, 0.75])).toBeGreaterThanOrEqual(90);
  });

  it("is noise by the point rule: on days of their own nearly half of equal models fail", () => {
    const share = refused([1.5, 1.5], { mode: "point", isPaired: false });
    expect(share).toBeGreaterThan(35);
    expect(share).toBeLessThan(60);
  });
});

describe("the bench", () => {
  it("gives the same tables for the same seeds, and renders them", () => {
    const tables = run({ seeds: 3, quick: true });
    expect(run({ seeds: 3, quick: true })).toEqual(tables);
    for (const table of tables) {
      expect(table.rows.every((row) => row.length === table.columns.length)).toBe(true);
      expect(renderTable(table)).toContain(table.title);
    }
  });
});
