// Early stopping: the best parameters on the holdout are kept, the start included.

import { describe, expect, it } from "vitest";
import { Network, type Sample } from "../../src/index.ts";

/** y = slope x on a few points. */
function line(slope: number): Sample[] {
  return [-2, -1, 0.5, 1, 3].map((x) => ({
    input: Float32Array.of(x),
    label: Float32Array.of(slope * x),
  }));
}

function startingAt(slope: number): Network {
  const network = new Network({ inputSize: 1, layers: [{ name: "line", size: 1 }] });
  const weights = new Map([
    ["line.weight", Float32Array.of(slope)],
    ["line.bias", Float32Array.of(0)],
  ]);
  network.setWeights(weights);
  return network;
}

const options = { lr: 0.05, maxSteps: 200, clipNorm: 1 };

describe("early stopping", () => {
  it("keeps what was best on the holdout and stops after patience looks", async () => {
    // From slope 0 towards 2: the holdout, of slope 1, is best half way.
    const holdout = line(1);
    const losses: number[] = [];
    for (let steps = 1; steps <= 60; steps++) {
      using network = startingAt(0);
      await network.train(line(2), { ...options, maxSteps: steps });
      losses.push(network.loss(holdout));
    }
    const best = Math.min(...losses);
    const bestStep = losses.indexOf(best) + 1;
    expect(bestStep).toBeGreaterThan(3);

    using network = startingAt(0);
    const earlyStop = { holdout, patience: 4, evaluateEvery: 1 };
    const report = await network.train(line(2), { ...options, earlyStop });
    expect(network.loss(holdout)).toBe(best);
    expect(report).toMatchObject({ stopReason: "stopped-early", steps: bestStep + 4 });
    expect(report.lossAfter).toBe(network.loss(line(2)));
  });

  it("looks only every so many steps", async () => {
    using network = startingAt(0);
    const earlyStop = { holdout: line(1), patience: 1, evaluateEvery: 7 };
    const report = await network.train(line(2), { ...options, earlyStop });
    expect(report.stopReason).toBe("stopped-early");
    expect(report.steps % 7).toBe(0);
  });

  it("keeps the start, to the bit, where no look was better", async () => {
    using network = startingAt(1);
    const before = network.parameters();
    const earlyStop = { holdout: line(1), patience: 3, evaluateEvery: 2 };
    const report = await network.train(line(2), { ...options, earlyStop });
    expect(network.parameters()).toEqual(before);
    expect(report).toMatchObject({ stopReason: "stopped-early", steps: 6 });
    expect(report.lossAfter).toBe(report.lossBefore);
  });

  it("does nothing while the holdout improves: the run is that without it", async () => {
    using network = startingAt(0);
    using plain = startingAt(0);
    await plain.train(line(2), { ...options, maxSteps: 20 });
    const earlyStop = { holdout: line(2), patience: 1, evaluateEvery: 1 };
    const report = await network.train(line(2), { ...options, maxSteps: 20, earlyStop });
    expect(report).toMatchObject({ stopReason: "finished", steps: 20 });
    expect(network.parameters()).toEqual(plain.parameters());
  });

  it("judges with samples of origin benchmark too", async () => {
    using network = startingAt(0);
    const holdout = line(1).map((sample) => ({ ...sample, origin: "benchmark" as const }));
    await network.train(line(2), { ...options, earlyStop: { holdout } });
  });
});
