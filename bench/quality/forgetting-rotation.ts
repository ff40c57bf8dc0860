// Digits turned around the middle of their image.

import type { Sample } from "../../src/model/sample.ts";
import { type Digits, labelOf, PIXELS, SIDE } from "./mnist.ts";

const MIDDLE = (SIDE - 1) / 2;

/** A pixel from 0 to 1; 0 outside of the image. */
function pixel(images: Uint8Array, from: number, x: number, y: number): number {
  const isInside = x >= 0 && x < SIDE && y >= 0 && y < SIDE;
  return isInside ? images[from + y * SIDE + x]! / 255 : 0;
}

/**
 * Writes one image turned counterclockwise by an angle. Each pixel is interpolated between the four
 * that lie around the place it came from. turned: f32[784]; images[from..from + 784]: the original.
 */
function turnImage(
  turned: Float32Array,
  images: Uint8Array,
  from: number,
  [cos, sin]: readonly [number, number],
): void {
  for (let p = 0; p < PIXELS; p++) {
    const dx = (p % SIDE) - MIDDLE;
    const dy = Math.floor(p / SIDE) - MIDDLE;
    const x = MIDDLE + cos * dx - sin * dy;
    const y = MIDDLE + sin * dx + cos * dy;
    const left = Math.floor(x);
    const top = Math.floor(y);
    const u = x - left;
    const v = y - top;
    const above = (1 - u) * pixel(images, from, left, top) + u * pixel(images, from, left + 1, top);
    const below =
      (1 - u) * pixel(images, from, left, top + 1) + u * pixel(images, from, left + 1, top + 1);
    turned[p] = (1 - v) * above + v * below;
  }
}

/** All digits turned counterclockwise by `degrees`; 0 leaves them as they are. */
export function turnedSamples(digits: Digits, degrees: number): Sample[] {
  const angle = (Math.PI * degrees) / 180;
  const turn = [Math.cos(angle), Math.sin(angle)] as const;
  return Array.from({ length: digits.count }, (_, index) => {
    const input = new Float32Array(PIXELS);
    turnImage(input, digits.images, index * PIXELS, turn);
    return { input, label: labelOf(digits.labels[index]!) };
  });
}
