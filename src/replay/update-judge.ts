// Decides whether a trained update may stay: finite weights, and a held-out loss that is not worse.

/** What the judge looks at. */
export interface JudgedUpdate {
  /** Every tensor of the candidate. */
  weights: readonly Float32Array[];
  /** Losses of the active and the candidate model on the same held-out samples. */
  lossBefore: number;
  lossAfter: number;
  /** Allowed rise of the loss, >= 0. */
  maxLossDelta: number;
}

/** What the judge decided, and why in words. */
export interface Verdict {
  accepted: boolean;
  reason: string;
}

/** Rejects a candidate with a weight or a loss that is not finite, or a loss that rose too far. */
export function judgeUpdate(update: JudgedUpdate): Verdict {
  const { weights, lossBefore, lossAfter, maxLossDelta } = update;
  if (!weights.every((tensor) => tensor.every(Number.isFinite))) {
    return { accepted: false, reason: "a weight is not finite" };
  }
  if (!Number.isFinite(lossAfter)) {
    return { accepted: false, reason: `held-out loss became ${lossAfter}` };
  }
  const delta = lossAfter - lossBefore;
  // Written so that a NaN before fails, too.
  if (!(delta <= maxLossDelta)) {
    const reason = `held-out loss changed by ${delta.toPrecision(4)}, more than ${maxLossDelta}`;
    return { accepted: false, reason };
  }
  return { accepted: true, reason: `held-out loss changed by ${delta.toPrecision(4)}` };
}
