// Misuse of SharpeDriftDetector and rollingSharpe: everything wrong that has a name.

import { afterAll, describe, expect, it } from "vitest";
import {
  rollingSharpe,
  SharpeDriftDetector,
  type SharpeDriftDetectorOptions,
} from "../../src/index.ts";
import { describeOptions } from "./describe-options.ts";
import { expectRefused, type Misuse } from "./refusal.ts";

const detector = new SharpeDriftDetector({ windowSize: 3 });
for (const value of [1, 3, 2, 5, 4]) detector.update(value);
afterAll(() => detector.dispose());
const look = () => detector.state();
const state = look() as Record<string, unknown>;

describeOptions({
  owner: "SharpeDriftDetector",
  call: (options: SharpeDriftDetectorOptions) => new SharpeDriftDetector(options).dispose(),
  good: { windowSize: 5, sigmas: 1, annualization: 12, input: "returns" },
  options: {
    windowSize: "a window up to 10^6",
    sigmas: "a number from 0",
    annualization: "a number above 0",
    input: "a choice",
  },
});

const values = Float64Array.of(1, 2, 4, 3);
describeOptions({
  owner: "rollingSharpe",
  call: (options: { windowSize: number }) => rollingSharpe(values, options),
  good: { windowSize: 3, annualization: 12, input: "returns" },
  options: {
    windowSize: "a window up to 10^7",
    annualization: "a number above 0",
    input: "a choice",
  },
  required: ["windowSize"],
});

const today = new Date(0);
const invalid = new Date(Number.NaN);
const noNumbers = ["1", null, undefined, {}, true, 1n];
const notFinite = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
const noDoubles = [undefined, null, 5, [1, 2], new Float32Array(2), { length: 2 }];

function use(name: string, call: () => unknown, code: Misuse["code"]): Misuse {
  return { name, use: call, code };
}

describe("SharpeDriftDetector", () => {
  const misuses: Misuse[] = [
    ...["2020-01-01", 0, null, undefined, {}].map((date) =>
      use(`observe at ${date}`, () => detector.observe(date as never, 1), "ARGUMENT_TYPE"),
    ),
    use("observe at no time", () => detector.observe(invalid, 1), "ARGUMENT_RANGE"),
    ...noNumbers.flatMap((pnl) => [
      use(`observe ${pnl}`, () => detector.observe(today, pnl as never), "ARGUMENT_TYPE"),
      use(`update ${pnl}`, () => detector.update(pnl as never), "ARGUMENT_TYPE"),
    ]),
    ...notFinite.flatMap((pnl) => [
      use(`observe ${pnl}`, () => detector.observe(today, pnl), "ARGUMENT_RANGE"),
      use(`update ${pnl}`, () => detector.update(pnl), "ARGUMENT_RANGE"),
    ]),

    ...noDoubles.map((pnl, index) =>
      use(
        `observeBatch of no doubles (${index})`,
        () => detector.observeBatch([today, today], pnl as never),
        "ARGUMENT_TYPE",
      ),
    ),
    ...[undefined, null, today, { length: 4 }, Float64Array.of(1)].map((dates, index) =>
      use(
        `observeBatch at no dates (${index})`,
        () => detector.observeBatch(dates as never, values),
        "ARGUMENT_TYPE",
      ),
    ),
    use(
      "observeBatch with a date too few",
      () => detector.observeBatch([today, today, today], values),
      "LENGTH_MISMATCH",
    ),
    use(
      "observeBatch with dates that are holes",
      () => detector.observeBatch(new Array(4), values),
      "ARGUMENT_TYPE",
    ),
    use(
      "observeBatch whose last date is none",
      () => detector.observeBatch([today, today, today, invalid], values),
      "ARGUMENT_RANGE",
    ),
    ...notFinite.map((value) =>
      use(
        `observeBatch whose last value is ${value}`,
        () => detector.observeBatch(new Array(4).fill(today), values.with(3, value)),
        "VALUE_NOT_FINITE",
      ),
    ),

    ...[undefined, null, 1, "state", [], {}, { ...state, values: "1" }].map((given, index) =>
      use(`restore of no state (${index})`, () => detector.restore(given), "STATE_INVALID"),
    ),
    ...Object.keys(state).map((name) =>
      use(
        `restore without ${name}`,
        () => detector.restore({ ...state, [name]: undefined }),
        "STATE_INVALID",
      ),
    ),
    use("restore with more", () => detector.restore({ ...state, more: 1 }), "STATE_INVALID"),
    ...[
      { windowSize: 4 },
      { sigmas: 2 },
      { annualization: 1 },
      { input: "returns" },
      { moments: "" },
      { moments: "no base64!" },
      { values: [1, 2] },
      { values: [1, 2, 3, 4] },
      { values: [1, 2, Number.NaN] },
      { lastAlert: 1 },
    ].map((change) =>
      use(
        `restore of another detector: ${JSON.stringify(change)}`,
        () => detector.restore({ ...state, ...change }),
        "STATE_INVALID",
      ),
    ),
  ];

  it.each(misuses)("$name is refused with $code", (misuse) => expectRefused(misuse, look));

  it("nothing of a refused batch has been observed", () => {
    using one = new SharpeDriftDetector({ windowSize: 3 });
    expect(() => one.observeBatch([today], Float64Array.of(Number.NaN))).toThrowError();
    expect(one.window()).toHaveLength(0);
  });
});

describe("rollingSharpe", () => {
  const options = { windowSize: 3 };
  const misuses: Misuse[] = [
    ...noDoubles.map((given, index) =>
      use(`no doubles (${index})`, () => rollingSharpe(given as never, options), "ARGUMENT_TYPE"),
    ),
    ...notFinite.map((value) =>
      use(`${value}`, () => rollingSharpe(values.with(2, value), options), "VALUE_NOT_FINITE"),
    ),
  ];

  it.each(misuses)("of $name is refused with $code", (misuse) =>
    expectRefused(misuse, () => [...values]),
  );
});
