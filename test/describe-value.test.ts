// What error messages say they got.

import { describe, expect, it } from "vitest";
import { describeValue } from "../src/describe-value.ts";

describe("describeValue", () => {
  it.each<[unknown, string]>([
    [1.5, "1.5"],
    [10n, "10"],
    [true, "true"],
    [undefined, "undefined"],
    [null, "null"],
    ['a "b"', '"a \\"b\\""'],
    ["x".repeat(50), `"${"x".repeat(40)}..."`],
    [Symbol("s"), "a symbol"],
    [() => 1, "a function"],
    [[1, 2], "an array of length 2"],
    [{}, "an object"],
    [Object.create(null), "an object"],
    [new Float64Array(3), "a Float64Array of length 3"],
    [new Int8Array(3), "an Int8Array of length 3"],
    [new DataView(new ArrayBuffer(1)), "a DataView"],
    [new Date(), "a Date"],
    [new Error("x"), "an Error"],
  ])("%o", (value, text) => {
    expect(describeValue(value)).toBe(text);
  });
});
