// `driftkeel router run`: one cycle of the router.

import type { Command } from "commander";
import {
  type CycleOutcome,
  type CycleReport,
  reportRecord,
  runRouterCycle,
} from "../learners/router/index.ts";
import { EXIT_CODE, type ExitCode } from "./exit-code.ts";
import { folderCommand, type OutputFlags, present } from "./model-flags.ts";
import { countOf, readSuite, routerPath, seedOf } from "./router-files.ts";
import { reportText } from "./router-report-text.ts";
import type { Session } from "./session.ts";

const DESCRIPTION =
  "One cycle: index the trajectories, train a challenger on the new ones, run it and the active " +
  "router on the benchmark, and promote it when every gate holds. Each attempt leaves a report " +
  "in <base-dir>/router/reports. Without a terminal the report is printed as JSON.";

const EXAMPLES = `
Examples:
  $ driftkeel router run --min-new-trajectories 200
  $ driftkeel router run --dry-run --suite benchmark.json

Exit codes: 0 promoted, 2 wrong usage, 3 skipped, 4 rejected, 5 failed, 7 a running process has the
folder. With --dry-run they say what would have come of it.`;

const EXIT_CODE_OF: Record<CycleOutcome, ExitCode> = {
  promoted: EXIT_CODE.done,
  skipped: EXIT_CODE.skipped,
  rejected: EXIT_CODE.rejected,
  failed: EXIT_CODE.failed,
};

interface RunFlags extends OutputFlags {
  baseDir: string;
  minNewTrajectories: string;
  seenTrajectoryStore?: string;
  dryRun?: true;
  baselineVersion?: string;
  caseIndex?: string;
  rebuildCaseIndex?: true;
  suite?: string;
  seed: string;
}

/** Describes the command. */
export function routerRunCommand(session: Session): Command {
  return folderCommand("run", DESCRIPTION, EXAMPLES)
    .summary("one cycle of the router")
    .option("--min-new-trajectories <count>", "fewer are not enough for a cycle", "100")
    .option("--seen-trajectory-store <file>", "where the learned ones are noted")
    .option("--dry-run", "change nothing but the report")
    .option("--baseline-version <id>", "start from this version and compare with it")
    .option("--case-index <file>", "an index of past cases to rebuild after the cycle")
    .option("--rebuild-case-index", "rebuild it after a skipped cycle too")
    .option("--suite <file>", "the benchmark; default <base-dir>/router/suite.json")
    .option("--seed <number>", "of the training", "0")
    .action(
      session.action(async (flags: RunFlags) => {
        const report = await runCycle(flags);
        const hasTerminal = session.stdout.isTTY === true;
        const shown = hasTerminal || flags.quiet ? flags : { ...flags, json: true as const };
        present(session, shown, reportRecord(report), (colors) => reportText(report, colors));
        return EXIT_CODE_OF[report.outcome];
      }),
    );
}

async function runCycle(flags: RunFlags): Promise<CycleReport> {
  const { baseDir, seenTrajectoryStore, baselineVersion, caseIndex } = flags;
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  const suite = await readSuite(baseDir, flags.suite);
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  try {
    return await runRouterCycle({
      path: routerPath(baseDir),
      suite,
      minNewTrajectories: countOf("--min-new-trajectories", flags.minNewTrajectories),
      seed: seedOf(flags.seed),
      dryRun: flags.dryRun === true,
      rebuildCaseIndex: flags.rebuildCaseIndex === true,
      ...(seenTrajectoryStore !== undefined && { seenPath: seenTrajectoryStore }),
      ...(baselineVersion !== undefined && { baselineVersion }),
      ...(caseIndex !== undefined && { caseIndexPath: caseIndex }),
      signal: interruption.signal,
    });
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}
