// Parses options and saved states with zod, and turns the first thing wrong with them into one of
// our errors.

import * as z from "zod/mini";
import { describeValue } from "./describe-value.ts";
import { DriftkeelRangeError, DriftkeelTypeError, type ErrorCode } from "./errors.ts";
import { nearestName } from "./nearest-name.ts";

// A zod message in this library is the phrase after "to be", as in z.int("an integer > 0"); a
// schema without one gets its phrase from phraseOf.
export const positiveInteger = z.int("an integer > 0").check(z.gt(0, "an integer > 0"));
export const nonNegativeInteger = z.int("an integer >= 0").check(z.minimum(0, "an integer >= 0"));
export const finiteNumber = z.number("a finite number");
export const positiveNumber = z.number("a number > 0").check(z.gt(0, "a number > 0"));
export const nonNegativeNumber = z.number("a number >= 0").check(z.minimum(0, "a number >= 0"));

const SHARE = "a number from 0 to 1";
/** A part of a whole: 0 and 1 included. */
export const share = z.number(SHARE).check(z.minimum(0, SHARE), z.maximum(1, SHARE));

const BELOW_ONE = "a number from 0 to below 1";
/** A part of a whole that leaves some of it: 0 included, 1 not. */
export const shareBelowOne = share.check(z.lt(1, BELOW_ONE));

const SEED = `an integer from 0 to ${2 ** 32 - 1}`;
/** The seed of `Random`. */
export const seed = z.int(SEED).check(z.minimum(0, SEED), z.maximum(2 ** 32 - 1, SEED));

/**
 * `value` as `schema` describes it, defaults filled in. Missing options are no options; nested
 * objects are to be `z.strictObject`. Only own properties are read, so that a polluted prototype
 * sets no option.
 *
 * Throws DriftkeelTypeError or DriftkeelRangeError with the code OPTION_UNKNOWN for a name the
 * schema does not have, or OPTION_INVALID:
 *
 *     Unknown IncrementalUpdater option "learningRate"; did you mean "lr"?
 *     Expected IncrementalUpdater option "lr" to be a number > 0, got -1.
 */
export function parseOptions<S extends z.core.$ZodObject>(
  owner: string,
  schema: S,
  value: unknown,
): z.output<S> {
  const codes = { invalid: "OPTION_INVALID", unknown: "OPTION_UNKNOWN" } as const;
  const subject = { part: `${owner} option`, whole: `${owner} options`, ...codes };
  return parse(subject, schema, value === undefined ? {} : value);
}

/** The same for what a `state()` returned and a `restore` is given. Throws STATE_INVALID. */
export function parseState<S extends z.core.$ZodObject>(
  owner: string,
  schema: S,
  value: unknown,
): z.output<S> {
  const codes = { invalid: "STATE_INVALID", unknown: "STATE_INVALID" } as const;
  return parse({ part: `${owner} state`, whole: `${owner} state`, ...codes }, schema, value);
}

/** Characters of a path that a message shows. */
const LONGEST_NAME = 200;

/** How messages name what is parsed, and the codes they carry. */
interface Subject {
  part: string;
  whole: string;
  invalid: ErrorCode;
  unknown: ErrorCode;
}

function parse<S extends z.core.$ZodObject>(
  subject: Subject,
  schema: S,
  value: unknown,
): z.output<S> {
  const own = ownMembers(subject, value);
  const known = namesOf(schema);
  const unknown = Object.keys(own).find((key) => !known.includes(key));
  if (unknown !== undefined) throw unknownError(subject, [unknown], hintFor(unknown, known));

  const parsed = reading(subject, () =>
    z.safeParse(schema, own, { error: phraseOf, reportInput: true }),
  );
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues;
  // A misspelt name first: it is often why another is missing.
  const unrecognized = issues.find((issue) => issue.code === "unrecognized_keys");
  if (unrecognized) {
    const path = [...unrecognized.path, unrecognized.keys[0]!];
    throw unknownError(subject, path, unrecognized.message);
  }
  throw invalidError(subject, issues[0]!);
}

/** The members that a schema describes. */
function namesOf(schema: z.core.$ZodObject): string[] {
  return Object.keys(schema._zod.def.shape);
}

/** A copy of the own members of an object. */
function ownMembers(subject: Subject, value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || reading(subject, () => Array.isArray(value))) {
    throw new DriftkeelTypeError(
      subject.invalid,
      `Expected ${subject.whole} to be an object, got ${describeValue(value)}.`,
    );
  }
  // A null prototype: neither an inherited property nor a key named __proto__ means anything in the
  // copy.
  return reading(subject, () => Object.assign(Object.create(null), value));
}

/** What `read` gives; a getter or proxy of the caller that throws is a wrong value like others. */
function reading<T>(subject: Subject, read: () => T): T {
  try {
    return read();
  } catch {
    const message = `Expected ${subject.whole} to be an object whose members can be read, got one`;
    throw new DriftkeelTypeError(subject.invalid, `${message} with a member that throws.`);
  }
}

function unknownError(subject: Subject, path: PropertyKey[], hint: string): DriftkeelTypeError {
  const text = pathText(path);
  const name = JSON.stringify(
    text.length > LONGEST_NAME ? `${text.slice(0, LONGEST_NAME)}...` : text,
  );
  return new DriftkeelTypeError(subject.unknown, `Unknown ${subject.part} ${name}; ${hint}`);
}

function invalidError(subject: Subject, issue: z.core.$ZodIssue): Error {
  const { path, message: phrase } = issue;
  const name = path.length === 0 ? subject.whole : `${subject.part} "${pathText(path)}"`;
  const message = `Expected ${name} to be ${phrase}, got ${gotText(issue)}.`;
  return isWrongKind(issue)
    ? new DriftkeelTypeError(subject.invalid, message)
    : new DriftkeelRangeError(subject.invalid, message);
}

/** `replay.share`, `layers[2].size`. */
function pathText(path: readonly PropertyKey[]): string {
  const steps = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`));
  return steps.join("").replace(/^\./, "");
}

function hintFor(name: string, known: readonly string[]): string {
  const near = nearestName(name, known);
  return near === undefined ? `known: ${known.join(", ")}.` : `did you mean "${near}"?`;
}

/**
 * A string that is too long or too short is not shown: it may be a secret, and its length is what
 * matters.
 */
function gotText(issue: z.core.$ZodIssue): string {
  const isLength = issue.code === "too_small" || issue.code === "too_big";
  if (isLength && typeof issue.input === "string") return `one of ${issue.input.length}`;
  return describeValue(issue.input);
}

/**
 * Whether a value is of another kind than asked for (TypeError) or of that kind, but not allowed
 * (RangeError).
 */
function isWrongKind(issue: z.core.$ZodIssue): boolean {
  const { input } = issue;
  switch (issue.code) {
    case "invalid_type":
      return !(typeof input === "number" && /^(number|int)$/.test(issue.expected));
    case "invalid_value":
      return !issue.values.some((allowed) => typeof allowed === typeof input);
    case "custom":
      return typeof input !== "number" && typeof input !== "string";
    case "invalid_union":
      return true;
    default:
      return false;
  }
}

/**
 * The phrase of an issue whose schema has none of its own; for an unknown key of a nested object,
 * the hint.
 */
function phraseOf(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return typePhrase(issue.expected);
    case "invalid_value":
      return (
        (issue.values.length > 1 ? "one of " : "") + issue.values.map(describeValue).join(", ")
      );
    case "too_small":
      return boundPhrase(issue.origin, issue.inclusive ? ">=" : ">", "at least", issue.minimum);
    case "too_big":
      return boundPhrase(issue.origin, issue.inclusive ? "<=" : "<", "at most", issue.maximum);
    case "not_multiple_of":
      return `a multiple of ${issue.divisor}`;
    case "invalid_union":
      return issue.errors.map((issues) => issues[0]!.message).join(" or ");
    case "unrecognized_keys":
      return hintFor(issue.keys[0]!, namesOf(issue.inst as z.core.$ZodObject));
    default:
      return "valid";
  }
}

function typePhrase(expected: string): string {
  if (expected === "int") return "an integer";
  return `${/^[aeiou]/i.test(expected) ? "an" : "a"} ${expected}`;
}

function boundPhrase(origin: string, sign: string, words: string, bound: unknown): string {
  if (origin === "string") return `a string of ${words} ${bound} characters`;
  if (origin === "array") return `an array of ${words} ${bound} elements`;
  return `${typePhrase(origin)} ${sign} ${bound}`;
}
