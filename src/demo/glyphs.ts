// Draws digits by code, each one a little different: the pictures that the forgetting page learns.

import type { Random } from "../browser.ts";

/** Pixels along an edge of a picture. */
export const SIDE = 12;
export const PIXELS = SIDE * SIDE;
export const CLASSES = 10;

/** Half of a stroke's width, in pixels. */
const STROKE = 0.75;
/** Standard deviation of the noise on each pixel, where ink is 1. */
const NOISE = 0.12;

/** The path of each digit: x, y, x, y, ... in a square of edge 1, y downwards. */
const PATHS: readonly (readonly number[])[] = [
  [0.5, 0.05, 0.8, 0.2, 0.85, 0.5, 0.8, 0.8, 0.5, 0.95, 0.2, 0.8, 0.15, 0.5, 0.2, 0.2, 0.5, 0.05],
  [0.3, 0.25, 0.55, 0.05, 0.55, 0.95],
  [0.18, 0.25, 0.5, 0.05, 0.82, 0.28, 0.2, 0.95, 0.85, 0.95],
  [0.2, 0.1, 0.8, 0.1, 0.48, 0.45, 0.8, 0.7, 0.5, 0.95, 0.18, 0.85],
  [0.65, 0.95, 0.65, 0.05, 0.15, 0.65, 0.88, 0.65],
  [0.8, 0.05, 0.25, 0.05, 0.2, 0.45, 0.6, 0.42, 0.82, 0.68, 0.55, 0.95, 0.18, 0.88],
  [0.7, 0.05, 0.3, 0.4, 0.18, 0.7, 0.5, 0.95, 0.8, 0.72, 0.5, 0.5, 0.22, 0.65],
  [0.15, 0.05, 0.85, 0.05, 0.4, 0.95],
  [0.5, 0.48, 0.2, 0.28, 0.5, 0.05, 0.8, 0.28, 0.5, 0.48, 0.18, 0.75, 0.5, 0.95, 0.82, 0.75],
  [0.78, 0.35, 0.5, 0.5, 0.2, 0.28, 0.5, 0.05, 0.8, 0.28, 0.7, 0.6, 0.6, 0.95],
];

/** Uniform in [-1, 1). */
const around = (random: Random) => 2 * random.uniform() - 1;

/** The path in pixels, scaled, slanted and moved at random. */
function placed(path: readonly number[], random: Random): Float64Array {
  const width = 7 + around(random);
  const height = 9 + around(random);
  const slant = 1.5 * around(random);
  const [left, top] = [SIDE / 2 + 0.8 * around(random), SIDE / 2 + 0.8 * around(random)];
  const points = new Float64Array(path.length);
  for (let at = 0; at < path.length; at += 2) {
    const [x, y] = [path[at]! - 0.5, path[at + 1]! - 0.5];
    points[at] = left + width * x - slant * y;
    points[at + 1] = top + height * y;
  }
  return points;
}

/** Distance of a place to the nearest stroke. */
function distanceTo(points: Float64Array, x: number, y: number): number {
  let nearest = Number.POSITIVE_INFINITY;
  for (let at = 0; at + 3 < points.length; at += 2) {
    const [fromX, fromY] = [points[at]!, points[at + 1]!];
    const [alongX, alongY] = [points[at + 2]! - fromX, points[at + 3]! - fromY];
    const length = alongX * alongX + alongY * alongY;
    const part = ((x - fromX) * alongX + (y - fromY) * alongY) / length;
    const share = Math.min(1, Math.max(0, part));
    const [dx, dy] = [x - fromX - share * alongX, y - fromY - share * alongY];
    nearest = Math.min(nearest, dx * dx + dy * dy);
  }
  return Math.sqrt(nearest);
}

/**
 * A picture of a digit, f32[144] from 0 to 1, row by row. Only + - * / and the square root are
 * used, which give the same bits on every host.
 */
export function drawGlyph(digit: number, random: Random): Float32Array {
  const points = placed(PATHS[digit]!, random);
  return Float32Array.from({ length: PIXELS }, (_, pixel) => {
    const [x, y] = [(pixel % SIDE) + 0.5, Math.floor(pixel / SIDE) + 0.5];
    const ink = Math.min(1, Math.max(0, STROKE + 0.5 - distanceTo(points, x, y)));
    return Math.min(1, Math.max(0, ink + NOISE * random.normal()));
  });
}
