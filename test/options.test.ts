// Options and saved states: what parsing fills in, which errors it throws, and what their messages
// say.

import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { DriftkeelRangeError, DriftkeelTypeError } from "../src/errors.ts";
import {
  finiteNumber,
  nonNegativeInteger,
  nonNegativeNumber,
  parseOptions,
  parseState,
  positiveInteger,
  positiveNumber,
  seed,
  share,
} from "../src/options.ts";

class Adapter {}

const schema = z.object({
  rank: positiveInteger,
  lr: z._default(positiveNumber, 0.1),
  maxSteps: z._default(positiveInteger, 100),
  weightDecay: z.optional(nonNegativeNumber),
  optimizer: z._default(z.enum(["sgd", "momentum", "adamw"]), "sgd"),
  adapter: z.optional(z.instanceof(Adapter)),
  stop: z.optional(z.union([positiveInteger, z.literal("never")])),
  key: z.optional(z.string().check(z.minLength(16))),
  modules: z.optional(z.array(z.string()).check(z.maxLength(2))),
  lanes: z.optional(z.number().check(z.multipleOf(4))),
  clock: z.optional(z.custom<() => number>((value) => typeof value === "function", "a function")),
  replay: z.optional(z.strictObject({ share: z._default(share, 0.5), count: positiveInteger })),
  layers: z.optional(z.array(z.strictObject({ size: positiveInteger }))),
});

const parse = (value: unknown) => parseOptions("IncrementalUpdater", schema, value);

function errorOf(action: () => unknown): DriftkeelTypeError | DriftkeelRangeError {
  try {
    action();
  } catch (error) {
    return error as DriftkeelTypeError;
  }
  throw new Error("Nothing was thrown.");
}

describe("parseOptions", () => {
  it("fills in defaults and keeps what was given", () => {
    const adapter = new Adapter();
    expect(parse({ rank: 2, adapter, replay: { count: 3 } })).toEqual({
      rank: 2,
      lr: 0.1,
      maxSteps: 100,
      optimizer: "sgd",
      adapter,
      replay: { share: 0.5, count: 3 },
    });
  });

  it("takes missing options as no options", () => {
    expect(
      parseOptions("Ewc", z.object({ lambda: z._default(nonNegativeNumber, 1) }), undefined),
    ).toEqual({
      lambda: 1,
    });
  });

  it("leaves the object it was given alone", () => {
    const given = Object.freeze({ rank: 1, replay: Object.freeze({ count: 1 }) });
    parse(given);
    expect(given).toEqual({ rank: 1, replay: { count: 1 } });
  });

  it.each<[string, unknown, string]>([
    ["a value out of range", { rank: 1, lr: -1 }, 'option "lr" to be a number > 0, got -1.'],
    ["zero where positive", { rank: 0 }, 'option "rank" to be an integer > 0, got 0.'],
    ["a fraction", { rank: 1.5 }, 'option "rank" to be an integer > 0, got 1.5.'],
    ["NaN", { rank: 1, lr: Number.NaN }, 'option "lr" to be a number > 0, got NaN.'],
    ["infinity", { rank: 1, lr: 1 / 0 }, 'option "lr" to be a number > 0, got Infinity.'],
    [
      "a name that is not offered",
      { rank: 1, optimizer: "lion" },
      'option "optimizer" to be one of "sgd", "momentum", "adamw", got "lion".',
    ],
    [
      "a text that is too short, without showing it",
      { rank: 1, key: "s3cret" },
      'option "key" to be a string of at least 16 characters, got one of 6.',
    ],
    [
      "a list that is too long",
      { rank: 1, modules: ["a", "b", "c"] },
      'option "modules" to be an array of at most 2 elements, got an array of length 3.',
    ],
    ["no multiple", { rank: 1, lanes: 6 }, 'option "lanes" to be a multiple of 4, got 6.'],
    [
      "a nested value",
      { rank: 1, replay: { share: 2, count: 1 } },
      'option "replay.share" to be a number from 0 to 1, got 2.',
    ],
    [
      "a value in a list",
      { rank: 1, layers: [{ size: 1 }, { size: -4 }] },
      'option "layers[1].size" to be an integer > 0, got -4.',
    ],
  ])("refuses %s with a RangeError", (_, value, message) => {
    const error = errorOf(() => parse(value));
    expect(error).toBeInstanceOf(DriftkeelRangeError);
    expect(error.code).toBe("OPTION_INVALID");
    expect(error.message).toBe(`Expected IncrementalUpdater ${message}`);
  });

  it.each<[string, unknown, string]>([
    ["a missing option", {}, 'option "rank" to be an integer > 0, got undefined.'],
    ["null", { rank: null }, 'option "rank" to be an integer > 0, got null.'],
    ["a text", { rank: "4" }, 'option "rank" to be an integer > 0, got "4".'],
    [
      "another class",
      { rank: 1, adapter: [] },
      'option "adapter" to be an Adapter, got an array of length 0.',
    ],
    ["no function", { rank: 1, clock: null }, 'option "clock" to be a function, got null.'],
    [
      "a number for a name",
      { rank: 1, optimizer: 3 },
      'option "optimizer" to be one of "sgd", "momentum", "adamw", got 3.',
    ],
    [
      "no member of a union",
      { rank: 1, stop: "soon" },
      'option "stop" to be an integer > 0 or "never", got "soon".',
    ],
    ["no list", { rank: 1, modules: {} }, 'option "modules" to be an array, got an object.'],
    [
      "a number for a nested object",
      { rank: 1, replay: 3 },
      'option "replay" to be an object, got 3.',
    ],
    ["a number for all options", 5, "options to be an object, got 5."],
    ["null for all options", null, "options to be an object, got null."],
    ["a list for all options", [], "options to be an object, got an array of length 0."],
  ])("refuses %s with a TypeError", (_, value, message) => {
    const error = errorOf(() => parse(value));
    expect(error).toBeInstanceOf(DriftkeelTypeError);
    expect(error.code).toBe("OPTION_INVALID");
    expect(error.message).toBe(`Expected IncrementalUpdater ${message}`);
  });

  it.each<[string, unknown, string]>([
    ["a typing error", { rank: 1, maxStep: 5 }, '"maxStep"; did you mean "maxSteps"?'],
    ["another naming style", { rank: 1, max_steps: 5 }, '"max_steps"; did you mean "maxSteps"?'],
    ["the long form", { rank: 1, learingRate: 5 }, '"learingRate"; did you mean "lr"?'],
    ["a typing error that hides a required option", { rnak: 1 }, '"rnak"; did you mean "rank"?'],
    [
      "a name like no other",
      { rank: 1, colour: "red" },
      '"colour"; known: rank, lr, maxSteps, weightDecay, optimizer, adapter, stop, key, modules, ' +
        "lanes, clock, replay, layers.",
    ],
    [
      "a nested name",
      { rank: 1, replay: { count: 1, shre: 1 } },
      '"replay.shre"; did you mean "share"?',
    ],
    [
      "a name in a list",
      { rank: 1, layers: [{ sise: 1 }] },
      '"layers[0].sise"; did you mean "size"?',
    ],
  ])("refuses %s as unknown", (_, value, message) => {
    const error = errorOf(() => parse(value));
    expect(error).toBeInstanceOf(DriftkeelTypeError);
    expect(error.code).toBe("OPTION_UNKNOWN");
    expect(error.message).toBe(`Unknown IncrementalUpdater option ${message}`);
  });

  it("throws typed errors only, whatever comes", () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withTypedArray: true }), (value) => {
        const error = errorOf(() => parse(value));
        expect(error.code).toMatch(/^OPTION_(INVALID|UNKNOWN)$/);
        expect(error.message.length).toBeLessThan(300);
      }),
    );
  });
});

describe("prototype pollution", () => {
  afterEach(() => {
    Reflect.deleteProperty(Object.prototype, "lr");
  });

  it("an own key named __proto__ is an unknown option and reaches no prototype", () => {
    const hostile = JSON.parse('{ "rank": 1, "__proto__": { "lr": 7 } }');
    expect(errorOf(() => parse(hostile)).code).toBe("OPTION_UNKNOWN");
    expect(({} as { lr?: number }).lr).toBeUndefined();
  });

  it.each(["constructor", "toString", "hasOwnProperty"])("%s is an unknown option", (key) => {
    expect(errorOf(() => parse({ rank: 1, [key]: 1 })).code).toBe("OPTION_UNKNOWN");
  });

  it("a value on Object.prototype sets no option", () => {
    Object.assign(Object.prototype, { lr: 7 });
    expect(parse({ rank: 1 }).lr).toBe(0.1);
  });
});

describe("parseState", () => {
  const state = z.object({ words: z.array(nonNegativeInteger) });

  it("returns what the schema describes", () => {
    expect(parseState("Adwin", state, { words: [1] })).toEqual({ words: [1] });
  });

  it.each<[unknown, string]>([
    [undefined, "Expected Adwin state to be an object, got undefined."],
    [{ words: [1, -2] }, 'Expected Adwin state "words[1]" to be an integer >= 0, got -2.'],
    [{ words: [], word: 1 }, 'Unknown Adwin state "word"; did you mean "words"?'],
  ])("refuses %o as STATE_INVALID", (value, message) => {
    const error = errorOf(() => parseState("Adwin", state, value));
    expect(error.code).toBe("STATE_INVALID");
    expect(error.message).toBe(message);
  });
});

describe("schema pieces at and one past their limits", () => {
  it.each<[string, z.ZodMiniType, unknown[], unknown[]]>([
    ["positiveInteger", positiveInteger, [1, 2 ** 53 - 1], [0, -1, 0.5, 2 ** 53, "1"]],
    ["nonNegativeInteger", nonNegativeInteger, [0, 2 ** 53 - 1], [-1, 0.5, 2 ** 53]],
    ["finiteNumber", finiteNumber, [-1e308, 0, 5e-324], [1 / 0, -1 / 0, Number.NaN, "1"]],
    ["positiveNumber", positiveNumber, [5e-324, 1e308], [0, -5e-324, 1 / 0]],
    ["nonNegativeNumber", nonNegativeNumber, [0, 1e308], [-5e-324, 1 / 0]],
    ["share", share, [0, 0.5, 1], [-5e-324, 1 + 2 ** -52]],
    ["seed", seed, [0, 2 ** 32 - 1], [-1, 2 ** 32, 0.5]],
  ])("%s", (_, piece, inside, outside) => {
    for (const value of inside) expect(piece.safeParse(value).success).toBe(true);
    for (const value of outside) expect(piece.safeParse(value).success).toBe(false);
  });
});
