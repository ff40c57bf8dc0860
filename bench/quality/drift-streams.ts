// Streams with a known change: losses, errors and daily returns.

import { Random } from "../../src/core/random.ts";

/** A value of the stream; `change` is 0 before the change and 1 once it is complete. */
type Draw = (random: Random, change: number) => number;

/** A kind of stream. */
export interface DriftStream {
  name: string;
  draw: Draw;
  /** Values from the start of the change until it is complete; 0 for a jump. */
  duration: number;
}

const losses =
  (shift: number, spread: number): Draw =>
  (random, change) =>
    shift * change + (1 + (spread - 1) * change) * random.normal();

const errors =
  (before: number, after: number): Draw =>
  (random, change) =>
    random.uniform() < before + (after - before) * change ? 1 : 0;

const DAYS_PER_YEAR = 252;
const returns =
  (before: number, after: number): Draw =>
  (random, change) =>
    0.01 * ((before + (after - before) * change) / Math.sqrt(DAYS_PER_YEAR) + random.normal());

const GRADUAL = 500;

/** Losses of mean 0 and deviation 1. */
export const lossStreams: DriftStream[] = [
  { name: "no change", draw: losses(0, 1), duration: 0 },
  { name: "mean +0.5", draw: losses(0.5, 1), duration: 0 },
  { name: "mean +1", draw: losses(1, 1), duration: 0 },
  { name: "mean +2", draw: losses(2, 1), duration: 0 },
  { name: `mean +1 over ${GRADUAL} values`, draw: losses(1, 1), duration: GRADUAL },
  { name: "deviation x 2", draw: losses(0, 2), duration: 0 },
];

/** 1 is an error, 0 is none. */
export const errorStreams: DriftStream[] = [
  { name: "no change", draw: errors(0.1, 0.1), duration: 0 },
  { name: "errors 10% to 15%", draw: errors(0.1, 0.15), duration: 0 },
  { name: "errors 10% to 20%", draw: errors(0.1, 0.2), duration: 0 },
  { name: "errors 10% to 40%", draw: errors(0.1, 0.4), duration: 0 },
  { name: `errors 10% to 20% over ${GRADUAL} values`, draw: errors(0.1, 0.2), duration: GRADUAL },
];

/** Daily returns with an annual Sharpe ratio. */
export const returnStreams: DriftStream[] = [
  { name: "no change", draw: returns(1.5, 1.5), duration: 0 },
  { name: "Sharpe 1.5 to 0", draw: returns(1.5, 0), duration: 0 },
  { name: "Sharpe 1.5 to -1.5", draw: returns(1.5, -1.5), duration: 0 },
  { name: "Sharpe 1.5 to -4", draw: returns(1.5, -4), duration: 0 },
];

/** `before` values without, then `after` values with the change. */
export function drawStream(
  { draw, duration }: DriftStream,
  seed: number,
  before: number,
  after: number,
): Float64Array {
  const random = new Random(seed);
  const values = new Float64Array(before + after);
  for (let t = 0; t < values.length; t++) {
    const since = t - before + 1;
    values[t] = draw(random, since <= 0 ? 0 : Math.min(1, since / Math.max(1, duration)));
  }
  return values;
}
