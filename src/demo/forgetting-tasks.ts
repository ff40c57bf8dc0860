// The tasks of the forgetting page: the same digits, their pixels in an order of each task's own.

import { Random, type Sample } from "../browser.ts";
import { CLASSES, drawGlyph, PIXELS } from "./glyphs.ts";

/** One task: what trains, and what is asked afterwards. */
export interface Task {
  samples: Sample[];
  /** f32[TEST_SAMPLES x 144] and the digit of each row. */
  tests: Float32Array;
  digits: Uint8Array;
}

const TRAINING_SAMPLES = 600;
export const TEST_SAMPLES = 150;
/** Seeds of two runs lie this far apart, so that their tasks have nothing in common. */
const SEEDS_PER_RUN = 100;

/** Where a task finds its pixels. The first sees the digits as they are. */
function pixelOrder(task: number, random: Random): Uint32Array {
  return task === 0
    ? Uint32Array.from({ length: PIXELS }, (_, p) => p)
    : random.permutation(PIXELS);
}

function draw(count: number, order: Uint32Array, random: Random) {
  const digits = Uint8Array.from({ length: count }, (_, row) => row % CLASSES);
  const pictures = Array.from(digits, (digit) => {
    const glyph = drawGlyph(digit, random);
    return Float32Array.from(order, (pixel) => glyph[pixel]!);
  });
  return { digits, pictures };
}

/** The first pictures that a task trains on. seed: an integer from 0 to 9999. */
export function firstPictures(seed: number, task: number, count: number): Float32Array[] {
  const random = new Random(seed * SEEDS_PER_RUN + task);
  return draw(count, pixelOrder(task, random), random).pictures;
}

/** A task of a run. seed: an integer from 0 to 9999. */
export function taskOf(seed: number, task: number): Task {
  const random = new Random(seed * SEEDS_PER_RUN + task);
  const order = pixelOrder(task, random);
  const training = draw(TRAINING_SAMPLES, order, random);
  const asked = draw(TEST_SAMPLES, order, random);
  const tests = new Float32Array(TEST_SAMPLES * PIXELS);
  for (const [row, picture] of asked.pictures.entries()) tests.set(picture, row * PIXELS);
  const samples = training.pictures.map((input, row) => {
    const label = new Float32Array(CLASSES);
    label[training.digits[row]!] = 1;
    return { input, label };
  });
  return { samples, tests, digits: asked.digits };
}

/** The share of rows whose largest output is their digit. outputs: f32[n x 10]. */
export function accuracyOf(outputs: Float32Array, digits: Uint8Array): number {
  let hits = 0;
  for (const [row, digit] of digits.entries()) {
    const scores = outputs.subarray(row * CLASSES, (row + 1) * CLASSES);
    if (scores.indexOf(Math.max(...scores)) === digit) hits++;
  }
  return hits / digits.length;
}
