// report.json has a fixed shape, finite numbers, and nothing of the machine or the moment.

import { describe, expect, it } from "vitest";
import { parseReplayOptions } from "../../src/replay/replay-options.ts";
import { summariseReplay } from "../../src/replay/replay-summary.ts";
import { type ReportInput, reportText } from "../../src/replay/report.ts";
import { baseTrained, daySettled, updateSettled } from "./replay-events.ts";
import { syntheticBars } from "./synthetic-bars.ts";

const bars = syntheticBars(200);

function input(updateMs: number): ReportInput {
  const events = [
    daySettled(bars[150]!.date, 0.01),
    updateSettled(bars[150]!.date, "update-promoted", updateMs),
  ];
  return {
    file: { name: "prices.csv", sha256: "abc", bars },
    settings: parseReplayOptions(),
    base: baseTrained,
    summaries: summariseReplay(bars, baseTrained, events),
    log: { lines: 2, sha256: "def" },
    versionId: "20040102-000000-0001",
  };
}

describe("reportText", () => {
  const report = JSON.parse(reportText(input(1)));

  it("has its members in a fixed order", () => {
    expect(Object.keys(report)).toEqual([
      "report_version",
      "data",
      "settings",
      "base",
      "regimes",
      "active_version",
      "decisions",
    ]);
    expect(Object.keys(report.regimes[0])).toEqual([
      "regime",
      "days",
      "drift_alerts",
      "promotions",
      "rejections",
      "updates_failed",
      "rollbacks",
      "naive_updates_kept",
      "naive_updates_failed",
      "hold",
      "static",
      "naive",
      "driftkeel",
    ]);
    expect(report.data).toEqual({
      file: "prices.csv",
      sha256: "abc",
      bars: 200,
      first_date: bars[0]!.date,
      last_date: bars[199]!.date,
    });
  });

  it("writes every member in snake_case", () => {
    const names: string[] = [];
    JSON.stringify(report, (name, value) => {
      names.push(name);
      return value;
    });
    expect(names.filter((name) => !/^[a-z0-9_]*$/.test(name))).toEqual([]);
  });

  it("states every setting", () => {
    const count = (value: object): number =>
      Object.values(value).reduce((n, v) => n + (typeof v === "object" ? count(v) : 1), 0);
    expect(count(report.settings)).toBe(count(parseReplayOptions()));
  });

  it("does not depend on how long updates took", () => {
    expect(reportText(input(1))).toBe(reportText(input(99)));
  });

  it("refuses a number that is not finite", () => {
    const broken = input(1);
    broken.base = { ...baseTrained, lossAfter: Number.NaN };
    expect(() => reportText(broken)).toThrow("Expected finite numbers in a report, got NaN");
  });
});
