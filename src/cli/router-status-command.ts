// `driftkeel router status`: the versions of the router, its trajectories, its last cycle.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { SeenTrajectories } from "../learners/router/index.ts";
import { EXIT_CODE } from "./exit-code.ts";
import { folderCommand, type OutputFlags, present } from "./model-flags.ts";
import { chooseModel } from "./model-folders.ts";
import { readStatus } from "./model-status.ts";
import { routerPath } from "./router-files.ts";
import type { Session } from "./session.ts";
import { statusRecord, statusText } from "./status-text.ts";
import { drawPairs } from "./text-table.ts";

const EVENTS = 3;
const DESCRIPTION =
  "Show which version of the router is active and why, how many trajectories there are and were " +
  "learned, and how the last cycle ended. Changes nothing, and works beside a running cycle.";
const EXAMPLES = `
Examples:
  $ driftkeel router status
  $ driftkeel router status --json

Exit codes: 0 done, damage included; 2 wrong usage, or no version yet; 5 failed.`;

/** Describes the command. */
export function routerStatusCommand(session: Session): Command {
  return folderCommand("status", DESCRIPTION, EXAMPLES)
    .summary("what is active, and how the last cycle ended")
    .action(
      session.action(async (flags: OutputFlags & { baseDir: string }) => {
        const status = await readStatus(await chooseModel(flags.baseDir, "router"), EVENTS);
        const work = await readWork(routerPath(flags.baseDir));
        present(session, flags, { ...statusRecord(status), ...work }, (colors) => {
          const { files, learned, last_report: last } = work;
          const cycle = last ? `${last.outcome}: ${last.reason}` : "none";
          const pairs = [
            ["trajectories", `${files} files, ${learned} learned`],
            ["last cycle", cycle],
          ] as const;
          return statusText(status, colors) + drawPairs(pairs, colors);
        });
        return EXIT_CODE.done;
      }),
    );
}

async function readWork(path: string) {
  const files = await namesIn(join(path, "trajectories"));
  const seen = await SeenTrajectories.open(join(path, "seen.json"));
  const reports = await namesIn(join(path, "reports"));
  const last = reports.at(-1);
  return {
    files: files.length,
    learned: seen.size,
    last_report: last === undefined ? null : await readReport(join(path, "reports", last)),
  };
}

/** Names of JSON files, sorted; none without a folder. */
async function namesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => name.endsWith(".json") && !name.startsWith(".")).sort();
}

async function readReport(path: string): Promise<{ outcome: string; reason: string } | null> {
  try {
    const { report_id, outcome, reason } = JSON.parse(await readFile(path, "utf8"));
    return { ...{ report_id }, outcome: String(outcome), reason: String(reason) };
  } catch {
    return null;
  }
}
