// Safe mode: frozen, then careful, then normal; with any clock, across restarts.

import { describe, expect, it } from "vitest";
import { SafeMode, type SafeModeOptions } from "../../src/pipeline/promote/safe-mode.ts";

const frozenError = expect.objectContaining({ code: "UPDATES_FROZEN" });
const base = { lr: 0.1, lambda: 4 };

function timed(options: SafeModeOptions = {}) {
  const clock = { ms: 0 };
  const now = () => clock.ms;
  return { clock, mode: new SafeMode({ coolOffMs: 100, recoverAfter: 2, now, ...options }) };
}

describe("SafeMode", () => {
  it("changes nothing before a rollback", () => {
    const { mode } = timed();
    expect(mode.mode).toBe("normal");
    expect(mode.adjust(base)).toEqual(base);
    mode.recordAccepted();
    expect(mode.remainingMs).toBe(0);
    expect(mode.clear()).toBe(false);
    expect(mode.mode).toBe("normal");
  });

  it("freezes until the cool-off ends, to the millisecond", () => {
    const { clock, mode } = timed();
    mode.enter();
    clock.ms = 99;
    expect(mode.mode).toBe("frozen");
    expect(mode.remainingMs).toBe(1);
    expect(() => mode.adjust(base)).toThrowError(frozenError);
    expect(() => mode.recordAccepted()).toThrowError(frozenError);
    clock.ms = 100;
    expect(mode.mode).toBe("recovering");
    expect(mode.remainingMs).toBe(0);
  });

  it("halves the learning rate and doubles lambda until recoverAfter updates are accepted", () => {
    const { clock, mode } = timed();
    mode.enter();
    clock.ms = 100;
    for (let update = 0; update < 2; update++) {
      expect(mode.adjust(base)).toEqual({ lr: 0.05, lambda: 8 });
      mode.recordAccepted();
    }
    expect(mode.mode).toBe("normal");
    expect(mode.adjust(base)).toEqual(base);
  });

  it("is cleared by an operator, and still careful afterwards", () => {
    const { mode } = timed();
    mode.enter();
    expect(mode.clear()).toBe(true);
    expect(mode.mode).toBe("recovering");
    expect(mode.clear()).toBe(false);
    expect(mode.adjust(base)).toEqual({ lr: 0.05, lambda: 8 });
  });

  it("starts over with the next rollback", () => {
    const { clock, mode } = timed();
    mode.enter();
    clock.ms = 50;
    mode.enter();
    clock.ms = 149;
    expect(mode.mode).toBe("frozen");
    clock.ms = 150;
    mode.recordAccepted();
    mode.enter();
    mode.clear();
    mode.recordAccepted();
    expect(mode.mode).toBe("recovering");
    expect(mode.adjust(base)).toEqual({ lr: 0.05, lambda: 8 });
  });

  it("is not frozen longer than one cool-off by a clock that went back", () => {
    const { clock, mode } = timed();
    clock.ms = 1_000_000;
    mode.enter();
    clock.ms = 10;
    expect(mode.mode).toBe("frozen");
    clock.ms = 110;
    expect(mode.mode).toBe("recovering");
  });

  it("takes a Date for the time, and a cool-off of 0", () => {
    const mode = new SafeMode({ coolOffMs: 0, now: () => new Date(5) });
    mode.enter();
    expect(mode.mode).toBe("recovering");
  });

  it("goes on after a restart where it stood", () => {
    const { clock, mode } = timed();
    mode.enter();
    clock.ms = 30;
    const copy = () => {
      const other = new SafeMode({ coolOffMs: 100, recoverAfter: 2, now: () => clock.ms });
      other.restore(JSON.parse(JSON.stringify(mode.state())));
      return other;
    };
    expect(copy().remainingMs).toBe(70);
    clock.ms = 100;
    mode.recordAccepted();
    const recovering = copy();
    recovering.recordAccepted();
    expect(recovering.mode).toBe("normal");
    expect(mode.mode).toBe("recovering");
  });

  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["an unknown mode", { mode: "asleep", frozenAtMs: null, accepted: 0 }],
    ["frozen since never", { mode: "frozen", frozenAtMs: null, accepted: 0 }],
    ["normal since a freeze", { mode: "normal", frozenAtMs: 5, accepted: 0 }],
    ["half an update", { mode: "recovering", frozenAtMs: null, accepted: 0.5 }],
    ["an unknown member", { mode: "normal", frozenAtMs: null, accepted: 0, x: 1 }],
  ])("refuses the state of %s and stays as it was", (_, state) => {
    const { mode } = timed();
    mode.enter();
    const before = mode.state();
    expect(() => mode.restore(state)).toThrowError(
      expect.objectContaining({ code: "STATE_INVALID" }),
    );
    expect(mode.state()).toEqual(before);
  });

  it.each<[string, object, string]>([
    ["a negative cool-off", { coolOffMs: -1 }, "OPTION_INVALID"],
    ["recovery after nothing", { recoverAfter: 0 }, "OPTION_INVALID"],
    ["an unknown option", { coolOff: 1 }, "OPTION_UNKNOWN"],
  ])("refuses %s", (_, options, code) => {
    expect(() => new SafeMode(options)).toThrowError(expect.objectContaining({ code }));
  });

  it("refuses a strength that is no number", () => {
    const { mode } = timed();
    expect(() => mode.adjust({ lr: Number.NaN, lambda: 1 })).toThrowError(
      expect.objectContaining({ code: "ARGUMENT_RANGE" }),
    );
    expect(() => mode.adjust({ lr: 1, lambda: "2" as never })).toThrowError(
      expect.objectContaining({ code: "ARGUMENT_TYPE" }),
    );
  });
});
