// A drift alert ends in a proposal: accepted or not, always with measured numbers, always kept.

import { describe, expect, it } from "vitest";
import { type DriftAlert, LossDelta, SharpeStability, type Validator } from "../../../src/index.ts";
import { improvementOf } from "../../../src/learners/nas/auto-nas-trigger.ts";
import {
  AutoNasTrigger,
  type CurrentSignal,
  type DriftData,
  runSignalNas,
  SignalModel,
} from "../../../src/learners/nas/index.ts";
import { errorOf, expectOurs } from "../../misuse/refusal.ts";
import { smallConfig, smallSeries } from "./small-search.ts";

const alert: DriftAlert = {
  timestamp: new Date(0),
  currentSharpe: -0.2,
  meanSharpe: 0.3,
  threshold: 0.1,
  windowSize: 30,
};

/** A model that always forecasts the same. */
function constant(value: number): CurrentSignal {
  return {
    forecast: (_, count) => new Float32Array(count).fill(value),
    weights: () => new Map([["value", Float32Array.of(value)]]),
  };
}

const series = smallSeries();
const drifted: DriftData = { ...series, current: constant(0) };
const searchConfig = smallConfig;

/** The mean of the squares of the returns that the test part forecasts. */
function powerOfTestReturns(): number {
  const windows = series.returns.length - smallConfig.patchLen;
  const end = smallConfig.patchLen - 1 + Math.floor(windows / 2) + Math.floor(windows / 4);
  const next = [...series.returns.slice(end + 1)];
  return next.reduce((sum, value) => sum + value * value, 0) / next.length;
}

describe("AutoNasTrigger", () => {
  it("accepts a model that earns more and loses less, with the losses of both", async () => {
    const validators = [new LossDelta(0), new SharpeStability()];
    const trigger = new AutoNasTrigger({ searchConfig, validators });
    const proposal = await trigger.onDriftAlert(alert, 0.1, drifted);
    expect(proposal.accepted).toBe(true);
    expect(proposal.foundSharpe).toBe(proposal.result.best.metric);
    expect(proposal.improvement).toBeCloseTo((proposal.foundSharpe - 0.1) / 0.1, 12);
    // A forecast of 0 is off by the returns themselves.
    expect(proposal.currentLoss).toBeCloseTo(powerOfTestReturns(), 9);
    const { returnScale } = proposal.result.exportConfig.scale;
    expect(proposal.foundLoss).toBeCloseTo(proposal.result.best.testLoss * returnScale ** 2, 9);
    expect(proposal.foundLoss).toBeLessThan(proposal.currentLoss);
    expect(Object.keys(proposal.measurements).length).toBeGreaterThan(1);
    expect(trigger.proposals).toEqual([proposal]);
  });

  it("does not accept an improvement below the threshold, and asks no validator", async () => {
    const asked: Validator = { validate: () => expect.unreachable("asked") };
    const trigger = new AutoNasTrigger({ searchConfig, validators: [asked] });
    const { best } = await runSignalNas(searchConfig, series);
    const proposal = await trigger.onDriftAlert(alert, best.metric, drifted);
    expect(proposal.accepted).toBe(false);
    expect(proposal.improvement).toBe(0);
    expect(proposal.reason).toMatch(/^insufficient improvement: 0\.0000 < 0\.05/);
    expect(trigger.proposals).toEqual([proposal]);
  });

  it("a threshold that is met exactly leaves it to the validators", async () => {
    const validators = [{ validate: () => ({ pass: true, reason: "fine", measurements: {} }) }];
    const trigger = new AutoNasTrigger({ searchConfig, validators, improvementThreshold: 0 });
    const { best } = await runSignalNas(searchConfig, series);
    const proposal = await trigger.onDriftAlert(alert, best.metric, drifted);
    expect(proposal.reason).toMatch("fine");
    expect(proposal.accepted).toBe(true);
  });

  it("rejects by the measured losses, however good the Sharpe ratio looks", async () => {
    // The model in service is the very one that will be found: nothing can lose less by far.
    const { best, exportConfig } = await runSignalNas(searchConfig, series);
    using current = new SignalModel(exportConfig, best.weights);
    const trigger = new AutoNasTrigger({ searchConfig, validators: [new LossDelta(-1e-6)] });
    const proposal = await trigger.onDriftAlert(alert, 0, { ...series, current });
    expect(proposal.improvement).toBe(1);
    expect(proposal.accepted).toBe(false);
    expect(proposal.foundLoss).toBe(proposal.currentLoss);
    expect(proposal.reason).not.toMatch("insufficient improvement");
  });

  it("keeps all proposals in their order, and none of a search that failed", async () => {
    const trigger = new AutoNasTrigger({ searchConfig, validators: [new LossDelta(0)] });
    const first = await trigger.onDriftAlert(alert, 100, drifted);
    const cancelled = { signal: AbortSignal.abort() };
    const failed = await errorOf(() => trigger.onDriftAlert(alert, 0, drifted, cancelled));
    expectOurs(failed, "UPDATE_CANCELLED");
    const second = await trigger.onDriftAlert(alert, 0, drifted);
    expect(trigger.proposals).toEqual([first, second]);
    expect(trigger.proposals.map(({ accepted }) => accepted)).toEqual([false, true]);
  });

  it("searches once at a time", async () => {
    const trigger = new AutoNasTrigger({ searchConfig, validators: [new LossDelta(0)] });
    const running = trigger.onDriftAlert(alert, 0, drifted);
    const second = await errorOf(() => trigger.onDriftAlert(alert, 0, drifted));
    expectOurs(second, "UPDATE_IN_PROGRESS");
    await running;
    expect(trigger.proposals).toHaveLength(1);
  });

  it("refuses options and numbers that say nothing", async () => {
    const validators = [new LossDelta(0)];
    for (const [options, code] of [
      [{ searchConfig, validators: [] }, "OPTION_INVALID"],
      [{ searchConfig, validators: [{}] }, "OPTION_INVALID"],
      [{ searchConfig, validators, improvementThreshold: -1 }, "OPTION_INVALID"],
      [{ searchConfig: { ...searchConfig, maxParams: 3 }, validators }, "OPTION_INVALID"],
      [{ searchConfig, validators, improvementThresold: 1 }, "OPTION_UNKNOWN"],
    ] as const) {
      expectOurs(await errorOf(() => new AutoNasTrigger(options as never)), code);
    }
    const trigger = new AutoNasTrigger({ searchConfig, validators });
    const error = await errorOf(() => trigger.onDriftAlert(alert, Number.NaN, drifted));
    expectOurs(error, "ARGUMENT_RANGE");
  });
});

describe("the improvement", () => {
  it.each([
    [0.5, 0.6, 0.2],
    [-0.5, 0.5, 2],
    [0.5, 0.25, -0.5],
    [0, 0.3, 1],
    [0, 0, 0],
    [0, -0.3, 0],
  ])("from %d to %d is %d", (current, found, improvement) => {
    expect(improvementOf(current, found)).toBeCloseTo(improvement, 12);
  });
});
