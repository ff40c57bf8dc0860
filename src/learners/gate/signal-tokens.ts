// A call as a sequence of tokens: what the gate's model reads.

import { DriftkeelRangeError, DriftkeelTypeError } from "../../index.ts";
import type { GateCall } from "./training-signal.ts";

/** Ids below are the gate's own; a tokenizer gives none of them. */
export const RESERVED_IDS = 16;
/** Before the tool. */
const TOOL = 4;
/** Before the source. */
const GATE = 5;
/** Once for each recent call. */
export const RECENT_CALL = 6;
/** Around the preceding tools. */
const SEP = 7;
/** Recent calls that are told apart. */
export const MAX_RECENT_CALLS = 10;

/** Ids are used as f32 when they are hashed, which holds integers up to here exactly. */
const LARGEST_ID = 2 ** 24;
/** Tokens that one name may have. */
const MAX_TOKENS = 1024;

/** Anything that turns a text into ids of 16..2^24. */
export interface Tokenizer {
  encode(text: string): number[];
}

/**
 * The tokens of a call:
 *
 *     4 tool 5 source [7 (preceding 7)...] 6 x min(recentCallCount, 10)
 *
 * The part in brackets is there when there are preceding tools. What came of the call (allowed,
 * status, userOverride, falsePositive) and when is never encoded, so a signal and its call give the
 * same. Throws ARGUMENT_RANGE when the tokenizer gives a reserved id.
 */
export function signalToTokens(
  signal: Pick<GateCall, "tool" | "source" | "precedingTools" | "recentCallCount">,
  tokenizer: Tokenizer,
): number[] {
  const { tool, source, precedingTools, recentCallCount } = signal;
  const encode = (text: string) => checkedTokens(tokenizer.encode(text));
  const tokens = [TOOL, ...encode(tool), GATE, ...encode(source)];
  if (precedingTools.length > 0) {
    tokens.push(SEP);
    for (const preceding of precedingTools) tokens.push(...encode(preceding), SEP);
  }
  const calls = Math.min(recentCallCount, MAX_RECENT_CALLS);
  for (let call = 0; call < calls; call++) tokens.push(RECENT_CALL);
  return tokens;
}

function checkedTokens(tokens: number[]): number[] {
  if (!Array.isArray(tokens)) {
    throw new DriftkeelTypeError(
      "ARGUMENT_TYPE",
      "Expected tokenizer.encode(text) to give an array of ids, got something else.",
    );
  }
  if (tokens.length > MAX_TOKENS) {
    throw new DriftkeelRangeError(
      "ARGUMENT_RANGE",
      `Expected at most ${MAX_TOKENS} tokens of one name, got ${tokens.length}.`,
    );
  }
  const isId = (id: number) => Number.isInteger(id) && id >= RESERVED_IDS && id <= LARGEST_ID;
  const wrong = tokens.find((id) => !isId(id));
  if (wrong === undefined) return tokens;
  throw new DriftkeelRangeError(
    "ARGUMENT_RANGE",
    `Expected tokenizer.encode(text) to give integers from ${RESERVED_IDS} to ${LARGEST_ID} ` +
      `(ids below are reserved), got ${wrong}.`,
  );
}
