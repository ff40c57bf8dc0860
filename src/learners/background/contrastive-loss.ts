// The loss that moves queries towards the patterns that worked and away from those that did not.

import { naturalLog } from "../../foundation.ts";
import { softmax } from "../../index.ts";

/** Patterns that a query is compared with. */
export interface Contrast {
  /** f32[K][d], of length 1. */
  patterns: readonly Float32Array[];
  /** The one that the answer used. */
  used: number;
  /** Quality of the answer, less what is normal; its sign decides the direction. */
  advantage: number;
  /** > 0. */
  temperature: number;
}

/** A loss and its gradient with respect to the output. */
export interface ContrastiveLoss {
  loss: number;
  /** f64[d]. */
  dy: Float64Array;
  /** Probability of what feedback speaks against: 0 to 1. */
  misjudged: number;
}

/** Below it a logarithm is not taken; a probability in f32 is 0 long before. */
const SMALLEST = 2 ** -149;

/**
 * With u = y / |y|, logits u . p_k / temperature, P = softmax and advantage a:
 *
 *     a >= 0:  loss = -a ln P[used]                  (InfoNCE, van den Oord et al. 2018, weighted)
 *     a < 0:   loss = -|a| ln(1 - P[used])           (bounded where -|a| would reward without end)
 *
 * y: f32[d], not 0. The softmax is in f32, sums in f64. Allocates the gradient.
 */
export function contrastiveLoss(y: Float32Array, contrast: Contrast): ContrastiveLoss {
  const { patterns, used, advantage, temperature } = contrast;
  let squares = 0;
  for (let k = 0; k < y.length; k++) squares += y[k]! * y[k]!;
  const length = Math.sqrt(squares);
  const logits = Float64Array.from(patterns, (pattern) => {
    let sum = 0;
    for (let k = 0; k < y.length; k++) sum += pattern[k]! * y[k]!;
    return sum / length / temperature;
  });
  const shares = softmax(logits);
  const { loss, slopes, misjudged } = judge(shares, used, advantage);
  // du = sum_k slope_k p_k / temperature; what points along u does not turn it and is taken out.
  const du = new Float64Array(y.length);
  for (const [row, slope] of slopes.entries()) {
    const pattern = patterns[row]!;
    for (let k = 0; k < y.length; k++) du[k]! += (slope / temperature) * pattern[k]!;
  }
  let along = 0;
  for (let k = 0; k < y.length; k++) along += (du[k]! * y[k]!) / length;
  const dy = du.map((value, k) => (value - (along * y[k]!) / length) / length);
  return { loss, dy, misjudged };
}

/** Loss and its slope in every logit. */
function judge(shares: Float64Array, used: number, advantage: number) {
  const own = shares[used]!;
  // Added up instead of 1 - own, which cancels where it matters.
  const rest = shares.reduce((sum, share, row) => (row === used ? sum : sum + share), 0);
  if (advantage >= 0) {
    const slopes = shares.map((share, row) => advantage * (row === used ? -rest : share));
    return { loss: advantage * surprise(own), slopes, misjudged: Math.min(1, rest) };
  }
  const size = -advantage;
  const slopes = shares.map((share, row) => {
    if (row === used) return size * own;
    return rest > 0 ? -size * own * (share / rest) : 0;
  });
  return { loss: size * surprise(rest), slopes, misjudged: Math.min(1, own) };
}

/** -ln of a probability, finite. */
function surprise(probability: number): number {
  return -naturalLog(Math.min(1, Math.max(SMALLEST, probability)));
}
