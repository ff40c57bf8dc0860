// Losses by name, and what their labels must look like.

import * as z from "zod/mini";
import type { LossName, LossShape } from "../core/network-description.ts";
import { DriftkeelRangeError } from "../errors.ts";
import { nonNegativeNumber } from "../options.ts";

/**
 * What training minimises: a name, or `{ name: "negative-sharpe", cost }` with a turnover cost per
 * unit of change.
 *
 * mse = (1/n) sum over samples of w times the squared error summed over outputs; huber (delta 1)
 * likewise.
 * softmax-cross-entropy takes logits and a distribution over the outputs as label;
 * binary-cross-entropy takes logits (or the outputs of a sigmoid layer, whose logits it then uses)
 * and labels in [0, 1]. negative-sharpe reads the output as a position and the label as the next
 * return: P&L = position x return - cost x |change of position|, loss =
 * -mean/std over a batch of consecutive samples; the first row of a batch carries no cost.
 */
export type Loss = LossName | { name: "negative-sharpe"; cost?: number };

const names = [
  "mse",
  "softmax-cross-entropy",
  "binary-cross-entropy",
  "huber",
  "negative-sharpe",
] as const satisfies readonly LossName[];

/** Schema of the `loss` option. */
export const lossSchema = z.union(
  [
    z.enum(names),
    z.strictObject({ name: z.literal("negative-sharpe"), cost: z.optional(nonNegativeNumber) }),
  ],
  `one of ${names.join(", ")}, or { name: "negative-sharpe", cost }`,
);

/** Name and cost of a loss option. */
export function lossShape(loss: z.output<typeof lossSchema>): LossShape {
  return typeof loss === "string"
    ? { name: loss, cost: 0 }
    : { name: loss.name, cost: loss.cost ?? 0 };
}

/**
 * How far the sum of a label distribution may be from 1: f32 rounding of a few thousand classes.
 */
const DISTRIBUTION_TOLERANCE = 1e-3;

/** Throws ARGUMENT_RANGE when the loss cannot take this label; `name` says which sample. */
export function checkLabel(loss: LossName, name: string, label: Float32Array): void {
  const isProbability = loss === "softmax-cross-entropy" || loss === "binary-cross-entropy";
  if (!isProbability) return;
  let sum = 0;
  for (const value of label) {
    if (value < 0 || value > 1) {
      throw new DriftkeelRangeError(
        "ARGUMENT_RANGE",
        `Expected ${name} to lie in [0, 1] (the loss is ${loss}), got ${value}.`,
      );
    }
    sum += value;
  }
  if (loss === "softmax-cross-entropy" && Math.abs(sum - 1) > DISTRIBUTION_TOLERANCE) {
    throw new DriftkeelRangeError(
      "ARGUMENT_RANGE",
      `Expected ${name} to be a distribution that sums to 1 (the loss is ${loss}), got a ` +
        `sum of ${sum}. ` +
        "Use 1 for the class and 0 elsewhere.",
    );
  }
}
