// What every refusal looks like: a class, a code, a message that says what to do.

import { expect } from "vitest";
import {
  DriftkeelError,
  DriftkeelRangeError,
  DriftkeelTypeError,
  type ErrorCode,
} from "../../src/index.ts";

/** One wrong call. */
export interface Misuse {
  name: string;
  use: () => unknown;
  code: ErrorCode;
}

/** The class of a code; options and states may be of the wrong kind or out of range. */
const CLASSES: Partial<Record<ErrorCode, new (...values: never[]) => Error>> = {
  ARGUMENT_TYPE: DriftkeelTypeError,
  OPTION_UNKNOWN: DriftkeelTypeError,
  ARGUMENT_RANGE: DriftkeelRangeError,
  LENGTH_MISMATCH: DriftkeelRangeError,
  VALUE_NOT_FINITE: DriftkeelRangeError,
  DATA_EMPTY: DriftkeelRangeError,
  SAMPLE_QUARANTINED: DriftkeelRangeError,
  MODULE_UNKNOWN: DriftkeelRangeError,
  NO_SNAPSHOT: DriftkeelError,
  NOT_TRAINED: DriftkeelError,
  FILE_CORRUPT: DriftkeelError,
  FILE_FAILED: DriftkeelError,
  CORE_OUT_OF_MEMORY: DriftkeelError,
};

/** "Expected A, got B. Do C." or "Unknown A; did you mean B?" */
const FORM = /^(Expected .+, (got|but) .+[.?]|Unknown .+; (did you mean ".+"\?|known: .+\.))$/s;

/** Expects `error` to be one of ours, with this code and a message in the house's form. */
export function expectOurs(error: unknown, code: ErrorCode): void {
  expect(error).toMatchObject({ code });
  const { message, name } = error as Error;
  expect(message).toMatch(FORM);
  expect(message).not.toMatch(/\[object|undefined of|NaN of/);
  const expected = CLASSES[code];
  if (expected) expect(error).toBeInstanceOf(expected);
  expect(name).toMatch(/^Driftkeel(Type|Range)?Error$/);
  if (name === "DriftkeelTypeError") expect(error).toBeInstanceOf(TypeError);
  if (name === "DriftkeelRangeError") expect(error).toBeInstanceOf(RangeError);
}

/** What a call throws, or its promise rejects with. */
export async function errorOf(use: () => unknown): Promise<unknown> {
  try {
    await use();
  } catch (error) {
    return error;
  }
  return expect.unreachable("nothing was thrown");
}

/** Expects the call to be refused, and what `look` sees to be the same as before. */
export async function expectRefused({ use, code }: Misuse, look: () => unknown): Promise<void> {
  const before = look();
  expectOurs(await errorOf(use), code);
  expect(look()).toEqual(before);
}
