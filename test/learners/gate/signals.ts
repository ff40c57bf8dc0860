// Training signals for the tests of the gate: a plain one, and any.

import fc from "fast-check";
import type { TrainingSignal } from "../../../src/learners/gate/index.ts";

/** A harmless call that was allowed. */
export function signal(more: Partial<TrainingSignal> = {}): TrainingSignal {
  return {
    tool: "read_file",
    source: "user_prompt",
    allowed: true,
    status: "ok",
    durationMs: 12,
    timestamp: 1_700_000_000_000,
    userOverride: false,
    falsePositive: false,
    recentCallCount: 2,
    precedingTools: ["search_code"],
    riskScore: 0.25,
    ...more,
  };
}

const name = fc.string({ unit: "binary", minLength: 1, maxLength: 20 });

/** Any valid signal that JSON can hold. */
export const signals: fc.Arbitrary<TrainingSignal> = fc.record({
  tool: name,
  source: name,
  allowed: fc.boolean(),
  status: name,
  durationMs: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map(withoutSign),
  timestamp: fc.integer({ min: 0, max: 8.64e15 }),
  userOverride: fc.boolean(),
  falsePositive: fc.boolean(),
  recentCallCount: fc.nat(),
  precedingTools: fc.array(name, { maxLength: 6 }),
  riskScore: fc.double({ min: 0, max: 1, noNaN: true }).map(withoutSign),
});

/** JSON has no -0. */
function withoutSign(value: number): number {
  return value === 0 ? 0 : value;
}
