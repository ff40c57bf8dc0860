// Makes events of a replay for the tests.

import type {
  BaseTrained,
  DaySettled,
  DriftDetected,
  NaiveUpdated,
  UpdateSettled,
} from "../../src/replay/replay-event.ts";

const inSample = { sharpe: 2, annualReturn: 0.3, maxDrawdown: 0.1 };
const alike = { static: inSample, naive: inSample, driftkeel: inSample };

/** A base network with an in-sample Sharpe ratio of 2, and 0.02 for holding. */
export const baseTrained: BaseTrained = {
  kind: "base-trained",
  date: "2003-12-31",
  samples: 700,
  steps: 300,
  lossBefore: 0.01,
  lossAfter: -0.25,
  inSample: { ...alike, hold: { ...inSample, sharpe: 0.02 } },
};

/** A day on which holding earned `pnl`, static half of it, driftkeel double; naive lost `pnl`. */
export function daySettled(date: string, pnl: number): DaySettled {
  return {
    kind: "day-settled",
    date,
    pnl: { hold: pnl, static: pnl / 2, naive: -pnl, driftkeel: 2 * pnl },
    position: { hold: 1, static: 0.5, naive: 0.25, driftkeel: -0.5 },
    rollingSharpe: 0.75,
  };
}

/** An alert of that day. */
export function driftDetected(date: string): DriftDetected {
  return {
    kind: "drift-detected",
    date,
    currentSharpe: -2.5,
    meanSharpe: 0.5,
    threshold: -1.25,
    windowSize: 30,
    action: "held-off",
    obstacle: "for the test",
  };
}

/** An update of that day that took `elapsedMs`; a failed one has no loss afterwards. */
export function updateSettled(
  date: string,
  kind: UpdateSettled["kind"],
  elapsedMs: number,
): UpdateSettled {
  return {
    kind,
    date,
    trigger: "schedule",
    days: {
      trainFrom: "2003-01-02",
      trainTo: "2003-09-30",
      holdoutFrom: "2003-10-01",
      holdoutTo: "2003-12-30",
      replaySamples: 40,
    },
    lossBefore: 0.5,
    ...(kind === "update-failed" ? {} : { lossAfter: 0.25 }),
    measurements: { lossBefore: 0.5 },
    ...(kind === "update-promoted" ? { versionId: "20040102-000000-0001" } : {}),
    steps: 40,
    reason: "for the test",
    elapsedMs,
  };
}

/** The naive trader's update of that day; a failed one has no loss. */
export function naiveUpdated(date: string, kind: NaiveUpdated["kind"]): NaiveUpdated {
  const days = { trainFrom: "2003-01-02", trainTo: "2003-12-30" };
  if (kind === "naive-update-failed") return { kind, date, ...days, steps: 0 };
  return { kind, date, ...days, loss: { before: 0.125, after: -0.5 }, steps: 40 };
}
