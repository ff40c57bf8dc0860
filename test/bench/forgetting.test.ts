// The forgetting benches: what they read, what they train on, and what they conclude.

import { describe, expect, it } from "vitest";
import {
  accuracyOf,
  averageAccuracy,
  backwardTransfer,
} from "../../bench/quality/forgetting-metrics.ts";
import { turnedSamples } from "../../bench/quality/forgetting-rotation.ts";
import {
  permutedImages,
  permutedSamples,
  pixelOrders,
} from "../../bench/quality/forgetting-tasks.ts";
import {
  type Digits,
  labelOf,
  PIXELS,
  parseDigits,
  SIDE,
  sliceDigits,
} from "../../bench/quality/mnist.ts";

/** An IDX file of unsigned bytes. */
function idx(sizes: number[], values: Uint8Array, kind = 8): Uint8Array {
  const header = new DataView(new ArrayBuffer(4 + 4 * sizes.length));
  header.setUint32(0, kind * 256 + sizes.length);
  for (const [index, size] of sizes.entries()) header.setUint32(4 + 4 * index, size);
  return Uint8Array.from([...new Uint8Array(header.buffer), ...values]);
}

/** `count` images whose pixels count up. */
const pixels = (count: number) => Uint8Array.from({ length: count * PIXELS }, (_, p) => p % 251);
const imageFile = (count: number) => idx([count, SIDE, SIDE], pixels(count));

const digits: Digits = { count: 2, images: pixels(2), labels: Uint8Array.of(3, 9) };

describe("MNIST files", () => {
  it("are read as images and labels, wherever the bytes begin", () => {
    const file = imageFile(2);
    const shifted = new Uint8Array(file.length + 1);
    shifted.set(file, 1);
    expect(parseDigits(shifted.subarray(1), idx([2], Uint8Array.of(3, 9)))).toEqual(digits);
  });

  it("can be cut into parts", () => {
    const second = sliceDigits(digits, 1, 2);
    expect(second).toEqual({
      count: 1,
      images: digits.images.slice(PIXELS),
      labels: Uint8Array.of(9),
    });
  });

  const labelFile = idx([1], Uint8Array.of(3));
  it.each<[string, Uint8Array, Uint8Array, string]>([
    ["a file without a header", Uint8Array.of(0, 0), labelFile, "header"],
    ["labels in place of images", idx([16], new Uint8Array(16)), labelFile, "kind"],
    ["values that are no bytes", idx([1, SIDE, SIDE], pixels(1), 13), labelFile, "kind"],
    ["images of another size", idx([1, 16, 49], pixels(1)), labelFile, "28 x 28"],
    ["a file that is cut short", imageFile(1).subarray(0, -1), labelFile, "after the IDX header"],
    ["a file with more than it says", idx([1, SIDE, SIDE], pixels(2)), labelFile, "after the IDX"],
    ["more images than labels", imageFile(2), labelFile, "as many"],
    ["a label that is no digit", imageFile(1), idx([1], Uint8Array.of(10)), "below 10"],
  ])("refuse %s", (_, images, labels, message) => {
    expect(() => parseDigits(images, labels)).toThrow(RangeError);
    expect(() => parseDigits(images, labels)).toThrow(message);
  });
});

describe("permuted tasks", () => {
  it("are the same for the same set, and differ between tasks and sets", () => {
    const [first, second] = pixelOrders(1, 2);
    expect(pixelOrders(1, 2)).toEqual([first, second]);
    expect(second).not.toEqual(first);
    const other = pixelOrders(2, 2);
    expect(other[0]).not.toEqual(first);
    expect(other[0]).not.toEqual(second);
  });

  it("hold every pixel once, in the order of the task, and keep the label", () => {
    const [order] = pixelOrders(1, 1);
    expect([...order!].sort((a, b) => a - b)).toEqual(Array.from({ length: PIXELS }, (_, p) => p));
    const second = permutedSamples(digits, order!, 2)[1]!;
    const expected = Float32Array.from(order!, (p) => digits.images[PIXELS + p]! / 255);
    expect(second.input).toEqual(expected);
    expect(second.label).toEqual(labelOf(9));
    expect(permutedImages(digits, order!, 2).subarray(PIXELS)).toEqual(expected);
  });
});

describe("turned digits", () => {
  const original = Float32Array.from(digits.images.subarray(0, PIXELS), (value) => value / 255);

  it("are the originals at 0 degrees", () => {
    expect(turnedSamples(digits, 0)[0]!.input).toEqual(original);
  });

  it("go counterclockwise: a quarter takes the right column to the top row", () => {
    const { input } = turnedSamples(digits, 90)[0]!;
    for (let k = 0; k < SIDE; k++) {
      expect(input[k]).toBeCloseTo(original[k * SIDE + SIDE - 1]!, 5);
    }
  });

  it("fill the corners with background", () => {
    const white: Digits = {
      count: 1,
      images: new Uint8Array(PIXELS).fill(255),
      labels: new Uint8Array(1),
    };
    const { input } = turnedSamples(white, 45)[0]!;
    expect(input[0]).toBe(0);
    expect(input[(SIDE / 2) * SIDE + SIDE / 2]).toBeCloseTo(1, 6);
  });
});

describe("metrics of a sequence of tasks", () => {
  const matrix = [
    [0.9, Number.NaN, Number.NaN],
    [0.7, 0.8, Number.NaN],
    [0.5, 0.9, 0.7],
  ];

  it("average the accuracies after the last task", () => {
    expect(averageAccuracy(matrix)).toBeCloseTo(0.7, 12);
  });

  it("compare each task but the last with what it was when just learned", () => {
    expect(backwardTransfer(matrix)).toBeCloseTo((0.5 - 0.9 + (0.9 - 0.8)) / 2, 12);
  });

  it("count the rows whose largest output is the label", () => {
    const outputs = new Float32Array(30);
    outputs[3] = 1;
    outputs.subarray(10).fill(-2, 0, 10);
    outputs[19] = -1;
    outputs[20] = 5;
    expect(accuracyOf(outputs, Uint8Array.of(3, 9, 1))).toBeCloseTo(2 / 3, 12);
  });
});
