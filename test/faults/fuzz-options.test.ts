// Options of every kind of part, given anything: a part, or a typed error; never the caller's own
// error, never a changed Object.prototype.

import { describe, expect, it } from "vitest";
import type { Random } from "../../src/core/random.ts";
import {
  DriftTrigger,
  Ewc,
  HoldoutSplit,
  IncrementalUpdater,
  MemorySampleStore,
  MinimumNewTrigger,
  Network,
  NetworkLearnable,
  OutputKl,
  Probation,
  PromotionPolicy,
  ReplayBuffer,
  SafeMode,
  ScheduledTrigger,
  SharpeDriftDetector,
  SharpeStability,
  validatorsFrom,
} from "../../src/index.ts";
import { kinds } from "../drift/detector-kinds.ts";
import { fuzz, INPUTS, jsonValues, liveValues, refusingValues, wrongData } from "./fuzz-inputs.ts";

/** Options that are accepted, and what is made of them. */
type Owner = [valid: object, create: (options: never) => unknown];

const network = new Network({ inputSize: 2, layers: [{ name: "a", size: 2 }] });
const weights = Float32Array.of(1, 2);
const training = { lr: 0.1, optimizer: "adamw", maxSteps: 2, batchSize: 1, clipNorm: 1, seed: 1 };
const trigger = { cooldownMs: 5, evalWindowSize: 4 };
const inference = { level: 0.05, kernel: "parzen", prewhiten: true, seed: 1 };

const values = [...jsonValues, ...liveValues, ...refusingValues];

/** Options of which a part cannot be plain data: it is added to what came out. */
const having =
  (part: object, create: (options: never) => unknown) =>
  (options: object): unknown =>
    create((values.includes(options) ? options : { ...options, ...part }) as never);

const owners: Record<string, Owner[]> = {
  "drift detectors": [
    ...Object.values(kinds).map((Kind): Owner => {
      const { options } = new Kind().state() as { options: object };
      return [options, (each) => new Kind(each)];
    }),
    [
      { windowSize: 5, sigmas: 1, annualization: 252, input: "pnl" },
      (each) => new SharpeDriftDetector(each),
    ],
  ],
  "triggers and what holds samples": [
    [
      { capacity: 3, lockedCapacity: 1, seed: 1, strategy: "ring" },
      (each) => new ReplayBuffer(each),
    ],
    [{ fraction: 0.5, seed: 1 }, (each) => new HoldoutSplit(each)],
    [{ capacity: 3 }, (each) => new MemorySampleStore(each)],
    [{ ...trigger, driftThreshold: 1, minSampleCount: 2 }, (each) => new DriftTrigger(each)],
    [{ ...trigger, interval: 3 }, (each) => new ScheduledTrigger(each)],
    [{ ...trigger, minimumNew: 3 }, (each) => new MinimumNewTrigger(each)],
  ],
  "networks and what trains them": [
    [
      { inputSize: 2, layers: [{ name: "a", size: 2, activation: "tanh" }], loss: "mse", seed: 1 },
      (each) => new Network(each),
    ],
    [
      { ...training, rank: 1, alpha: 1, targetModules: ["a"], ewc: { lambda: 1 } },
      having({ network }, (each) => new IncrementalUpdater(each)),
    ],
    [
      { ...training, adapter: { rank: 1, alpha: 1 } },
      having({ network }, (each) => new NetworkLearnable(each)),
    ],
    [
      { lambda: 1, gamma: 0.5, fisherSamples: 2, consolidation: "ema", normalize: true },
      (each) => new Ewc(weights, each),
    ],
  ],
  "what judges and watches": [
    [{ ...inference, minRatio: 0.9, floor: 1, mode: "point" }, (each) => new SharpeStability(each)],
    [{ form: "logits", outputSize: 2 }, (each) => new OutputKl(1, each)],
    [{ maxLossDelta: 1, maxWeightNorm: 2, maxGradNorm: 3 }, (each) => validatorsFrom(each)],
    [
      { minRewardDelta: 0, maxErrorRateIncrease: 0, maxLatencyIncreaseMs: 0, requiredTaskCount: 1 },
      (each) => new PromotionPolicy(each),
    ],
    [{ level: 0.1, minSamples: 2, maxSamples: 9, bound: 1 }, (each) => new Probation(each)],
    [{ coolOffMs: 1, recoverAfter: 2 }, (each) => new SafeMode(each)],
  ],
};

const codes = ["OPTION_INVALID", "OPTION_UNKNOWN", "MODULE_UNKNOWN", "CORE_OUT_OF_MEMORY"] as const;

/** All of them go through one parser: they share its inputs. */
const inputs = INPUTS / Object.keys(owners).length;

describe(`any options, ${INPUTS} times`, { timeout: 120_000 }, () => {
  it.each(Object.entries(owners))("of %s", (_, each) => {
    let create: Owner[1] = () => {};
    const make = (random: Random): unknown => {
      const [valid, of] = each[random.below(each.length)]!;
      create = of;
      return wrongData(random, valid, values);
    };
    const parse = (options: unknown): void => {
      const made = create(options as never) as Partial<Disposable>;
      made[Symbol.dispose]?.();
    };
    for (const [valid, of] of each) of(valid as never);
    const outcomes = fuzz(make, parse, codes, inputs);
    expect(outcomes.get("taken")).toBeGreaterThan(inputs / 1000);
  });
});
