// Makes a run for the tests of the page.

import type { PageInput } from "../../../src/replay/page/report-page.ts";
import type { ReplayEvent } from "../../../src/replay/replay-event.ts";
import { parseReplayOptions } from "../../../src/replay/replay-options.ts";
import { summariseReplay } from "../../../src/replay/replay-summary.ts";
import {
  baseTrained,
  daySettled,
  driftDetected,
  naiveUpdated,
  updateSettled,
} from "../replay-events.ts";
import { syntheticBars } from "../synthetic-bars.ts";

/** All days of the file. */
export const bars = syntheticBars(300);

/** Those that are traded. */
export const live = bars.slice(150);

/** 150 days with alerts every 10 days and updates every 20, each third of them rejected. */
export function eventsOf(updateMs: number): ReplayEvent[] {
  return live.flatMap(({ date }, day) => [
    ...(day % 10 === 9 ? [{ ...driftDetected(date), action: "update" } as const] : []),
    ...(day % 20 === 19
      ? [
          updateSettled(date, day % 60 === 59 ? "update-rejected" : "update-promoted", updateMs),
          naiveUpdated(date, "naive-updated"),
        ]
      : []),
    daySettled(date, 0.01 * Math.sin(day) + 0.001),
  ]);
}

/** Everything the page is made of. */
export function pageInput(name = "prices.csv", events = eventsOf(1)): PageInput {
  return {
    file: { name, sha256: "a".repeat(64), bars },
    settings: parseReplayOptions(),
    base: baseTrained,
    summaries: summariseReplay(bars, baseTrained, events),
    log: { lines: 30, sha256: "b".repeat(64) },
    versionId: "20040102-000000-0001",
    events,
  };
}
