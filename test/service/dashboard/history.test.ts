// What the dashboard reads out of an audit log: verdicts, alerts, the time line, why it is frozen.

import { describe, expect, it } from "vitest";
import type { AuditRecord, Status, Version } from "../../../src/service/dashboard/answers.ts";
import {
  alertsOf,
  freezeReason,
  turnsOf,
  verdictsOf,
} from "../../../src/service/dashboard/history.ts";

/** A log of events in the order they happened; the page gets it newest first. */
function log(...events: [outcome: string, details: Record<string, unknown>][]): AuditRecord[] {
  const records = events.map(([outcome, details], seq) => ({
    seq,
    timestamp: new Date(1000 * seq).toISOString(),
    event_type: "",
    outcome,
    details,
    prev_hash: "",
    hash: "",
  }));
  return records.reverse();
}

const measurements = { lossBefore: 2, lossAfter: 1 };
const started = { reason: "drift", samples: 1200, replayed: 30 };

describe("verdicts", () => {
  it("make one of an acceptance and the promotion that followed", () => {
    const accepted = { reason: "better", measurements };
    const events = log(
      ["update-started", started],
      ["candidate-accepted", accepted],
      ["probation-ended", { version_id: "a", outcome: "superseded", reason: "b came" }],
      ["promoted", { ...accepted, version_id: "b" }],
    );
    expect(verdictsOf(events).map(({ outcome, seq }) => [outcome, seq])).toEqual([
      ["promoted", 3],
      ["probation superseded", 2],
    ]);
    expect(verdictsOf(events)[0]).toMatchObject({
      tone: "good",
      reason: "better",
      origin: "Update after drift: 1,200 samples, 30 replayed",
      numbers: measurements,
    });
  });

  it("keep an acceptance that led to nothing, and say what stopped it", () => {
    const events = log(
      ["update-started", started],
      ["candidate-accepted", { reason: "better", measurements }],
      ["update-failed", { code: "FILE_FAILED", message: "the disk is full" }],
      ["update-started", started],
      ["candidate-accepted", { reason: "again", measurements }],
      ["promoted", { reason: "again", measurements, version_id: "b" }],
    );
    expect(verdictsOf(events).map(({ outcome, reason }) => `${outcome}: ${reason}`)).toEqual([
      "promoted: again",
      "failed: FILE_FAILED: the disk is full",
      "accepted: better",
    ]);
  });

  it("tell rejections, skipped updates, probations and rollbacks apart", () => {
    const events = log(
      ["update-skipped", { obstacle: "few-samples", reason: "too few" }],
      ["candidate-rejected", { reason: "worse", measurements }],
      ["probation-ended", { outcome: "passed", reason: "fine" }],
      ["rolled-back", { from: "b", to: "a", reason: "asked for", measurements: {} }],
      ["frozen", { reason: "holiday" }],
    );
    expect(verdictsOf(events).map(({ outcome, tone }) => [outcome, tone])).toEqual([
      ["rolled back", "bad"],
      ["probation passed", "good"],
      ["rejected", "bad"],
      ["skipped", "calm"],
    ]);
  });
});

it("alerts bring the value and the detector's numbers", () => {
  const events = log(["drift-detected", { value: 2, measurements: { mean: 1 } }], ["unfrozen", {}]);
  expect(alertsOf(events)).toEqual([
    { seq: 0, at: "1970-01-01T00:00:00.000Z", value: 2, numbers: { mean: 1 } },
  ]);
});

it("the time line has kept versions, versions that are gone, and rollbacks", () => {
  const version = (version_id: string, sequence: number, parent: string | null): Version => ({
    version_id,
    sequence,
    saved_at: new Date(1000 * sequence + 1).toISOString(),
    parent,
    is_active: false,
    is_prior: false,
    is_anchor: false,
  });
  const events = log(
    ["promoted", { version_id: "gone" }],
    ["promoted", { version_id: "b" }],
    ["rolled-back", { from: "b", to: "a", reason: "asked for" }],
  );
  const turns = turnsOf([version("b", 1, "a"), version("a", 0, null)], events);
  expect(turns.map(({ kind, id }) => `${kind} ${id}`)).toEqual([
    "rollback 2",
    "version b",
    "version a",
    "version gone",
  ]);
  expect(turns[1]).toMatchObject({ parent: "a", isKept: true });
  expect(turns[3]).toMatchObject({ parent: undefined, isKept: false });
});

it("a freeze is explained by who asked for it, or by the rollback before", () => {
  const status = { state: "frozen", safe_mode: "normal" } as Status;
  const asked = log(["unfrozen", {}], ["frozen", { reason: "holiday" }]);
  expect(freezeReason(status, asked)).toBe("holiday");
  expect(freezeReason({ ...status, state: "ready" }, asked)).toBeUndefined();
  const ended = log(["frozen", { reason: "holiday" }], ["unfrozen", {}]);
  expect(freezeReason({ ...status, safe_mode: "frozen" }, ended)).toMatch(/rollback/);
});
