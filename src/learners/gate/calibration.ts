// Maps a model's probabilities to how often they come true: isotonic regression or Platt scaling.

import * as z from "zod/mini";
import { parseOptions } from "../../foundation.ts";
import { DriftkeelRangeError, DriftkeelTypeError } from "../../index.ts";

/** A probability of allow that was given, and what would have been right. */
export interface CalibrationSample {
  /** 0 to 1. */
  probability: number;
  shouldAllow: boolean;
}

const METHODS = ["isotonic", "platt"] as const;
const savedSchema = z.discriminatedUnion("method", [
  z.strictObject({
    method: z.literal("isotonic"),
    points: z
      .array(
        z.tuple([
          z.number().check(z.minimum(0), z.maximum(1)),
          z.number().check(z.minimum(0), z.maximum(1)),
        ]),
      )
      .check(z.minLength(1)),
  }),
  z.strictObject({
    method: z.literal("platt"),
    slope: z.number().check(z.minimum(0)),
    offset: z.number(),
  }),
]);
const savedWrapper = z.strictObject({ calibration: savedSchema });
const methodOptions = z.strictObject({ method: z._default(z.enum(METHODS), "isotonic") });

/** A calibration as JSON. */
export type SavedCalibration = z.output<typeof savedSchema>;

/** Keeps the logit of 0 and 1 finite; below what f32 outputs tell apart near 0. */
const EDGE = 1e-9;
/** Newton's method on two parameters ends after some 10 steps; this is a limit, not a wish. */
const MAX_STEPS = 100;

/** A map of probabilities that never turns their order around. */
export class Calibration {
  readonly #saved: SavedCalibration;

  private constructor(saved: SavedCalibration) {
    this.#saved = saved;
  }

  /**
   * Fits the map to samples that the model had not learned when it judged them.
   *
   * `isotonic` (default): the monotone map of least squared error, by pooling adjacent violators
   * (Ayer et al. 1955), linear between its blocks; needs some hundred samples.
   * `platt`: sigmoid(slope logit(p) + offset) by maximum likelihood with Platt's targets (1999),
   * slope >= 0; for few samples.
   * Throws ARGUMENT_TYPE, ARGUMENT_RANGE, DATA_EMPTY, OPTION_INVALID, OPTION_UNKNOWN.
   */
  static fit(
    samples: readonly CalibrationSample[],
    options?: { method?: "isotonic" | "platt" },
  ): Calibration {
    const { method } = parseOptions("Calibration.fit", methodOptions, options);
    checkSamples(samples);
    return new Calibration(method === "platt" ? fitPlatt(samples) : fitIsotonic(samples));
  }

  /** Takes what `toJSON` gave. Throws OPTION_INVALID. */
  static fromJSON(saved: unknown): Calibration {
    const { calibration } = parseOptions("Calibration", savedWrapper, { calibration: saved });
    if (calibration.method === "isotonic" && !isRising(calibration.points)) {
      throw new DriftkeelRangeError(
        "OPTION_INVALID",
        'Expected Calibration option "points" to rise in both coordinates, got others.',
      );
    }
    return new Calibration(calibration);
  }

  /** The calibrated probability; NaN for NaN. */
  apply(probability: number): number {
    if (Number.isNaN(probability)) return probability;
    const saved = this.#saved;
    if (saved.method === "isotonic") return interpolate(saved.points, probability);
    return sigmoid(saved.slope * logit(probability) + saved.offset);
  }

  /** The map as JSON. */
  toJSON(): SavedCalibration {
    return structuredClone(this.#saved);
  }
}

/**
 * Expected calibration error: the mean over samples of |accuracy - confidence| of their bin, in
 * bins of equal width on the probability of allow (Naeini, Cooper & Hauskrecht 2015). 0 to 1.
 * Throws ARGUMENT_TYPE, ARGUMENT_RANGE, DATA_EMPTY.
 */
export function calibrationError(samples: readonly CalibrationSample[], bins = 10): number {
  checkSamples(samples);
  if (!Number.isInteger(bins) || bins < 1 || bins > 1000) {
    throw new DriftkeelRangeError("ARGUMENT_RANGE", `Expected bins to be 1 to 1000, got ${bins}.`);
  }
  const gaps = new Float64Array(bins);
  for (const { probability, shouldAllow } of samples) {
    gaps[Math.min(bins - 1, Math.floor(probability * bins))]! += Number(shouldAllow) - probability;
  }
  return gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / samples.length;
}

function checkSamples(samples: readonly CalibrationSample[]): void {
  if (!Array.isArray(samples)) {
    throw new DriftkeelTypeError("ARGUMENT_TYPE", "Expected samples to be an array of samples.");
  }
  if (samples.length === 0) {
    const message = "Expected samples to hold at least one to calibrate with, got none.";
    throw new DriftkeelRangeError("DATA_EMPTY", message);
  }
  const isSample = ({ probability, shouldAllow }: CalibrationSample) =>
    probability >= 0 && probability <= 1 && typeof shouldAllow === "boolean";
  const index = samples.findIndex((sample) => !isSample(sample));
  if (index < 0) return;
  throw new DriftkeelRangeError(
    "ARGUMENT_RANGE",
    `Expected samples[${index}] to be a probability from 0 to 1 and a boolean, got another.`,
  );
}

/** Neighbours with one value. */
interface Pool {
  low: number;
  high: number;
  allowed: number;
  count: number;
}

function fitIsotonic(samples: readonly CalibrationSample[]): SavedCalibration {
  const sorted = [...samples].sort((a, b) => a.probability - b.probability);
  const pools: Pool[] = [];
  for (const { probability, shouldAllow } of sorted) {
    pools.push({ low: probability, high: probability, allowed: Number(shouldAllow), count: 1 });
    while (pools.length > 1 && mustJoin(pools.at(-2)!, pools.at(-1)!)) {
      const last = pools.pop()!;
      const before = pools.at(-1)!;
      before.high = last.high;
      before.allowed += last.allowed;
      before.count += last.count;
    }
  }
  const points = pools.flatMap(({ low, high, allowed, count }): [number, number][] => {
    const value = allowed / count;
    return low < high
      ? [
          [low, value],
          [high, value],
        ]
      : [[low, value]];
  });
  return { method: "isotonic", points };
}

/** Values that do not rise are pooled; equal probabilities have one value. */
function mustJoin(a: Pool, b: Pool): boolean {
  return a.allowed * b.count >= b.allowed * a.count || a.high === b.low;
}

function isRising(points: readonly (readonly [number, number])[]): boolean {
  return points.every(([x, y], index) => {
    const before = points[index - 1];
    return !before || (x > before[0] && y >= before[1]);
  });
}

/** Constant outside the first and the last point. */
function interpolate(points: readonly (readonly [number, number])[], x: number): number {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (points[middle]![0] <= x) low = middle + 1;
    else high = middle;
  }
  const [left, right] = [points[low - 1], points[low]];
  if (!left || !right) return (left ?? right)![1];
  const part = (x - left[0]) / (right[0] - left[0]);
  return Math.min(right[1], left[1] + part * (right[1] - left[1])); // never past it by rounding
}

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

function logit(probability: number): number {
  const inside = Math.min(1 - EDGE, Math.max(EDGE, probability));
  return Math.log(inside / (1 - inside));
}

/** Newton's method with halved steps on the convex log loss (Lin, Lin & Weng 2007). */
function fitPlatt(samples: readonly CalibrationSample[]): SavedCalibration {
  const allowed = samples.filter(({ shouldAllow }) => shouldAllow).length;
  const blocked = samples.length - allowed;
  const targets = { yes: (allowed + 1) / (allowed + 2), no: 1 / (blocked + 2) };
  const rows = samples.map(({ probability, shouldAllow }) => ({
    x: logit(probability),
    target: shouldAllow ? targets.yes : targets.no,
  }));
  const lossAt = (slope: number, offset: number) =>
    rows.reduce((sum, { x, target }) => {
      const z = slope * x + offset;
      // log(1 + e^z) - target z, without overflow
      return sum + Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - target * z;
    }, 0);
  let [slope, offset] = [0, Math.log((allowed + 1) / (blocked + 1))];
  let loss = lossAt(slope, offset);
  for (let step = 0; step < MAX_STEPS; step++) {
    const [dSlope, dOffset] = newtonStep(rows, slope, offset);
    let size = 1;
    while (size > 1e-10 && !(lossAt(slope + size * dSlope, offset + size * dOffset) < loss)) {
      size /= 2;
    }
    if (size <= 1e-10) break;
    slope += size * dSlope;
    offset += size * dOffset;
    loss = lossAt(slope, offset);
  }
  // A model that judges upside down is not to be turned around: then only the base rate is left.
  if (slope < 0)
    return { method: "platt", slope: 0, offset: Math.log((allowed + 1) / (blocked + 1)) };
  return { method: "platt", slope, offset };
}

function newtonStep(
  rows: readonly { x: number; target: number }[],
  slope: number,
  offset: number,
): [number, number] {
  let [gSlope, gOffset] = [0, 0];
  // A ridge that keeps the Hessian invertible when all x are equal.
  let [hss, hso, hoo] = [1e-12, 0, 1e-12];
  for (const { x, target } of rows) {
    const p = sigmoid(slope * x + offset);
    const curvature = p * (1 - p);
    gSlope += (p - target) * x;
    gOffset += p - target;
    hss += curvature * x * x;
    hso += curvature * x;
    hoo += curvature;
  }
  const determinant = hss * hoo - hso * hso;
  if (!(determinant > 0)) return [0, -gOffset / hoo];
  return [
    (hso * gOffset - hoo * gSlope) / determinant,
    (hso * gSlope - hss * gOffset) / determinant,
  ];
}
