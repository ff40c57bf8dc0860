// Values that are wrong for an argument or an option, by what it wants.

import type { Sample } from "../../src/index.ts";
import type { Misuse } from "./refusal.ts";

const NO_NUMBER = ["1", null, true, [], {}, 1n, () => 1];
const NO_FINITE_NUMBER = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
const NO_OBJECT = [1, "a", true, null];

/** Wrong for an option that wants the thing named. */
export const wrongFor = {
  "a size": [0, -1, 1.5, 65_537, ...NO_FINITE_NUMBER, ...NO_NUMBER],
  "a rank": [0, -1, 1.5, 1025, ...NO_FINITE_NUMBER, ...NO_NUMBER],
  "a count": [0, -1, 1.5, 2 ** 31, ...NO_FINITE_NUMBER, ...NO_NUMBER],
  "a count or 0": [-1, 1.5, 2 ** 31, ...NO_FINITE_NUMBER, ...NO_NUMBER],
  "a window up to 10^6": [0, 1, -1, 2.5, 1e6 + 1, ...NO_FINITE_NUMBER, ...NO_NUMBER],
  "a window up to 10^7": [0, 1, -1, 2.5, 1e7 + 1, ...NO_FINITE_NUMBER, ...NO_NUMBER],
  "a number above 0": [0, -1e-9, ...NO_FINITE_NUMBER, ...NO_NUMBER],
  "a number above 0 or Infinity": [0, -1, Number.NaN, Number.NEGATIVE_INFINITY, ...NO_NUMBER],
  "a number from 0": [-1e-9, ...NO_FINITE_NUMBER, ...NO_NUMBER],
  "a share": [-0.1, 1.1, ...NO_FINITE_NUMBER, ...NO_NUMBER],
  "a share below 1": [-0.1, 1, ...NO_FINITE_NUMBER, ...NO_NUMBER],
  "a seed": [-1, 0.5, 2 ** 32, ...NO_FINITE_NUMBER, ...NO_NUMBER],
  "a choice": ["nope", "", "toString", "__proto__", 1, null, true, [], {}],
  "a flag": [0, 1, "true", null, [], {}],
  "a function": [...NO_OBJECT, [], {}],
  "an AbortSignal": [...NO_OBJECT, [], {}, new EventTarget()],
  "an object": [...NO_OBJECT, [], () => 1],
  "a name": ["", "n".repeat(129), 1, null, []],
  threads: [0, -1, 1.5, 65, ...NO_FINITE_NUMBER, ...NO_NUMBER],
  MiB: [0, -1, 1.5, 4096, ...NO_FINITE_NUMBER, ...NO_NUMBER],
} as const satisfies Record<string, readonly unknown[]>;

/** Names of the rows above. */
export type Wanted = keyof typeof wrongFor;

/** Misuses of an argument that is to be a Float32Array of `length` elements. */
export function wrongArrays(
  name: string,
  length: number,
  use: (array: Float32Array) => unknown,
  options: { isChecked?: boolean } = {},
): Misuse[] {
  const misuse = (what: string, value: unknown, code: Misuse["code"]): Misuse => ({
    name: `${name}: ${what}`,
    use: () => use(value as Float32Array),
    code,
  });
  const kinds = [
    ["missing", undefined],
    ["null", null],
    ["a number", 5],
    ["a text", "x".repeat(length)],
    ["a list", new Array(length).fill(1)],
    ["doubles", new Float64Array(length)],
    ["bytes", new Uint8Array(length)],
    ["something with a length", { length }],
    ["a buffer", new ArrayBuffer(4 * length)],
  ] as const;
  const lengths = [length - 1, length + 1, 2 * length, 0];
  const values = options.isChecked ? [Number.NaN, Number.POSITIVE_INFINITY, -1 / 0] : [];
  return [
    ...kinds.map(([what, value]) => misuse(what, value, "ARGUMENT_TYPE")),
    ...lengths.map((wrong) =>
      misuse(`${wrong} elements`, new Float32Array(wrong), "LENGTH_MISMATCH"),
    ),
    ...values.map((value) =>
      misuse(`with ${value}`, new Float32Array(length).fill(value), "VALUE_NOT_FINITE"),
    ),
  ];
}

/** Misuses of an argument that is to be a count from 1. */
export function wrongCounts(name: string, use: (count: number) => unknown): Misuse[] {
  const misuse = (value: unknown, code: Misuse["code"]): Misuse => ({
    name: `${name}: ${String(value)}`,
    use: () => use(value as number),
    code,
  });
  return [
    ...["1", null, true, {}, 1n].map((value) => misuse(value, "ARGUMENT_TYPE")),
    ...[0, -1, 1.5, Number.NaN, 1 / 0].map((value) => misuse(value, "ARGUMENT_RANGE")),
  ];
}

/** A sample that fits, changed, and the code it earns. */
type Change = [what: string, change: Record<string, unknown>, code: Misuse["code"]];

/** Misuses of a list of samples with the shape of `good`. */
export function wrongSamples(
  name: string,
  good: Sample,
  use: (samples: Sample[]) => unknown,
  options: { trains?: boolean } = {},
): Misuse[] {
  const misuse = (what: string, samples: unknown, code: Misuse["code"]): Misuse => ({
    name: `${name}: ${what}`,
    use: () => use(samples as Sample[]),
    code,
  });
  const [i, o] = [good.input.length, good.label.length];
  const changes: Change[] = [
    ["without input", { input: undefined }, "ARGUMENT_TYPE"],
    ["without label", { label: undefined }, "ARGUMENT_TYPE"],
    ["with a list as input", { input: [...good.input] }, "ARGUMENT_TYPE"],
    ["with doubles as label", { label: new Float64Array(o) }, "ARGUMENT_TYPE"],
    ["with a short input", { input: new Float32Array(i - 1) }, "LENGTH_MISMATCH"],
    ["with a long input", { input: new Float32Array(i + 1) }, "LENGTH_MISMATCH"],
    ["with an empty label", { label: new Float32Array(0) }, "LENGTH_MISMATCH"],
    ["with NaN", { input: good.input.with(i - 1, Number.NaN) }, "VALUE_NOT_FINITE"],
    ["with infinity", { label: good.label.with(0, 1 / 0) }, "VALUE_NOT_FINITE"],
    ["with a negative weight", { weight: -1 }, "ARGUMENT_RANGE"],
    ["with a weight of NaN", { weight: Number.NaN }, "ARGUMENT_RANGE"],
    ["with a weight of Infinity", { weight: 1 / 0 }, "ARGUMENT_RANGE"],
    ["with a text as weight", { weight: "1" }, "ARGUMENT_TYPE"],
    ["with a weight of null", { weight: null }, "ARGUMENT_TYPE"],
    ["from nowhere", { origin: "Benchmark" }, "ARGUMENT_RANGE"],
    ["from a number", { origin: 1 }, "ARGUMENT_TYPE"],
  ];
  if (options.trains) changes.push(["a benchmark", { origin: "benchmark" }, "SAMPLE_QUARANTINED"]);
  return [
    ...[undefined, null, 3, "s", { 0: good, length: 1 }, new Set([good])].map((value, index) =>
      misuse(`no list (${index})`, value, "ARGUMENT_TYPE"),
    ),
    misuse("none", [], "DATA_EMPTY"),
    misuse("a hole", Object.assign(new Array(3), { 0: good, 2: good }), "ARGUMENT_TYPE"),
    ...[null, 1, "sample"].map((value) => misuse(`${value}`, [good, value], "ARGUMENT_TYPE")),
    ...changes.map(([what, change, code]) => misuse(what, [good, { ...good, ...change }], code)),
  ];
}
