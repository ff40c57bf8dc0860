// The presets do what their names promise, through a learner.

import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.ts";
import { Network } from "../../src/model/network.ts";
import { NetworkLearnable } from "../../src/model/network-learnable.ts";
import type { Sample } from "../../src/model/sample.ts";
import { OnlineLearner } from "../../src/pipeline/learner.ts";
import { conservative, daily, type Preset } from "../../src/pipeline/presets.ts";

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 0, 1);

/** A clock that the test moves. */
const clockAt = () => {
  const time = { ms: START_MS };
  return { time, now: () => time.ms };
};

const network = new Network({ inputSize: 1, layers: [{ name: "line", size: 1 }] });

/** y = 2x + shift, one sample an hour. */
function line(count: number, shift: number, fromMs: number): Sample[] {
  const random = new Random(3);
  return Array.from({ length: count }, (_, index) => {
    const x = 2 * random.uniform() - 1;
    const label = Float32Array.of(2 * x + shift + 0.01 * random.normal());
    return { input: Float32Array.of(x), label, timestamp: new Date(fromMs + index * HOUR_MS) };
  });
}

const open = ({ training, learner }: Preset) =>
  OnlineLearner.open({ ...learner, model: new NetworkLearnable({ network, ...training }) });

const pnl = (outputs: Float32Array, samples: readonly Sample[]) =>
  Float64Array.from(samples, ({ label }, row) => outputs[row]! * label[0]!);

describe("conservative", () => {
  it("updates once 500 new samples are there, at most once in 24 hours", async () => {
    const { time, now } = clockAt();
    const learner = await open(conservative({ lr: 1, now }));
    const updatedAt: number[] = [];
    for (const [index, sample] of line(2600, 1, START_MS).entries()) {
      time.ms = START_MS + index * 60_000; // a sample a minute: 500 in some ten hours
      const { update } = await learner.observe(sample);
      if (update && update.outcome !== "skipped") updatedAt.push(index);
    }
    await learner.close();
    expect(updatedAt).toHaveLength(2);
    expect(updatedAt[0]).toBeGreaterThanOrEqual(499);
    expect(updatedAt[1]! - updatedAt[0]!).toBe(24 * 60);
  });

  it("takes 100 steps at a tenth of the rate with gradients clipped at 0.5", () => {
    const { training } = conservative({ lr: 0.3 });
    expect(training).toEqual({ lr: expect.closeTo(0.03, 12), maxSteps: 100, clipNorm: 0.5 });
  });

  it("watches for 48 hours, then reports that nothing was settled", async () => {
    const { time, now } = clockAt();
    const learner = await open(conservative({ lr: 1, now }));
    const ends: string[] = [];
    const listening = (async () => {
      for await (const event of learner.events) {
        if (event.type === "probation-ended") ends.push(`${event.outcome}: ${event.reason}`);
      }
    })();
    const samples = line(700, 1, START_MS);
    for (const sample of samples) await learner.observe(sample);
    expect(learner.status().probation?.outcome).toBe("running");
    time.ms += 48 * HOUR_MS;
    await learner.observe(samples[0]!);
    await learner.close();
    await listening;
    expect(ends).toEqual([expect.stringMatching(/^inconclusive: 172800000 ms are over/)]);
  });

  it("judges classifiers by perplexity and divergence, and P&L by its drawdown", () => {
    const weights = new Map([["w", Float32Array.of(1)]]);
    const even = { weights, loss: 1, outputs: Float32Array.of(0, 0), pnl: Float64Array.of(0, 0) };
    const { validator } = conservative({ lr: 1, classes: 2, pnl }).learner;
    const verdictOn = (change: object) => validator!.validate(even, { ...even, ...change });
    expect(verdictOn({}).pass).toBe(true);
    expect(verdictOn({ loss: 1.04 }).pass).toBe(true);
    expect(verdictOn({ loss: 1.06 }).reason).toContain("perplexity");
    expect(verdictOn({ outputs: Float32Array.of(2, 0) }).reason).toContain("diverge by");
    expect(verdictOn({ pnl: Float64Array.of(0, -0.03) }).reason).toContain("drawdown");
    expect(verdictOn({ weights: new Map([["w", Float32Array.of(Number.NaN)]]) }).pass).toBe(false);
    const numbers = conservative({ lr: 1 }).learner.validator!;
    expect(numbers.validate(even, { ...even, loss: 1.001 }).pass).toBe(false);
  });

  it("refuses options that it does not know", () => {
    expect(() => conservative({ lr: 0 })).toThrow('option "lr" to be a number > 0, got 0');
    const wrong = { lr: 1, class: 2 } as never;
    expect(() => conservative(wrong)).toThrow('did you mean "classes"?');
  });
});

describe("daily", () => {
  it("trains once a day on the samples of the last 60 days", async () => {
    const { time, now } = clockAt();
    const learner = await open(daily({ pnl, now }));
    const updates: { at: number; from: number }[] = [];
    for (const sample of line(24 * 80, 1, START_MS)) {
      time.ms = sample.timestamp!.getTime();
      const { update } = await learner.observe(sample);
      const from = update?.facts?.trainedOn?.from.getTime();
      if (from !== undefined) updates.push({ at: time.ms, from });
    }
    await learner.close();
    expect(updates.length).toBeGreaterThan(70);
    for (const [index, { at, from }] of updates.entries()) {
      expect(at - from).toBeLessThanOrEqual(60 * 24 * HOUR_MS);
      if (index > 0) expect(at - updates[index - 1]!.at).toBeGreaterThanOrEqual(24 * HOUR_MS);
    }
    expect(updates.at(-1)!.at - updates.at(-1)!.from).toBeGreaterThan(59 * 24 * HOUR_MS);
  });

  it("has the learning rate, the lambda and the Sharpe ratio of its name", () => {
    const { training, learner } = daily({ pnl });
    expect(training).toEqual({ lr: 1e-5 });
    expect(learner.ewc).toEqual({ lambda: 1000 });
    expect(() => daily({} as never)).toThrow('option "pnl" to be a function, got undefined');
  });
});
