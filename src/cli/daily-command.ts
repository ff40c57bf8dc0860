// `driftkeel daily`: every configured model updated once, as its schedule in a service would.

import type { Command } from "commander";
import { type ModelConfig, parseModelConfigs } from "../config/model-config.ts";
import { describeValue } from "../describe-value.ts";
import { DriftkeelRangeError } from "../errors.ts";
import { clock } from "../foundation.ts";
import { nearestName } from "../nearest-name.ts";
import type { DailyOutcome, DailyResult } from "../service/schedule/daily-run.ts";
import { readConfig } from "./config-file.ts";
import { dailyRecord, dailyText } from "./daily-text.ts";
import { EXIT_CODE, type ExitCode } from "./exit-code.ts";
import { folderCommand, type ModelFlags, present } from "./model-flags.ts";
import type { Session } from "./session.ts";

const DESCRIPTION =
  "Update every model of a configuration file once, on the samples of the last days that a " +
  "service has kept in <base-dir>/.samples, as the model's schedule in a service would: one " +
  "update a day, and the same job, versions and audit log. A model that fails does not stop the " +
  "others. For crontab and systemd; where a service runs, use its schedule instead.";

const EXAMPLES = `
Examples:
  $ driftkeel daily
  $ driftkeel daily --config models.json --model signal --dry-run

docs/schedule.md shows a crontab and a systemd timer.
Exit codes: the worst of all models: 0 promoted, 3 skipped, 4 rejected, 6 rolled back, 7 a running
process has the folder, 5 failed; and 2 wrong usage or configuration.`;

/** From the best to the worst. */
const EXIT_CODES: readonly (readonly [DailyOutcome, ExitCode])[] = [
  ["promoted", EXIT_CODE.done],
  ["accepted", EXIT_CODE.done],
  ["skipped", EXIT_CODE.skipped],
  ["rejected", EXIT_CODE.rejected],
  ["rolled_back", EXIT_CODE.rolledBack],
  ["locked", EXIT_CODE.locked],
  ["failed", EXIT_CODE.failed],
];

interface DailyFlags extends ModelFlags {
  config: string;
  dryRun?: true;
  force?: true;
}

/** Describes the command. */
export function dailyCommand(session: Session): Command {
  return folderCommand("daily", DESCRIPTION, EXAMPLES)
    .summary("update every configured model once")
    .option("--config <file>", "the file that declares the models", "./driftkeel.json")
    .option("--model <id>", "this model alone")
    .option("--dry-run", "train and judge, promote nothing")
    .option("--force", "also when a model has had its updates of today")
    .action(
      session.action(async (flags: DailyFlags) => {
        const models = chosen(
          parseModelConfigs(flags.config, await readConfig(flags.config)),
          flags,
        );
        const results = await updateAll(models, flags, session);
        const isDryRun = flags.dryRun === true;
        if (flags.quiet) tellFailures(results, session);
        present(session, flags, dailyRecord(results, isDryRun), (colors) =>
          dailyText(results, isDryRun, colors),
        );
        return worstOf(results);
      }),
    );
}

async function updateAll(
  models: ReadonlyMap<string, ModelConfig>,
  { baseDir, dryRun, force, quiet }: DailyFlags,
  { stderr }: Session,
): Promise<DailyResult[]> {
  // Loaded here: the other commands start without waiting for the modules of jobs.
  const { runDaily } = await import("../service/schedule/daily-run.ts");
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  const { signal } = interruption;
  const options = { baseDir, isDryRun: dryRun === true, isForced: force === true, signal };
  const results: DailyResult[] = [];
  try {
    for (const [id, config] of models) {
      if (!quiet) stderr.write(`${id}: updating\n`);
      results.push(await runDaily(id, config, { ...options, now: clock.parse(undefined) }));
    }
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
  return results;
}

/** What the text would have told, for a mail of cron. */
function tellFailures(results: readonly DailyResult[], { stderr }: Session): void {
  for (const { modelId, outcome, reason, code } of results) {
    if (outcome !== "failed" && outcome !== "locked") continue;
    stderr.write(`error: ${modelId}: ${reason}${code === undefined ? "" : ` (${code})`}\n`);
  }
}

function worstOf(results: readonly DailyResult[]): ExitCode {
  const worst = EXIT_CODES.findLast(([outcome]) =>
    results.some((result) => result.outcome === outcome),
  );
  return worst?.[1] ?? EXIT_CODE.done;
}

/** All models, or the one that is meant. Throws OPTION_INVALID, naming what there is. */
function chosen(
  models: Map<string, ModelConfig>,
  { model, config }: DailyFlags,
): Map<string, ModelConfig> {
  if (model === undefined) return models;
  const found = models.get(model);
  if (found) return new Map([[model, found]]);
  const ids = [...models.keys()];
  const near = nearestName(model, ids);
  const hint = near === undefined ? `it declares ${ids.join(", ")}` : `did you mean "${near}"?`;
  throw new DriftkeelRangeError(
    "OPTION_INVALID",
    `Expected --model to be one that ${config} declares, got ${describeValue(model)}; ${hint}`,
  );
}
