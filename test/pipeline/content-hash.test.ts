// The content hash is MurmurHash3 of the bytes, and equal content is equal bytes.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contentHash, sameContent } from "../../src/pipeline/feedback/content-hash.ts";

const bytesOf = (text: string) => new Float32Array(new TextEncoder().encode(text).buffer);
const empty = new Float32Array(0);
const values = fc.float32Array({ minLength: 1, maxLength: 6, noNaN: true });

describe("contentHash", () => {
  // From the reference implementation's published test vectors.
  it.each([
    ["", 0, 0],
    ["", 1, 0x514e28b7],
    ["test", 0, 0xba6bd213],
    ["test", 0x9747b28c, 0x704b81dc],
    ["aaaa", 0x9747b28c, 0x5a97808a],
  ])('of "%s" with seed %i is MurmurHash3', (text, seed, hash) => {
    expect(contentHash({ input: bytesOf(text), label: empty }, seed)).toBe(hash);
  });

  it("reads the label after the input", () => {
    const whole = { input: bytesOf("testaaaa"), label: empty };
    expect(contentHash({ input: bytesOf("test"), label: bytesOf("aaaa") })).toBe(
      contentHash(whole),
    );
  });

  it("spreads small whole numbers, whose low bits are all zero", () => {
    const hashes = new Set<number>();
    for (let i = 0; i < 10_000; i++) {
      hashes.add(
        contentHash({ input: Float32Array.of(i % 100, Math.floor(i / 100)), label: empty }),
      );
    }
    // 10^4 draws of 2^32 meet 0.01 times.
    expect(hashes.size).toBeGreaterThan(9_998);
  });
});

describe("sameContent", () => {
  it("holds for equal bytes at any place in memory, and then the hashes are equal", () => {
    fc.assert(
      fc.property(values, values, (input, label) => {
        const shifted = new Float32Array([9, ...input]).subarray(1);
        const a = { input, label };
        const b = { input: shifted, label: label.slice() };
        expect(sameContent(a, b)).toBe(true);
        expect(contentHash(a)).toBe(contentHash(b));
      }),
    );
  });

  it("fails when a value differs, 0 from -0 included, or a length", () => {
    const content = (input: number[], label = [1]) => ({
      input: Float32Array.from(input),
      label: Float32Array.from(label),
    });
    expect(sameContent(content([0]), content([-0]))).toBe(false);
    expect(sameContent(content([1, 2]), content([1, 3]))).toBe(false);
    expect(sameContent(content([1, 2]), content([1]))).toBe(false);
    expect(sameContent(content([1], [2, 3]), content([1, 2], [3]))).toBe(false);
  });
});
