// Runs one replay from bars to files: events to the caller, everything else to the folder.

import { join } from "node:path";
import { DriftkeelError } from "../errors.ts";
import { type CurrentVersion, readCurrent } from "../store/current-record.ts";
import { FileStore } from "../store/file-store.ts";
import { replaceSingleFile } from "../store/single-file.ts";
import type { ArchitectureSearch } from "./architecture-search.ts";
import type { BarFile } from "./bars.ts";
import { DecisionLog } from "./decision-log.ts";
import { replayMarket } from "./market-replay.ts";
import { pageText } from "./page/report-page.ts";
import type { ArchitectureProposed, ReplayEvent } from "./replay-event.ts";
import { parseReplayOptions, type ReplayOptions } from "./replay-options.ts";
import { type RegimeSummary, summariseReplay } from "./replay-summary.ts";
import { type ReportInput, reportText } from "./report.ts";
import { REPLAY_MODEL } from "./signal-learner.ts";
import { StagedFolder } from "./staged-folder.ts";
import { splitWarmUp } from "./warm-up.ts";

/** Where a replay writes, and who listens. */
export interface ReplayRun {
  /** Everything goes into its folder `replay`. */
  baseDir: string;
  /** Called with each event, in order, before the replay goes on. */
  onEvent?: (event: ReplayEvent) => void;
  /** Ends the replay between two events; the folder of the run before stays. */
  signal?: AbortSignal;
  /** Looks for other architectures after alerts. */
  search?: ArchitectureSearch | undefined;
}

/** What a finished replay leaves behind. */
export interface ReplayResult {
  base: ReportInput["base"];
  summaries: RegimeSummary[];
  /** The text of report.json. */
  report: string;
  reportPath: string;
  /** The page for people, report.html. */
  pagePath: string;
  decisionsPath: string;
  /** The audit log of driftkeel. */
  auditPath: string;
  versionsPath: string;
  /** Which version serves, and the one before it. */
  current: Pick<CurrentVersion, "activeId" | "priorId">;
  /** Architectures that were proposed. */
  proposals: readonly ArchitectureProposed[];
  /** As it was given. */
  baseDir: string;
}

/**
 * Replays the bars of a file into the folder `replay`, which replaces that of the run before when
 * everything has been computed and not earlier: `decisions.jsonl`, `report.json`, `report.html`,
 * and driftkeel's `audit.jsonl`, `versions/`, `current.json` and state.
 * Throws `OPTION_INVALID`, `OPTION_UNKNOWN`, `DATA_EMPTY` before it starts, `FILE_FAILED`,
 * `STORE_LOCKED` (a process works on that folder), and `UPDATE_CANCELLED` when `signal` is aborted.
 */
export async function runReplay(
  file: BarFile,
  options: ReplayOptions,
  { baseDir, onEvent, signal, search }: ReplayRun,
): Promise<ReplayResult> {
  const settings = parseReplayOptions(options);
  const { warmUp, live } = splitWarmUp(file.bars, settings.warmupYears);
  const folder = await StagedFolder.open(join(baseDir, REPLAY_MODEL));
  try {
    const log = await DecisionLog.open(join(folder.stage, "decisions.jsonl"));
    const events: ReplayEvent[] = [];
    const place = { storagePath: folder.stage, search };
    try {
      for await (const event of replayMarket(warmUp, live, settings, place)) {
        if (signal?.aborted) throw interrupted();
        events.push(event);
        await log.append(event);
        onEvent?.(event);
      }
    } finally {
      await log.close();
    }
    const base = events.find((event) => event.kind === "base-trained")!;
    const summaries = summariseReplay(file.bars, base, events);
    const current = await currentOf(folder.stage);
    const versionId = current.activeId;
    const proposals = events.filter((event) => event.kind === "architecture-proposed");
    const found = search && { proposals };
    const input = { file, settings, base, summaries, log: log.digest(), versionId, ...found };
    const report = reportText(input);
    const write = (name: string, text: string) =>
      replaceSingleFile(join(folder.stage, name), new TextEncoder().encode(text));
    await write("report.json", report);
    await write("report.html", pageText({ ...input, events }));
    await folder.publish();
    const at = (name: string) => join(folder.path, name);
    return {
      base,
      summaries,
      report,
      reportPath: at("report.json"),
      pagePath: at("report.html"),
      decisionsPath: at("decisions.jsonl"),
      auditPath: at("audit.jsonl"),
      versionsPath: at("versions"),
      current,
      proposals,
      baseDir,
    };
  } finally {
    await folder.discard();
  }
}

async function currentOf(storagePath: string): Promise<CurrentVersion> {
  const store = await FileStore.open({ storagePath, readOnly: true });
  // The learner promoted its first version before the first day.
  return (await readCurrent(store).finally(() => store.close()))!;
}

function interrupted(): DriftkeelError {
  const message = "The replay was interrupted; the files of the run before are as they were.";
  return new DriftkeelError("UPDATE_CANCELLED", message);
}
