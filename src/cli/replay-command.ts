// `driftkeel replay`: replays a market day by day and shows what learning on the way was worth.

import { Command, InvalidArgumentError } from "commander";
import { readBars } from "../replay/bars.ts";
import { parseReplayOptions } from "../replay/replay-options.ts";
import { runReplay } from "../replay/run-replay.ts";
import { ReplayProgress } from "./replay-progress.ts";
import { ReplaySearch } from "./replay-search.ts";
import { DEFAULT_BASE_DIR, replayTable } from "./replay-table.ts";
import { sampleDataPath } from "./sample-data.ts";
import { hasColors, type Terminal } from "./terminal.ts";

const DESCRIPTION =
  "Replay daily prices (OHLCV): train a signal on the first years; then, day by day, predict, " +
  "observe the P&L, notice drift, update, judge, and keep or undo.";

const EXAMPLES = `
Without a file: the S&P 500 of 2000-2020 from the package vega-datasets.

Examples:
  $ driftkeel replay
  $ driftkeel replay prices.csv --warmup-years 5 --cost-bps 2
  $ driftkeel replay --json --quiet > report.json
  $ driftkeel replay --nas

A file has a header with date (YYYY-MM-DD), open, high, low, close and, where
known, adjclose and volume, and below it one line a day in ascending order.
Exit codes: 0 done, 2 wrong usage, 5 failed.`;

/** The flags as commander hands them over. */
interface Flags {
  seed: number;
  warmupYears: number;
  scheduleDays: number;
  costBps: number;
  baseDir: string;
  nas?: true;
  json?: true;
  quiet?: true;
}

function toNumber(text: string): number {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Expected a number.");
}

/** Describes the command; running it throws what `readBars` and `runReplay` throw. */
export function replayCommand(terminal: Terminal): Command {
  const command: Command = new Command("replay")
    .summary("replay a market with learning switched on")
    .description(DESCRIPTION)
    .argument("[csv]", "file with daily prices")
    .option("--seed <integer>", "seed of everything random", toNumber, 1)
    .option("--warmup-years <integer>", "years the base network is trained on", toNumber, 3)
    .option("--schedule-days <integer>", "trading days between scheduled updates", toNumber, 21)
    .option("--cost-bps <number>", "cost of trading, in basis points", toNumber, 1)
    .option("--nas", "search other architectures after drift alerts, and propose them")
    .option("--base-dir <folder>", "the folder that holds a folder per model", DEFAULT_BASE_DIR)
    .option("--json", "print the report as JSON instead of tables")
    .option("--quiet", "show no progress and no tables, only errors")
    .addHelpText("after", EXAMPLES);
  return command.action(async (csv: string | undefined, flags: Flags) => {
    const path = csv ?? sampleDataPath();
    if (path === undefined) {
      command.error("error: Expected a CSV file, as vega-datasets is not installed; name one.");
    }
    await replay(path, flags, terminal);
  });
}

async function replay(path: string, flags: Flags, { stdout, stderr }: Terminal): Promise<void> {
  const { baseDir, nas, json, quiet, ...options } = flags;
  // Wrong flags are reported before anything is read or shown.
  const settings = parseReplayOptions(options);
  const file = await readBars(path);
  const progress = quiet ? undefined : new ReplayProgress(stderr, file);
  const search = nas && new ReplaySearch(settings.seed);
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  try {
    const result = await runReplay(file, settings, {
      baseDir,
      onEvent: (event) => progress?.show(event),
      signal: interruption.signal,
      search,
    });
    progress?.finish();
    if (json) stdout.write(result.report);
    else if (!quiet) stdout.write(replayTable(result, hasColors(stdout)));
  } finally {
    search?.dispose();
    progress?.finish();
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}
