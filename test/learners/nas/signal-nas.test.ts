// A search keeps to its limit and its seed, can be stopped, and measures on what it has not seen.

import { describe, expect, it } from "vitest";
import { memorySizeBytes } from "../../../src/core/instance.ts";
import {
  type NasProgress,
  runRandomSearch,
  runSignalNas,
  SearchSpace,
  SignalModel,
  sharpeRatio,
} from "../../../src/learners/nas/index.ts";
import { errorOf, expectOurs } from "../../misuse/refusal.ts";
import { smallConfig, smallSeries } from "./small-search.ts";

const data = smallSeries();

describe("runSignalNas", () => {
  it("the same seed gives the same result, another seed another", async () => {
    const config = { ...smallConfig, numTrials: 2 };
    const [a, b, other] = [
      await runSignalNas(config, data),
      await runSignalNas(config, data),
      await runSignalNas({ ...config, seed: 6 }, data),
    ];
    expect(b).toEqual(a);
    expect(other.results.map(({ alphas }) => alphas)).not.toEqual(
      a.results.map(({ alphas }) => alphas),
    );
  });

  it("the best result has the lowest validation loss of all trials", async () => {
    const { best, results } = await runSignalNas({ ...smallConfig, numTrials: 3 }, data);
    expect(results).toHaveLength(3);
    expect(best.validationLoss).toBe(Math.min(...results.map((each) => each.validationLoss)));
    expect(new Set(results.map(({ seed }) => seed)).size).toBe(3);
  });

  it("alpha moves away from where it started, on every edge", async () => {
    const { best } = await runSignalNas(smallConfig, data);
    for (const alphas of best.alphas) expect(new Set(alphas).size).toBe(alphas.length);
  });

  it.each([17, 96, 97, 176])("a model of at most %i parameters has no more", async (maxParams) => {
    // The next return is the feature of 4 periods ago: only conv5, with 80 weights, reaches it.
    const { features, returns } = data;
    const lagged = { features, returns: returns.map((_, t) => features[2 * (t - 5)] ?? 0) };
    const operations = ["conv5", "skip", "zero"] as const;
    const searchSpace = { numNodes: 3, operations };
    const config = { ...smallConfig, maxParams, searchSpace };
    const { best, results } = await runSignalNas(config, lagged);
    for (const { parameters, weights, cell } of results) {
      expect(parameters).toBeLessThanOrEqual(maxParams);
      const sizes = [...weights.values()].map(({ length }) => length);
      expect(sizes.reduce((sum, length) => sum + length, 0)).toBe(parameters);
      expect(new SearchSpace(searchSpace).isValid(cell)).toBe(true);
    }
    expect(best.ranking.map(([first]) => first)).toEqual(best.cell);
    if (maxParams >= 97) expect(best.cell).toContain("conv5");
  });

  it("the metric is the Sharpe ratio of the exported model on the last quarter", async () => {
    const { best, exportConfig } = await runSignalNas(smallConfig, data);
    const { patchLen, inputFeatures } = smallConfig;
    using model = new SignalModel(JSON.parse(JSON.stringify(exportConfig)), best.weights);
    const windows = data.returns.length - 1 - (patchLen - 1);
    const first = patchLen - 1 + Math.floor(windows / 2) + Math.floor(windows / 4);
    const earned: number[] = [];
    for (let end = first; end < data.returns.length - 1; end++) {
      const from = (end - patchLen + 1) * inputFeatures;
      const [forecast] = model.forecast(data.features.slice(from, (end + 1) * inputFeatures));
      const position = Math.max(-1, Math.min(1, forecast! / exportConfig.scale.returnScale));
      earned.push(position * data.returns[end + 1]!);
    }
    const mean = earned.reduce((sum, value) => sum + value, 0) / earned.length;
    const power = earned.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    expect(best.metric).toBeCloseTo(mean / Math.sqrt(power / (earned.length - 1)), 5);
    expect(best.metric).toBeGreaterThan(0.2);
  });

  it("what happens in the test part changes neither the cell nor its weights", async () => {
    const { returns, features } = data;
    const changed = { features: features.slice(), returns: returns.slice() };
    // The last window of the validation part ends at 901; its return is the one of 902.
    for (let t = 905; t < returns.length; t++) {
      changed.returns[t] = -returns[t]!;
      changed.features[2 * t] = 0;
    }
    const [a, b] = [
      await runSignalNas(smallConfig, data),
      await runSignalNas(smallConfig, changed),
    ];
    expect(b.best.cell).toEqual(a.best.cell);
    expect(b.best.weights).toEqual(a.best.weights);
    expect(b.best.validationLoss).toBe(a.best.validationLoss);
    expect(b.best.metric).not.toBe(a.best.metric);
  });

  it("reports its progress through all phases of each trial", async () => {
    const seen: NasProgress[] = [];
    const onProgress = (progress: NasProgress) => seen.push(progress);
    await runSignalNas({ ...smallConfig, numTrials: 2 }, data, { onProgress });
    const phases = seen.map(({ trial, phase }) => `${trial} ${phase}`);
    expect([...new Set(phases)]).toEqual(
      [0, 1].flatMap((trial) => ["search", "choose", "train"].map((phase) => `${trial} ${phase}`)),
    );
    for (const { step, steps, loss } of seen) {
      expect(step).toBeLessThanOrEqual(steps);
      expect(Number.isFinite(loss)).toBe(true);
    }
  });

  it.each(["search", "choose", "train"])("stops in the phase %s when asked to", async (phase) => {
    const controller = new AbortController();
    let after = 0;
    const onProgress = (progress: NasProgress) => {
      if (controller.signal.aborted) after++;
      if (progress.phase === phase) controller.abort();
    };
    const options = { signal: controller.signal, onProgress };
    const error = await errorOf(() => runSignalNas(smallConfig, data, options));
    expectOurs(error, "UPDATE_CANCELLED");
    expect(after).toBe(0);
  });

  it("a run that was cancelled before it began does nothing", async () => {
    const options = { signal: AbortSignal.abort(), onProgress: () => expect.unreachable() };
    const error = await errorOf(() => runSignalNas(smallConfig, data, options));
    expectOurs(error, "UPDATE_CANCELLED");
  });

  it("gives back the memory it took, also when it is stopped", async () => {
    const stopAt = (phase: string) => {
      const controller = new AbortController();
      const onProgress = (progress: NasProgress) => {
        if (progress.phase === phase) controller.abort();
      };
      return { signal: controller.signal, onProgress };
    };
    const round = async () => {
      await runSignalNas(smallConfig, data);
      for (const phase of ["search", "choose", "train"]) {
        await errorOf(() => runSignalNas(smallConfig, data, stopAt(phase)));
      }
    };
    await round();
    const sizeBytes = memorySizeBytes();
    for (let k = 0; k < 4; k++) await round();
    expect(memorySizeBytes()).toBe(sizeBytes);
  });

  it("lets timers run while it works", async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await runSignalNas(smallConfig, data);
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
  });
});

describe("runRandomSearch", () => {
  it("spends the work it is given and little more, on cells within the limit", async () => {
    const { work } = await runSignalNas(smallConfig, data);
    const random = await runRandomSearch(smallConfig, data, { work });
    expect(random.work).toBeGreaterThanOrEqual(work);
    const most = Math.max(...random.results.map((_, k, all) => (k > 0 ? 1 : all.length)));
    expect(random.work).toBeLessThan(work * (1 + 2 / most));
  });

  it("draws only cells within the limit", async () => {
    const config = { ...smallConfig, maxParams: 65, trainSteps: 1 }; // one conv3 and no more
    const { results } = await runRandomSearch(config, data, { work: 2e6 });
    expect(results.length).toBeGreaterThan(5);
    for (const { parameters } of results) expect(parameters).toBeLessThanOrEqual(65);
  });

  it("trains at least one cell, the same for the same seed", async () => {
    const [a, b] = [
      await runRandomSearch(smallConfig, data, { work: 0 }),
      await runRandomSearch(smallConfig, data, { work: 0 }),
    ];
    expect(a.results).toHaveLength(1);
    expect(b).toEqual(a);
    const error = await errorOf(() => runRandomSearch(smallConfig, data, { work: -1 }));
    expectOurs(error, "ARGUMENT_RANGE");
  });
});

describe("sharpeRatio", () => {
  it("is mean over sample deviation, and 0 where that says nothing", () => {
    expect(sharpeRatio(Float64Array.of(1, 2, 3))).toBe(2);
    expect(sharpeRatio(Float64Array.of(1, -1))).toBe(0);
    expect(sharpeRatio(Float64Array.of(0.1, 0.1, 0.1))).toBe(0);
    expect(sharpeRatio(Float64Array.of(5))).toBe(0);
  });
});
