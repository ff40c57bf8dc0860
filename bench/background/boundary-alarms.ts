// How often the boundary test alarms where nothing changes, and how late where something does.

import { Random } from "../../src/core/random.ts";
import { BackgroundLoop, OnlineEwc } from "../../src/learners/background/index.ts";
import { PlantedTask } from "./planted-tasks.ts";

/** Alarms in windows or cycles without a change. */
export interface AlarmRate {
  alarms: number;
  trials: number;
}

/**
 * The gradient test alone: `trials` pairs of windows of 100 gradients with one mean and covariance,
 * heavy-tailed (a normal times a uniform), and no losses.
 */
export function gradientAlarms(trials: number, falseAlarmRate: number, shift = 0): AlarmRate {
  const size = 32;
  const random = new Random(1);
  const options = { gradientFalseAlarmRate: falseAlarmRate };
  using ewc = new OnlineEwc(new Float32Array(size), options);
  const gradients = (mean: number) =>
    Float32Array.from({ length: 100 * size }, () => mean + 2 * random.uniform() * random.normal());
  let alarms = 0;
  for (let trial = 0; trial < trials; trial++) {
    const sample = { losses: [], reference: gradients(0), fresh: gradients(shift) };
    if (ewc.judge(sample).byGradients) alarms++;
  }
  return { alarms, trials };
}

/** The loss test alone, on losses that are 0 or 1 with a mean that rises after `before` values. */
export function lossDelay(seed: number, before: number, rise: number): number {
  const random = new Random(seed);
  using ewc = new OnlineEwc(new Float32Array(4));
  const none = new Float32Array(0);
  for (let at = 0; at < 2 * before; at++) {
    const mean = at < before ? 0.3 : 0.3 + rise;
    const losses = [random.uniform() < mean ? 1 : 0];
    if (ewc.judge({ losses, reference: none, fresh: none }).isBoundary) return at - before + 1;
  }
  return Number.NaN;
}

/** Whole loops on one task each that never changes. */
export function cycleAlarms(seeds: readonly number[], cycles: number): AlarmRate {
  let alarms = 0;
  for (const seed of seeds) {
    const task = new PlantedTask("a", { seed: 1000 + seed });
    using loop = new BackgroundLoop({ embeddingSize: 32, seed });
    for (let cycle = 0; cycle < cycles; cycle++) {
      if (loop.runCycle(task.trajectories(100)).boundaryDetected) alarms++;
    }
  }
  return { alarms, trials: seeds.length * cycles };
}
