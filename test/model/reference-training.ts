// Full-batch training of reference layers: the step loop in f64, as plainly as it can be written.

import type { LossName } from "../reference/loss.ts";
import type { NegativeSharpeOptions } from "../reference/negative-sharpe.ts";
import type { Layer } from "../reference/network.ts";
import { type Batch, networkLoss } from "../reference/network-loss.ts";
import { adamwStep, clipByGlobalNorm, momentumStep, sgdStep } from "../reference/optimizer.ts";
import {
  flatten,
  gradientTensors,
  parameterTensors,
  type Trainable,
  unflatten,
} from "../reference/parameters.ts";

/** The options of a run that the references know. */
export interface ReferenceRun {
  optimizer?: "sgd" | "momentum" | "adamw";
  lr: number;
  maxSteps: number;
  momentum?: number;
  beta2?: number;
  weightDecay?: number;
  clipNorm?: number;
  schedule?: "constant" | "cosine";
  warmupSteps?: number;
}

/** lr at a step: linear warm-up, then constant or half a cosine down to 0. */
function rateAt(run: ReferenceRun, step: number): number {
  const { lr, maxSteps, schedule = "constant", warmupSteps = 0 } = run;
  if (step < warmupSteps) return (lr * (step + 1)) / warmupSteps;
  if (schedule === "constant") return lr;
  return (lr / 2) * (1 + Math.cos((Math.PI * (step - warmupSteps)) / (maxSteps - warmupSteps)));
}

/** Trains the layers in place on the whole batch; returns the norm of the last gradient. */
export function trainReference(
  layers: readonly Layer[],
  batch: Batch,
  loss: LossName,
  trainable: Trainable | "base",
  run: ReferenceRun,
  options: NegativeSharpeOptions = {},
): number {
  // Layers without adapters have the same tensors under "all" as under "base".
  const scope = trainable === "base" ? "all" : trainable;
  const tensors = parameterTensors(layers, scope);
  const p = flatten(tensors);
  const [first, second] = [new Float64Array(p.length), new Float64Array(p.length)];
  const { optimizer = "sgd", momentum = 0.9, beta2 = 0.999, weightDecay = 0, clipNorm = 1 } = run;
  let norm = 0;
  for (let step = 0; step < run.maxSteps; step++) {
    const g = flatten(gradientTensors(networkLoss(layers, batch, loss, options).gradients, scope));
    norm = clipByGlobalNorm(g, clipNorm);
    const lr = rateAt(run, step);
    if (optimizer === "sgd") sgdStep(p, g, lr, weightDecay);
    if (optimizer === "momentum") momentumStep(p, first, g, lr, momentum, weightDecay);
    if (optimizer === "adamw") {
      adamwStep(p, first, second, g, step + 1, lr, { beta1: momentum, beta2, weightDecay });
    }
    unflatten(tensors, p);
  }
  return norm;
}
