// Seeded wrong inputs in great number: bytes, JSON and live objects, made from valid ones.
//
// DRIFTKEEL_FUZZ_SEED sets the seed, DRIFTKEEL_FUZZ_INPUTS the inputs of each parser.

import { inspect } from "node:util";
import { expect } from "vitest";
import { Random } from "../../src/core/random.ts";
import {
  DriftkeelError,
  DriftkeelRangeError,
  DriftkeelTypeError,
  type ErrorCode,
} from "../../src/errors.ts";

const seed = Number(process.env.DRIFTKEEL_FUZZ_SEED ?? 1);

/** Inputs of each parser. */
export const INPUTS = Number(process.env.DRIFTKEEL_FUZZ_INPUTS ?? 10_000);

/** Characters of an input that a report shows. */
const SHOWN = 2000;

const oneOf = <T>(random: Random, values: readonly T[]): T => values[random.below(values.length)]!;

/** What a parser did with one input. */
export type Outcome = "taken" | ErrorCode;

/**
 * Gives `inputs` inputs to `parse` and returns how often each outcome came. Fails, with the seed,
 * the number of the input and the input, on an error that is not one of ours with one of `codes`;
 * also when Object.prototype has changed.
 */
export function fuzz<T>(
  make: (random: Random) => T,
  parse: (input: T, random: Random) => unknown,
  codes: readonly ErrorCode[],
  inputs = INPUTS,
): Map<Outcome, number> {
  const random = new Random(seed);
  const outcomes = new Map<Outcome, number>();
  // Most of an error's cost is its trace; the input is enough to see it again.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const own = Reflect.ownKeys(Object.prototype).length;
  for (let index = 0; index < inputs; index++) {
    const input = make(random);
    let outcome: Outcome = "taken";
    let error: unknown;
    try {
      parse(input, random);
    } catch (thrown) {
      error = thrown;
      outcome = codeOf(thrown) ?? "taken";
    }
    const isOurs = error === undefined || codes.includes(outcome as ErrorCode);
    if (!isOurs || Reflect.ownKeys(Object.prototype).length !== own) report(index, input, error);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  Error.stackTraceLimit = stackTraceLimit;
  return outcomes;
}

function codeOf(error: unknown): ErrorCode | undefined {
  const classes = [DriftkeelError, DriftkeelTypeError, DriftkeelRangeError];
  const ours = classes.some((each) => error instanceof each);
  return ours ? (error as DriftkeelError).code : undefined;
}

function report(index: number, input: unknown, error: unknown): never {
  Error.stackTraceLimit = 10;
  const shown =
    input instanceof Uint8Array
      ? `${Buffer.from(input).toString("base64")} (base64)`
      : textOf(input);
  const what = error === undefined ? "Object.prototype has changed" : inspect(error);
  const where = `DRIFTKEEL_FUZZ_SEED=${seed}, input ${index}`;
  return expect.fail(`${where}: ${what}\n${shown.slice(0, SHOWN)}`);
}

/** A live object may refuse to be shown. */
function textOf(input: unknown): string {
  try {
    return inspect(input, { depth: 12, maxStringLength: SHOWN });
  } catch {
    return "an object that cannot be shown";
  }
}

// --- bytes ---

const edges = [0x00, 0x01, 0x0a, 0x0d, 0x20, 0x22, 0x2c, 0x7f, 0x80, 0xc0, 0xed, 0xff];

/** `valid` with one to four cuts, repeats, insertions and flips; sometimes bytes of chance. */
export function wrongBytes(
  random: Random,
  valid: Uint8Array,
  pieces: readonly Uint8Array[] = [],
): Uint8Array {
  if (random.below(16) === 0) return randomBytes(random, random.below(200));
  let bytes: Uint8Array = valid.slice();
  for (let edits = 1 + random.below(4); edits > 0; edits--) bytes = edit(random, bytes, pieces);
  return bytes;
}

function randomBytes(random: Random, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, () => random.below(256));
}

function edit(random: Random, bytes: Uint8Array, pieces: readonly Uint8Array[]): Uint8Array {
  const at = random.below(bytes.length + 1);
  const length = 1 + random.below(12);
  switch (random.below(pieces.length > 0 ? 7 : 5)) {
    case 0: // one bit
      if (at < bytes.length) bytes[at]! ^= 1 << random.below(8);
      return bytes;
    case 1: // one byte at the edge of something
      if (at < bytes.length) bytes[at] = oneOf(random, edges);
      return bytes;
    case 2:
      return random.below(4) === 0 ? bytes.slice(0, at) : splice(bytes, at, length, []);
    case 3:
      return splice(bytes, at, 0, bytes.subarray(at, at + length));
    case 4:
      return splice(bytes, at, random.below(length), randomBytes(random, length));
    default:
      return splice(bytes, at, random.below(length), oneOf(random, pieces));
  }
}

function splice(
  bytes: Uint8Array,
  at: number,
  removed: number,
  inserted: ArrayLike<number>,
): Uint8Array {
  const tail = bytes.subarray(at + removed);
  const result = new Uint8Array(at + inserted.length + tail.length);
  result.set(bytes.subarray(0, at));
  result.set(inserted, at);
  result.set(tail, at + inserted.length);
  return result;
}

// --- values ---

const deep = JSON.parse(`${"[".repeat(20_000)}${"]".repeat(20_000)}`);
const polluting = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"x":1}}}');

/** What JSON can hold: wrong in kind, at the edge of a range, deep, long. */
export const jsonValues: readonly unknown[] = [
  ...[null, true, false, "", "1", "stable", "drift", "\ud800", "__proto__", "AAAA", "=", "A===="],
  ...[
    0,
    -0,
    1,
    -1,
    0.5,
    2,
    3,
    1e-300,
    1e100,
    1e101,
    -1e100,
    5e-324,
    Number.MAX_VALUE,
    2 ** 31,
    2 ** 53,
  ],
  ...[[], {}, [[]], [0], [1, 2, 3], { count: 1, mean: 1e100, m2: 1e308 }, polluting],
];

/** Long and deep ones; rare, since each takes as long as a hundred others. */
const longValues: readonly unknown[] = [
  ...["A".repeat(200_000), "x".repeat(200_001), new Array(1000).fill(1), deep, globalThis],
];

const cyclic: Record<string, unknown> = {};
cyclic.self = cyclic;
const refusing = new Proxy(
  {},
  {
    get: () => fail(),
    ownKeys: () => fail(),
    has: () => fail(),
    getPrototypeOf: () => fail(),
    getOwnPropertyDescriptor: () => fail(),
  },
);
const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();

function fail(): never {
  throw new Error("a member that cannot be read");
}

/** What no file holds, but a caller in the same program can pass. */
export const liveValues: readonly unknown[] = [
  ...[undefined, Number.NaN, Number.POSITIVE_INFINITY, 10n, Symbol("s"), Symbol.iterator],
  ...[() => 1, class {}, new Date(Number.NaN), new Map([["a", 1]]), new Set([1]), /a/],
  ...[Float32Array.of(1, 2), new ArrayBuffer(8), Object.create(null), Object.create(cyclic)],
  ...[cyclic, new Array(5), Promise.resolve(1), new (class Mine {})()],
  { [Symbol.toStringTag]: "x".repeat(100_000) },
];

const refusingMember = {
  get value() {
    return fail();
  },
};
const refusingKind = {
  get [Symbol.toStringTag]() {
    return fail();
  },
};

/** What throws when it is looked at. */
export const refusingValues: readonly unknown[] = [
  ...[refusing, revoked, refusingMember, refusingKind, fail, [fail], { toJSON: fail }],
  ...[{ toString: fail, valueOf: fail }, { [Symbol.toPrimitive]: fail }],
];

const live = new Set([...liveValues, ...refusingValues, globalThis]);

function wrongValue(random: Random, values: readonly unknown[]): unknown {
  return oneOf(random, random.below(500) === 0 ? longValues : values);
}

/** `valid`, plain data, with one to three members replaced, removed, added or doubled. */
export function wrongData(random: Random, valid: unknown, values: readonly unknown[]): unknown {
  if (random.below(64) === 0) return wrongValue(random, values);
  const copy = JSON.parse(JSON.stringify(valid));
  for (let edits = 1 + random.below(3); edits > 0; edits--) change(random, copy, values);
  return copy;
}

function change(random: Random, root: unknown, values: readonly unknown[]): void {
  let node = root as Record<string, unknown>;
  for (;;) {
    const names = Object.keys(node);
    const name = names.length > 0 ? oneOf(random, names) : "0";
    const child = node[name];
    const isBranch = isPlain(child) && Object.keys(child).length > 0;
    if (!isBranch || random.below(3) === 0) {
      changeMember(random, node, name, values);
      return;
    }
    node = child;
  }
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || live.has(value) || value === deep)
    return false;
  return !Array.isArray(value) || value.length < 100;
}

function changeMember(
  random: Random,
  node: Record<string, unknown>,
  name: string,
  values: readonly unknown[],
): void {
  switch (random.below(8)) {
    case 0:
      if (Array.isArray(node)) node.pop();
      else delete node[name];
      return;
    case 1:
      define(node, oneOf(random, ["__proto__", "constructor", "toJSON", "then", `${name}s`]), 1);
      return;
    case 2:
      if (Array.isArray(node)) node.push(node[0]);
      else define(node, name.slice(0, -1), node[name]);
      return;
    case 3:
      if (typeof node[name] === "number") define(node, name, nearNumber(random, node[name]));
      else if (typeof node[name] === "string") define(node, name, nearText(random, node[name]));
      return;
    default:
      define(node, name, wrongValue(random, values));
  }
}

/** As JSON.parse does: also a member named __proto__ is the object's own. */
function define(node: object, name: string, value: unknown): void {
  const flags = { configurable: true, enumerable: true, writable: true };
  Object.defineProperty(node, name, { value, ...flags });
}

function nearNumber(random: Random, value: number): number {
  return oneOf(random, [value + 1, value - 1, -value, value / 2, 2 * value, value * 1e30]);
}

function nearText(random: Random, text: string): string {
  const at = random.below(text.length + 1);
  return text.slice(0, at) + oneOf(random, ["", "A", "=", "/", " ", "\0"]) + text.slice(at + 1);
}
