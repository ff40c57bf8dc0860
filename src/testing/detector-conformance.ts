// What every drift detector keeps to, as checks that run in any test framework.

import type { DriftDetector, DriftState } from "../index.ts";
import type { ConformanceCheck } from "./conformance-check.ts";

/** The detector under test. */
export interface DetectorSubject {
  name: string;
  /** A new detector; `options` go to its constructor as they are. */
  create(options?: object): DriftDetector;
  /** Values on which it reports drift at least twice. */
  stream: readonly number[];
  /** Values that it takes and that must not alarm it when repeated; default 0 and 1. */
  constants?: readonly number[];
}

/** How often a constant is repeated: more than any default window or warm-up. */
const CONSTANT_LENGTH = 5000;

const refusedValues: readonly unknown[] = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  "1",
  null,
  undefined,
];

const foreignStates: readonly unknown[] = [undefined, null, 0, "state", [], {}];

const rules: Record<string, (subject: DetectorSubject) => void> = {
  "finds drift in its stream": checkDrift,
  "gives the same results for the same values": checkDeterminism,
  "goes on after a restore exactly as it would have without": checkRestore,
  "gives its state as JSON, and a copy of it": checkStateCopy,
  "is fresh after a reset": checkReset,
  "refuses what is no finite number, and stays as it was": checkRefusedValues,
  "refuses a state that is not its own, and stays as it was": checkForeignStates,
  "refuses options that it does not know": checkUnknownOptions,
  "stays stable on a constant stream": checkConstants,
  "has finite measurements, always under the same names": checkMeasurements,
};

/**
 * The checks of `subject`, to be handed to any test framework:
 *
 *     for (const { name, run } of detectorConformance(subject)) it(name, run);
 *
 * Each check makes its own detectors, so they run in any order. Each takes time of the order of
 * 100 passes over the stream.
 */
export function detectorConformance(subject: DetectorSubject): ConformanceCheck[] {
  return Object.entries(rules).map(([rule, check]) => ({
    name: `${subject.name} ${rule}`,
    run: () => check(subject),
  }));
}

function checkDrift({ create, stream }: DetectorSubject): void {
  const results = feed(create(), stream);
  const words = [...new Set(results)].filter((word) => !/^(stable|warning|drift)$/.test(word));
  demand(words.length === 0, `Expected stable, warning or drift, got ${textOf(words)}.`);
  const count = results.filter((result) => result === "drift").length;
  demand(count >= 2, `Expected drift at least twice in the stream of the subject, got ${count}.`);
}

function checkDeterminism({ create, stream }: DetectorSubject): void {
  const results = feed(create(), stream);
  const [one, other] = [create(), create()];
  const backwards = [...stream].reverse();
  const again = stream.map((value, index) => {
    // In between, another instance sees something else.
    other.update(backwards[index]!);
    return one.update(value);
  });
  demandSame(again, results, "results of a second detector for the same values");
}

function checkRestore({ create, stream }: DetectorSubject): void {
  const results = feed(create(), stream);
  for (const cut of cutsOf(results)) {
    const original = create();
    feed(original, stream.slice(0, cut));
    const resumed = create();
    feed(resumed, stream.slice(stream.length / 2));
    resumed.restore(JSON.parse(textOf(original.state())));
    const where = `after a restore at value ${cut}`;
    demandSame(resumed.state(), original.state(), `state ${where}`);
    demandSame(resumed.measurements, original.measurements, `measurements ${where}`);
    demandSame(feed(resumed, stream.slice(cut)), results.slice(cut), `results ${where}`);
    feed(original, stream.slice(cut));
    demandSame(resumed.state(), original.state(), `final state ${where}`);
  }
}

function checkStateCopy({ create, stream }: DetectorSubject): void {
  const detector = create();
  for (const cut of cutsOf(feed(create(), stream))) {
    detector.reset();
    feed(detector, stream.slice(0, cut));
    const state = detector.state();
    demandJson(state);
    const text = textOf(state);
    feed(detector, stream.slice(cut));
    demandSame(state, JSON.parse(text), `state taken at value ${cut}, after more values`);
    detector.restore(state);
    feed(detector, stream.slice(cut));
    demandSame(state, JSON.parse(text), `state restored at value ${cut}, after more values`);
  }
}

function checkReset({ create, stream }: DetectorSubject): void {
  const results = feed(create(), stream);
  for (const cut of cutsOf(results)) {
    const detector = create();
    feed(detector, stream.slice(0, cut));
    detector.reset();
    const where = `after a reset at value ${cut}`;
    demandSame(detector.state(), create().state(), `state ${where}`);
    demandSame(detector.measurements, create().measurements, `measurements ${where}`);
    demandSame(feed(detector, stream), results, `results ${where}`);
  }
}

function checkRefusedValues({ create, stream }: DetectorSubject): void {
  const results = feed(create(), stream);
  for (const cut of cutsOf(results)) {
    const detector = create();
    feed(detector, stream.slice(0, cut));
    const before = detector.state();
    for (const value of refusedValues) {
      demandThrows(() => detector.update(value as number), `update(${String(value)})`);
      demandSame(detector.state(), before, `state after update(${String(value)})`);
    }
    const rest = feed(detector, stream.slice(cut));
    demandSame(rest, results.slice(cut), `results after refused values at ${cut}`);
  }
}

function checkForeignStates({ create, stream }: DetectorSubject): void {
  const detector = create();
  feed(detector, stream.slice(0, stream.length / 2));
  const before = detector.state();
  const own = before as Record<string, unknown>;
  const partial = Object.keys(own).map((name) => {
    const { [name]: _, ...others } = own;
    return others;
  });
  for (const state of [...foreignStates, ...partial]) {
    demandThrows(() => detector.restore(state), `restore(${textOf(state)})`);
    demandSame(detector.state(), before, `state after restore(${textOf(state)})`);
  }
}

function checkUnknownOptions({ create }: DetectorSubject): void {
  demandThrows(() => create({ noSuchOption: 1 }), "an option noSuchOption");
}

function checkConstants({ create, constants = [0, 1] }: DetectorSubject): void {
  for (const constant of constants) {
    const results = feed(create(), new Array<number>(CONSTANT_LENGTH).fill(constant));
    const index = results.findIndex((result) => result !== "stable");
    demand(index < 0, `Expected stable for ${constant} again and again, got ${results[index]}.`);
  }
}

function checkMeasurements({ create, stream }: DetectorSubject): void {
  const detector = create();
  const names = Object.keys(detector.measurements);
  for (const value of stream) {
    const result = detector.update(value);
    const { measurements } = detector;
    demandSame(Object.keys(measurements), names, "names of the measurements");
    for (const [name, measured] of Object.entries(measurements)) {
      const isMissing = Number.isNaN(measured) && result !== "drift";
      demand(
        Number.isFinite(measured) || isMissing,
        `Expected ${name} to be finite, or NaN while there is nothing to measure, got ` +
          `${measured} (${result}).`,
      );
    }
  }
}

function feed(detector: DriftDetector, values: readonly number[]): DriftState[] {
  return values.map((value) => detector.update(value));
}

/** Where to interrupt a stream: both ends, between them, and around each drift. */
function cutsOf(results: readonly DriftState[]): number[] {
  const { length } = results;
  const cuts = [0, 1, Math.floor(length / 3), Math.floor(length / 2), length];
  const drifts = results.flatMap((result, index) => (result === "drift" ? [index] : []));
  for (const index of drifts.slice(0, 3)) cuts.push(index, index + 1, index + 2);
  return [...new Set(cuts)].filter((cut) => cut <= length);
}

function textOf(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}

function demand(condition: boolean, message: string): void {
  if (!condition) throw new Error(message);
}

/** Equal as JSON, which is what survives a restart. */
function demandSame(got: unknown, expected: unknown, what: string): void {
  const [gotText, expectedText] = [textOf(got), textOf(expected)];
  demand(gotText === expectedText, `Expected the ${what} to be ${expectedText}, got ${gotText}.`);
}

function demandThrows(action: () => unknown, what: string): void {
  let thrown: unknown;
  try {
    action();
  } catch (error) {
    thrown = error;
  }
  const isRefusal = thrown instanceof TypeError || thrown instanceof RangeError;
  demand(isRefusal, `Expected a TypeError or RangeError for ${what}, got ${String(thrown)}.`);
}

/** JSON would turn a NaN into null and leave out what is undefined. */
function demandJson(state: unknown): void {
  JSON.stringify(state, (name, value) => {
    const isJson = typeof value === "number" ? Number.isFinite(value) : value !== undefined;
    demand(isJson, `Expected a state that JSON keeps, got ${String(value)} for "${name}".`);
    return value;
  });
}
