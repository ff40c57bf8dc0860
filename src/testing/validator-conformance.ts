// What every validator keeps to, as checks that run in any test framework.

import type { ModelSnapshot, ValidationResult, Validator } from "../index.ts";
import type { ConformanceCheck } from "./conformance-check.ts";

/** Two snapshots that are judged together. */
export interface SnapshotPair {
  before: ModelSnapshot;
  after: ModelSnapshot;
}

/** The validator under test. */
export interface ValidatorSubject {
  name: string;
  create(): Validator;
  /** Passes. Holds what the validator needs; any of it may be taken away or spoilt. */
  good: SnapshotPair;
  /** Fails. */
  bad: SnapshotPair;
  /** Members that the verdict cannot do without. */
  needs: Record<"before" | "after", (keyof ModelSnapshot)[]>;
}

type Side = "before" | "after";

const rules: Record<string, (subject: ValidatorSubject) => void> = {
  "passes its good pair and fails its bad one": checkVerdicts,
  "gives a reason in words, and numbers as measurements": checkForm,
  "gives the same verdict for the same snapshots": checkDeterminism,
  "leaves the snapshots as they are": checkUntouched,
  "fails without what it needs, and never throws": checkMissing,
  "fails on NaN in what it needs": (subject) => checkSpoilt(subject, Number.NaN, sidesOf(subject)),
  "fails on infinity in what it needs of the candidate": (subject) =>
    checkSpoilt(subject, Number.POSITIVE_INFINITY, ["after"]),
};

/**
 * The checks of `subject`, to be handed to any test framework:
 *
 *     for (const { name, run } of validatorConformance(subject)) it(name, run);
 *
 * Each check makes its own validators and copies of the snapshots, so they run in any order.
 */
export function validatorConformance(subject: ValidatorSubject): ConformanceCheck[] {
  return Object.entries(rules).map(([rule, check]) => ({
    name: `${subject.name} ${rule}`,
    run: () => check(subject),
  }));
}

function checkVerdicts({ create, good, bad }: ValidatorSubject): void {
  const passed = judge(create(), good);
  demand(passed.pass === true, `Expected the good pair to pass, got: ${passed.reason}.`);
  const failed = judge(create(), bad);
  demand(failed.pass === false, `Expected the bad pair to fail, got: ${failed.reason}.`);
}

function checkForm({ create, good, bad }: ValidatorSubject): void {
  for (const pair of [good, bad]) {
    const { reason, measurements } = judge(create(), pair);
    const isText = typeof reason === "string" && /\S \S/.test(reason);
    demand(isText, `Expected a reason in words, got ${JSON.stringify(reason)}.`);
    for (const [name, value] of Object.entries(measurements)) {
      demand(typeof value === "number", `Expected ${name} to be a number, got ${String(value)}.`);
    }
  }
}

function checkDeterminism({ create, good, bad }: ValidatorSubject): void {
  const validator = create();
  const first = [judge(validator, good), judge(validator, bad)];
  const again = [judge(validator, good), judge(validator, bad)];
  const other = create();
  const elsewhere = [judge(other, bad), judge(other, good)].reverse();
  for (const results of [again, elsewhere]) {
    const [got, expected] = [JSON.stringify(results), JSON.stringify(first)];
    demand(got === expected, `Expected the same verdicts again, ${expected}, got ${got}.`);
  }
}

function checkUntouched({ create, good, bad }: ValidatorSubject): void {
  for (const pair of [good, bad]) {
    const copy = copyOf(pair);
    create().validate(copy.before, copy.after);
    demand(textOf(copy) === textOf(pair), "Expected the snapshots to be left as they are.");
  }
}

function checkMissing(subject: ValidatorSubject): void {
  for (const side of sidesOf(subject)) {
    for (const member of subject.needs[side]) {
      const pair = copyOf(subject.good);
      delete (pair[side] as Partial<ModelSnapshot>)[member];
      const { pass } = judge(subject.create(), pair);
      demand(!pass, `Expected a failure without ${side}.${member}, got a pass.`);
    }
  }
}

function checkSpoilt(subject: ValidatorSubject, bad: number, sides: Side[]): void {
  for (const side of sides) {
    for (const member of subject.needs[side]) {
      const pair = copyOf(subject.good);
      spoil(pair[side], member, bad);
      const { pass } = judge(subject.create(), pair);
      demand(!pass, `Expected a failure with ${bad} in ${side}.${member}, got a pass.`);
    }
  }
}

/** A verdict on copies, so that nothing leaks from one check to the next. */
function judge(validator: Validator, pair: SnapshotPair): ValidationResult {
  const { before, after } = copyOf(pair);
  return validator.validate(before, after);
}

/** Puts `bad` into the last place of a member. */
function spoil(snapshot: ModelSnapshot, member: keyof ModelSnapshot, bad: number): void {
  const value = snapshot[member];
  const array = value instanceof Map ? [...value.values()].at(-1) : value;
  if (array instanceof Float32Array || array instanceof Float64Array) array[array.length - 1] = bad;
  else Object.assign(snapshot, { [member]: bad });
}

function sidesOf({ needs }: ValidatorSubject): Side[] {
  return (["before", "after"] as const).filter((side) => needs[side].length > 0);
}

function copyOf(pair: SnapshotPair): SnapshotPair {
  return structuredClone(pair);
}

/** Every number of both snapshots; typed arrays and maps spelt out. */
function textOf(pair: SnapshotPair): string {
  return JSON.stringify(pair, (_, value) => {
    if (value instanceof Map) return [...value];
    return ArrayBuffer.isView(value) ? [...(value as Float32Array)] : value;
  });
}

function demand(condition: boolean, message: string): void {
  if (!condition) throw new Error(message);
}
