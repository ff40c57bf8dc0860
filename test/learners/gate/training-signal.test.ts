// Training signals: their two forms, and what their outcome says of the decision.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  fromWire,
  lessonOf,
  type TrainingSignal,
  toWire,
} from "../../../src/learners/gate/index.ts";
import { signal, signals } from "./signals.ts";

describe("a training signal on the wire", () => {
  it("has snake_case names", () => {
    expect(toWire(signal())).toEqual({
      tool: "read_file",
      source: "user_prompt",
      allowed: true,
      status: "ok",
      duration_ms: 12,
      timestamp: 1_700_000_000_000,
      user_override: false,
      false_positive: false,
      recent_call_count: 2,
      preceding_tools: ["search_code"],
      risk_score: 0.25,
    });
  });

  it("comes back as it was, whatever it says", () => {
    fc.assert(
      fc.property(signals, (each) => {
        expect(fromWire(JSON.parse(JSON.stringify(toWire(each))))).toEqual(each);
      }),
    );
  });

  it("may call its risk by the older name evil_score", () => {
    const { risk_score, ...rest } = toWire(signal());
    expect(fromWire({ ...rest, evil_score: 0.75 })).toEqual(signal({ riskScore: 0.75 }));
    expect(() => fromWire({ ...rest, evil_score: 0.75, risk_score })).toThrow(/older name/);
  });

  it("is refused with the nearest name of one that is unknown", () => {
    const wire = { ...toWire(signal()), user_overide: true };
    expect(() => fromWire(wire)).toThrow(/did you mean "user_override"/);
  });

  it.each([
    ["tool", ""],
    ["tool", "x".repeat(257)],
    ["allowed", 1],
    ["duration_ms", -1],
    ["timestamp", Number.NaN],
    ["recent_call_count", 1.5],
    ["preceding_tools", Array(65).fill("a")],
    ["risk_score", 1.01],
    ["status", null],
  ])("is refused with a wrong %s: %j", (name, value) => {
    expect(() => fromWire({ ...toWire(signal()), [name]: value })).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID", message: expect.stringContaining(name) }),
    );
  });
});

describe("the lesson of a signal", () => {
  type Outcome = Pick<TrainingSignal, "allowed" | "userOverride" | "falsePositive">;
  const cases: [Outcome, boolean, string | undefined][] = [
    [{ allowed: true, userOverride: false, falsePositive: false }, true, undefined],
    [{ allowed: false, userOverride: false, falsePositive: false }, false, undefined],
    [{ allowed: true, userOverride: true, falsePositive: false }, false, "falseAllow"],
    [{ allowed: false, userOverride: true, falsePositive: false }, true, "falseBlock"],
    [{ allowed: false, userOverride: false, falsePositive: true }, true, "falseBlock"],
    [{ allowed: false, userOverride: true, falsePositive: true }, true, "falseBlock"],
    [{ allowed: true, userOverride: false, falsePositive: true }, true, undefined],
    [{ allowed: true, userOverride: true, falsePositive: true }, false, "falseAllow"],
  ];
  it.each(cases)("of %j is to allow: %s, mistake: %s", (outcome, shouldAllow, mistake) => {
    expect(lessonOf(outcome)).toEqual({ shouldAllow, mistake });
  });
});
