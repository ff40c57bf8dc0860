// The safetensors format: what we write others read, what others write we read, and nothing broken
// gets in.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeSafetensors,
  encodeSafetensors,
  type TensorFile,
} from "../../src/store/safetensors.ts";

const corrupt = expect.objectContaining({ name: "DriftkeelError", code: "FILE_CORRUPT" });

/** A file of another writer: any header, padded or not, and data. */
function fileOf(header: unknown, dataBytes = 0, padding = ""): Uint8Array {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const json = new TextEncoder().encode(text + padding);
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

const entry = (shape: unknown, begin: unknown, end: unknown) => ({
  dtype: "F32",
  shape,
  data_offsets: [begin, end],
});

const small: TensorFile = {
  tensors: new Map([
    ["b", { shape: [2, 1], values: Float32Array.of(1, -0) }],
    ["10", { shape: [], values: Float32Array.of(Number.NaN) }],
    ["a", { shape: [0, 7], values: new Float32Array(0) }],
    ["2", { shape: [1], values: Float32Array.of(1e-45) }],
  ]),
  metadata: new Map([["kind", "tëst"]]),
};

describe("writing", () => {
  it("has the layout that is written down", () => {
    const bytes = encodeSafetensors(small);
    const view = new DataView(bytes.buffer);
    const headerBytes = Number(view.getBigUint64(0, true));
    expect(headerBytes % 8).toBe(0);
    const header = new TextDecoder().decode(bytes.subarray(8, 8 + headerBytes));
    expect(header).toMatch(/^\{"__metadata__":\{"kind":"tëst"\},"b":\{"dtype":"F32".*\} *$/);
    expect(JSON.parse(header).b).toEqual(entry([2, 1], 0, 8));
    expect(view.getFloat32(8 + headerBytes, true)).toBe(1);
    expect(bytes).toHaveLength(8 + headerBytes + 16);
  });

  it("gives the same bytes for the same maps, and keeps their order", () => {
    expect(encodeSafetensors(small)).toEqual(encodeSafetensors(small));
    const { tensors } = decodeSafetensors(encodeSafetensors(small));
    expect([...tensors.keys()]).toEqual(["b", "10", "a", "2"]);
  });

  it("refuses what would not be read back", () => {
    const withTensor = (name: string, shape: number[], length: number) => () =>
      encodeSafetensors({
        tensors: new Map([[name, { shape, values: new Float32Array(length) }]]),
        metadata: new Map(),
      });
    const refused = expect.objectContaining({ code: "ARGUMENT_RANGE" });
    expect(withTensor("__metadata__", [1], 1)).toThrowError(refused);
    expect(withTensor("a", [2], 1)).toThrowError(refused);
    expect(withTensor("a", [-1, -1], 1)).toThrowError(refused);
    expect(withTensor("a", [0.5, 2], 1)).toThrowError(refused);
    expect(withTensor("a", Array(33).fill(1), 1)).toThrowError(refused);
    expect(withTensor("a".repeat(2 ** 24), [1], 1)).toThrowError(refused);
    expect(withTensor("a", Array(32).fill(1), 1)).not.toThrow();
  });
});

describe("reading", () => {
  it("gives back every bit of what was written", () => {
    const shapes = fc.array(fc.nat(4), { maxLength: 3 });
    const names = fc.string({ unit: "binary" }).filter((name) => name !== "__metadata__");
    const files = fc.record({
      tensors: fc.dictionary(names, shapes, { maxKeys: 5 }),
      metadata: fc.dictionary(fc.string({ unit: "binary" }), fc.string({ unit: "binary" })),
    });
    fc.assert(
      fc.property(files, fc.nat(), ({ tensors, metadata }, bits) => {
        const file: TensorFile = {
          tensors: new Map(
            Object.entries(tensors).map(([name, shape]) => {
              const length = shape.reduce((product, dimension) => product * dimension, 1);
              const values = new Float32Array(new Uint32Array(length).fill(bits).buffer);
              return [name, { shape, values }];
            }),
          ),
          metadata: new Map(Object.entries(metadata)),
        };
        const read = decodeSafetensors(encodeSafetensors(file));
        expect(encodeSafetensors(read)).toEqual(encodeSafetensors(file));
        expect(read.metadata).toEqual(file.metadata);
        expect([...read.tensors.keys()]).toEqual([...file.tensors.keys()]);
      }),
      { numRuns: 50 },
    );
  });

  it("takes a header in any order, with any padding, from the middle of a buffer", () => {
    const header = { b: entry([1], 4, 8), a: entry([], 0, 4) };
    const bytes = fileOf(header, 8, "   ");
    const around = new Uint8Array(bytes.length + 5);
    around.set(bytes, 3);
    const { tensors } = decodeSafetensors(around.subarray(3, 3 + bytes.length));
    expect([...tensors]).toEqual([
      ["a", { shape: [], values: Float32Array.of(0) }],
      ["b", { shape: [1], values: Float32Array.of(0) }],
    ]);
    expect(decodeSafetensors(fileOf({})).tensors.size).toBe(0);
  });

  it("shares nothing with the bytes", () => {
    const bytes = encodeSafetensors(small);
    const { tensors } = decodeSafetensors(bytes);
    bytes.fill(0);
    expect(tensors.get("b")?.values[0]).toBe(1);
  });

  it("lets no name reach a prototype", () => {
    const header =
      '{"__metadata__":{"__proto__":"x"},"__proto__":{"dtype":"F32","shape":[1],' +
      '"data_offsets":[0,4]},"constructor":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}';
    const { tensors, metadata } = decodeSafetensors(fileOf(header, 8));
    expect([...tensors.keys()]).toEqual(["__proto__", "constructor"]);
    expect(metadata.get("__proto__")).toBe("x");
    expect(Object.hasOwn(Object.prototype, "dtype")).toBe(false);
  });
});

describe("broken files", () => {
  const tooLarge = new Uint8Array(8).fill(255);
  const wide = fileOf({});
  new DataView(wide.buffer).setBigUint64(0, BigInt(16 * 2 ** 20 + 1), true);
  const cases: [string, Uint8Array][] = [
    ["nothing", new Uint8Array(0)],
    ["seven bytes", new Uint8Array(7)],
    ["a header that is too long for the file", tooLarge],
    ["a header one byte too long for us", wide],
    ["no JSON", fileOf("{")],
    ["an array", fileOf("[]")],
    ["white space first", fileOf(" {}")],
    ["text that is no UTF-8", Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0xff)],
    ["a byte order mark", fileOf("\ufeff{}")],
    ["a name twice", fileOf('{"a":1,"a":1}')],
    ["a name twice, once escaped", fileOf('{"__metadata__":{"a":"1","\\u0061":"2"}}')],
    ["metadata that is no object", fileOf({ __metadata__: [] })],
    ["metadata that is no text", fileOf({ __metadata__: { a: 1 } })],
    ["an entry that is no object", fileOf({ a: null })],
    ["an entry without shape", fileOf({ a: { dtype: "F32", data_offsets: [0, 0] } })],
    ["an entry with one member more", fileOf({ a: { ...entry([0], 0, 0), extra: 1 } })],
    ["another dtype", fileOf({ a: { ...entry([1], 0, 4), dtype: "I32" } }, 4)],
    ["a dtype that is no text", fileOf({ a: { ...entry([1], 0, 4), dtype: ["F32"] } }, 4)],
    ["a negative dimension", fileOf({ a: entry([-1], 0, 4) }, 4)],
    ["two negative dimensions", fileOf({ a: entry([-1, -1], 0, 4) }, 4)],
    ["a fraction", fileOf({ a: entry([0.5, 2], 0, 4) }, 4)],
    ["a shape that overflows", fileOf({ a: entry([2 ** 30, 2 ** 30, 2 ** 30], 0, 4) }, 4)],
    ["33 dimensions", fileOf({ a: entry(Array(33).fill(1), 0, 4) }, 4)],
    ["a shape that is no array", fileOf({ a: entry("1", 0, 4) }, 4)],
    ["three offsets", fileOf({ a: { ...entry([1], 0, 4), data_offsets: [0, 4, 4] } }, 4)],
    ["negative offsets", fileOf({ a: entry([1], -4, 0) }, 4)],
    ["offsets that are no integers", fileOf({ a: entry([1], 0.5, 4.5) }, 4)],
    ["offsets the wrong way round", fileOf({ a: entry([1], 4, 0) }, 4)],
    ["offsets that do not fit the shape", fileOf({ a: entry([2], 0, 4) }, 4)],
    ["a tensor past the end", fileOf({ a: entry([2], 0, 8) }, 4)],
    ["a gap at the start", fileOf({ a: entry([1], 4, 8) }, 8)],
    ["a gap in the middle", fileOf({ a: entry([1], 0, 4), b: entry([1], 8, 12) }, 12)],
    ["an overlap", fileOf({ a: entry([2], 0, 8), b: entry([1], 4, 8) }, 8)],
    ["the same bytes twice", fileOf({ a: entry([1], 0, 4), b: entry([1], 0, 4) }, 4)],
    [
      "an empty tensor in the middle of another",
      fileOf({ a: entry([2], 0, 8), b: entry([0], 4, 4) }, 8),
    ],
    ["bytes of no tensor", fileOf({ a: entry([1], 0, 4) }, 5)],
    ["data without a tensor", fileOf({}, 1)],
  ];

  it.each(cases)("%s is refused", (_, bytes) => {
    expect(() => decodeSafetensors(bytes)).toThrowError(corrupt);
  });

  it("every truncation is refused", () => {
    const bytes = encodeSafetensors(small);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeSafetensors(bytes.subarray(0, length))).toThrowError(corrupt);
    }
  });
});
