// What the gate learns from: one call of a tool, what was decided, and what the user made of it.

import * as z from "zod/mini";
import { parseOptions } from "../../foundation.ts";
import { DriftkeelRangeError, DriftkeelTypeError } from "../../index.ts";

/** What is known before a decision. */
export interface GateCall {
  /** Name of the tool that is called: 1..256 characters. */
  tool: string;
  /** Who asks for the call: 1..256 characters. */
  source: string;
  /** Calls in the recent past: an integer >= 0. */
  recentCallCount: number;
  /** Names of the tools called before, oldest first: at most 64. */
  precedingTools: string[];
  /** Of another judge: 0 (harmless) to 1. */
  riskScore: number;
}

/** A call with its decision and what came of it. On the wire names are snake_case. */
export interface TrainingSignal extends GateCall {
  /** What was decided. */
  allowed: boolean;
  /** How the call ended, for people: 1..64 characters. */
  status: string;
  /** >= 0. */
  durationMs: number;
  /** Milliseconds since 1970. */
  timestamp: number;
  /** Whether the user decided the other way. */
  userOverride: boolean;
  /** Whether a call that was blocked turned out to be harmless. */
  falsePositive: boolean;
}

const name = z.string().check(z.minLength(1), z.maxLength(256));
const calls = z.int("an integer >= 0").check(z.minimum(0, "an integer >= 0"));
const unit = "a number from 0 to 1";

const callMembers = {
  tool: name,
  source: name,
  recentCallCount: calls,
  precedingTools: z.array(name).check(z.maxLength(64)),
  riskScore: z.number(unit).check(z.minimum(0, unit), z.maximum(1, unit)),
};

const signalMembers = {
  ...callMembers,
  allowed: z.boolean(),
  status: z.string().check(z.minLength(1), z.maxLength(64)),
  durationMs: z.number("a number >= 0").check(z.minimum(0, "a number >= 0")),
  /** Largest moment that a Date can hold (ECMA-262). */
  timestamp: z.number("milliseconds since 1970").check(z.minimum(0), z.maximum(8.64e15)),
  userOverride: z.boolean(),
  falsePositive: z.boolean(),
};

/** A whole signal is a call, too; its outcome is not looked at. */
const anyCallSchema = z.strictObject({
  ...callMembers,
  allowed: z.optional(z.unknown()),
  status: z.optional(z.unknown()),
  durationMs: z.optional(z.unknown()),
  timestamp: z.optional(z.unknown()),
  userOverride: z.optional(z.unknown()),
  falsePositive: z.optional(z.unknown()),
});
const signalSchema = z.strictObject(signalMembers);

const wireSchema = z.strictObject({
  tool: signalMembers.tool,
  source: signalMembers.source,
  allowed: signalMembers.allowed,
  status: signalMembers.status,
  duration_ms: signalMembers.durationMs,
  timestamp: signalMembers.timestamp,
  user_override: signalMembers.userOverride,
  false_positive: signalMembers.falsePositive,
  recent_call_count: signalMembers.recentCallCount,
  preceding_tools: signalMembers.precedingTools,
  risk_score: signalMembers.riskScore,
});

/** A signal as it is written: names are snake_case. */
export type WireSignal = z.output<typeof wireSchema>;

/**
 * The part of a call or signal that a decision may look at, checked; outcomes are left out. Throws
 * OPTION_INVALID, OPTION_UNKNOWN.
 */
export function parseCall(value: unknown): GateCall {
  const { tool, source, recentCallCount, precedingTools, riskScore } = parseOptions(
    "GateCall",
    anyCallSchema,
    value,
  );
  return { tool, source, recentCallCount, precedingTools, riskScore };
}

/** A checked copy of a signal. Throws OPTION_INVALID, OPTION_UNKNOWN (naming the nearest). */
export function parseSignal(value: unknown): TrainingSignal {
  return parseOptions("TrainingSignal", signalSchema, value);
}

/**
 * The signal that was written with snake_case names; `evil_score` is an older name of `risk_score`.
 * Throws OPTION_INVALID, OPTION_UNKNOWN.
 */
export function fromWire(value: unknown): TrainingSignal {
  const wire = parseOptions("TrainingSignal", wireSchema, withRiskScore(value));
  return {
    tool: wire.tool,
    source: wire.source,
    allowed: wire.allowed,
    status: wire.status,
    durationMs: wire.duration_ms,
    timestamp: wire.timestamp,
    userOverride: wire.user_override,
    falsePositive: wire.false_positive,
    recentCallCount: wire.recent_call_count,
    precedingTools: wire.preceding_tools,
    riskScore: wire.risk_score,
  };
}

/** `signal` with snake_case names, as peers and files have it. Throws as `parseSignal`. */
export function toWire(signal: TrainingSignal): WireSignal {
  const parsed = parseSignal(signal);
  return {
    tool: parsed.tool,
    source: parsed.source,
    allowed: parsed.allowed,
    status: parsed.status,
    duration_ms: parsed.durationMs,
    timestamp: parsed.timestamp,
    user_override: parsed.userOverride,
    false_positive: parsed.falsePositive,
    recent_call_count: parsed.recentCallCount,
    preceding_tools: parsed.precedingTools,
    risk_score: parsed.riskScore,
  };
}

function withRiskScore(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new DriftkeelTypeError(
      "OPTION_INVALID",
      "Expected a TrainingSignal to be an object, got something else.",
    );
  }
  if (!Object.hasOwn(value, "evil_score")) return value;
  if (Object.hasOwn(value, "risk_score")) {
    throw new DriftkeelRangeError(
      "OPTION_INVALID",
      'Expected TrainingSignal option "risk_score" alone, got "evil_score", its older name, too.',
    );
  }
  const { evil_score, ...rest } = value as Record<string, unknown>;
  return { ...rest, risk_score: evil_score };
}

/** What a signal teaches. */
export interface Lesson {
  /** Whether the call should be allowed. */
  shouldAllow: boolean;
  /** How the decision was wrong; undefined when it was right. */
  mistake: "falseAllow" | "falseBlock" | undefined;
}

/**
 * What the outcome says of the decision: it was wrong when the user overrode it, and when a blocked
 * call was a false positive. A false positive that was allowed blames an earlier judge, not the
 * decision.
 */
export function lessonOf({
  allowed,
  userOverride,
  falsePositive,
}: Pick<TrainingSignal, "allowed" | "userOverride" | "falsePositive">): Lesson {
  const wasWrong = userOverride || (falsePositive && !allowed);
  if (!wasWrong) return { shouldAllow: allowed, mistake: undefined };
  return { shouldAllow: !allowed, mistake: allowed ? "falseAllow" : "falseBlock" };
}
