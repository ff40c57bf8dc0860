// Runs one replay from bars to files: events to the caller, decisions and reports to the folder.

import { join } from "node:path";
import { DriftkeelError } from "../errors.ts";
import type { BarFile } from "./bars.ts";
import { DecisionLog } from "./decision-log.ts";
import { replayMarket } from "./market-replay.ts";
import { pageText } from "./page/report-page.ts";
import type { BaseTrained, ReplayEvent } from "./replay-event.ts";
import { parseReplayOptions, type ReplayOptions } from "./replay-options.ts";
import { type RegimeSummary, summariseReplay } from "./replay-summary.ts";
import { reportText } from "./report.ts";
import { StagedFile } from "./staged-file.ts";
import { splitWarmUp } from "./warm-up.ts";

/** Where a replay writes, and who listens. */
export interface ReplayRun {
  /** The files go into its folder `replay`. */
  baseDir: string;
  /** Called with each event, in order, before the replay goes on. */
  onEvent?: (event: ReplayEvent) => void;
  /** Ends the replay between two events; the files of the run before stay. */
  signal?: AbortSignal;
}

/** What a finished replay leaves behind. */
export interface ReplayResult {
  base: BaseTrained;
  summaries: RegimeSummary[];
  /** The text of report.json. */
  report: string;
  reportPath: string;
  /** The page for people, report.html. */
  pagePath: string;
  decisionsPath: string;
}

/**
 * Replays the bars of a file and puts `decisions.jsonl`, `report.json` and `report.html` in the
 * folder `replay` in place of those of the run before, when everything has been computed and not
 * earlier.
 * Throws `OPTION_INVALID`, `OPTION_UNKNOWN`, `DATA_EMPTY` before it starts, `FILE_FAILED`, and
 * `UPDATE_CANCELLED` when `signal` is aborted.
 */
export async function runReplay(
  file: BarFile,
  options: ReplayOptions,
  { baseDir, onEvent, signal }: ReplayRun,
): Promise<ReplayResult> {
  const settings = parseReplayOptions(options);
  const { warmUp, live } = splitWarmUp(file.bars, settings.warmupYears);
  const decisionsPath = join(baseDir, "replay", "decisions.jsonl");
  const reportPath = join(baseDir, "replay", "report.json");
  const pagePath = join(baseDir, "replay", "report.html");
  const log = await DecisionLog.open(decisionsPath);
  try {
    const events: ReplayEvent[] = [];
    for await (const event of replayMarket(warmUp, live, settings)) {
      if (signal?.aborted) throw interrupted();
      events.push(event);
      await log.append(event);
      onEvent?.(event);
    }
    const base = events.find((event) => event.kind === "base-trained")!;
    const summaries = summariseReplay(file.bars, base, events);
    const input = { file, settings, base, summaries, log: log.digest() };
    const report = reportText(input);
    await publish(log, [
      { path: reportPath, text: report },
      { path: pagePath, text: pageText({ ...input, events }) },
    ]);
    return { base, summaries, report, reportPath, pagePath, decisionsPath };
  } finally {
    await log.discard();
  }
}

/** Puts log and reports in place once all are written; the reports name the log by its digest. */
async function publish(
  log: DecisionLog,
  reports: readonly { path: string; text: string }[],
): Promise<void> {
  const stages: StagedFile[] = [];
  try {
    for (const { path, text } of reports) {
      const stage = await StagedFile.open(path);
      stages.push(stage);
      await stage.append(text);
    }
    await log.publish();
    for (const stage of stages) await stage.publish();
  } finally {
    for (const stage of stages) await stage.discard();
  }
}

function interrupted(): DriftkeelError {
  const message = "The replay was interrupted; the files of the run before are as they were.";
  return new DriftkeelError("UPDATE_CANCELLED", message);
}
