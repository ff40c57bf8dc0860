// The world of the drift page: points of two kinds, apart by a curve that can be turned.

import { Random, type Sample } from "../browser.ts";

/** A point as it came, and what it is really. */
export interface Point {
  sample: Sample;
  /** What the label says. */
  kind: 0 | 1;
}

/** Chance of a wrong label, poison aside. */
const NOISE = 0.02;
/** What the model should answer for each kind; 0 and 1 would make it grow sure beyond recall. */
const LABELS = [0.05, 0.95] as const;
/** How far the seeds of two streams are apart: more points than anybody watches. */
const POINTS_PER_SEED = 400_000;

/** The curve between the kinds, in the axes u, v of a world that has been turned. */
const border = (u: number) => 0.9 * u * u - 0.3;

function directionOf(degrees: number): [number, number] {
  const angle = (Math.PI * degrees) / 180;
  return [Math.cos(angle), Math.sin(angle)];
}

/** Whether a place belongs to kind B in a world that is turned by `degrees`. */
function isKindB(x: number, y: number, degrees: number): boolean {
  const [cos, sin] = directionOf(degrees);
  return cos * y - sin * x > border(cos * x + sin * y);
}

/** The place at `u` of the curve between the kinds. */
export function borderAt(u: number, degrees: number): [number, number] {
  const [cos, sin] = directionOf(degrees);
  const v = border(u);
  return [cos * u - sin * v, sin * u + cos * v];
}

/** The point of a place in the stream; the same place gives the same point. */
export function pointAt(
  { seed, index }: { seed: number; index: number },
  { degrees, isPoisoned }: { degrees: number; isPoisoned: boolean },
): Point {
  const random = new Random((seed * POINTS_PER_SEED + index) >>> 0);
  const [x, y] = [2 * random.uniform() - 1, 2 * random.uniform() - 1];
  const isWrong = isPoisoned || random.uniform() < NOISE;
  const kind = isKindB(x, y, degrees) !== isWrong ? 1 : 0;
  return { sample: { input: Float32Array.of(x, y), label: Float32Array.of(LABELS[kind]) }, kind };
}
