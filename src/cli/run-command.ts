// `driftkeel run`: one cycle of a model that a configuration file declares.

import { join } from "node:path";
import type { Command } from "commander";
import { configureLearner } from "../config/configured-learner.ts";
import { type ModelConfig, parseModelConfigs } from "../config/model-config.ts";
import { describeValue } from "../describe-value.ts";
import { DriftkeelRangeError } from "../errors.ts";
import { OnlineLearner } from "../index.ts";
import { nearestName } from "../nearest-name.ts";
import { readConfig } from "./config-file.ts";
import { onCopy } from "./dry-run.ts";
import { EXIT_CODE, type ExitCode } from "./exit-code.ts";
import { type ModelFlags, modelCommand, present } from "./model-flags.ts";
import { type CycleEnd, type CycleReport, runCycle } from "./run-cycle.ts";
import { cycleRecord, cycleText } from "./run-text.ts";
import { type NumberedSample, readSamples } from "./sample-file.ts";
import type { Session } from "./session.ts";

const DESCRIPTION =
  "One cycle of a model: observe the samples in order (drift, updates, probation and rollback " +
  "happen on the way), then, when no update was tried, ask for one. The learner's state stays in " +
  "<base-dir>/<model> for the next run. --dry-run does all of it on a copy that is removed.";

const EXAMPLES = `
Examples:
  $ driftkeel run --samples today.jsonl
  $ driftkeel run --config models.json --model signal --samples today.jsonl --dry-run

A line of the file: {"input": [0.1, 0.2], "label": [1]}, and where known "weight", "timestamp"
(ISO 8601 or milliseconds) and "id". docs/cli.md shows a configuration.
Exit codes: 0 promoted, 2 wrong usage or configuration, 3 skipped, 4 rejected, 5 failed, 6 rolled
back, 7 a running process has the folder.`;

const EXIT_CODE_OF: Record<CycleEnd, ExitCode> = {
  promoted: EXIT_CODE.done,
  skipped: EXIT_CODE.skipped,
  rejected: EXIT_CODE.rejected,
  failed: EXIT_CODE.failed,
  rolled_back: EXIT_CODE.rolledBack,
};

interface RunFlags extends ModelFlags {
  config: string;
  samples?: string;
  dryRun?: true;
}

/** Describes the command. */
export function runCommand(session: Session): Command {
  return modelCommand("run", DESCRIPTION, EXAMPLES)
    .summary("one cycle of a model: observe samples, update")
    .option("--config <file>", "the file that declares the models", "./driftkeel.json")
    .option("--samples <file>", "samples to learn from, one JSON object a line")
    .option("--dry-run", "change nothing")
    .action(
      session.action(async (flags: RunFlags) => {
        const models = parseModelConfigs(flags.config, await readConfig(flags.config));
        const id = chooseConfigured(models, flags);
        const path = join(flags.baseDir, id);
        const run = (folder: string) => cycleIn(folder, id, models.get(id)!, flags, session);
        const report = flags.dryRun ? await onCopy(path, run) : await run(path);
        const isDryRun = flags.dryRun === true;
        present(session, flags, cycleRecord(id, report, isDryRun), (colors) =>
          cycleText(id, report, isDryRun, colors),
        );
        return EXIT_CODE_OF[report.end];
      }),
    );
}

async function cycleIn(
  storagePath: string,
  id: string,
  config: ModelConfig,
  { samples: path, quiet }: RunFlags,
  { stderr }: Session,
): Promise<CycleReport> {
  const { options, dispose } = configureLearner(id, config);
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  try {
    const learner = await OnlineLearner.open({ ...options, storagePath });
    try {
      return await runCycle(learner, {
        model: options.model,
        path: path ?? "no file",
        samples: path === undefined ? noSamples() : readSamples(path),
        onNote: (note) => quiet || stderr.write(`${id}: ${note}\n`),
        signal: interruption.signal,
      });
    } finally {
      await learner.close();
    }
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
    dispose();
  }
}

async function* noSamples(): AsyncGenerator<NumberedSample> {}

/** The model that is meant. Throws OPTION_INVALID, naming what there is. */
function chooseConfigured(models: ReadonlyMap<string, ModelConfig>, flags: RunFlags): string {
  const ids = [...models.keys()];
  const { model, config } = flags;
  if (model === undefined && ids.length === 1) return ids[0]!;
  if (model !== undefined && models.has(model)) return model;
  const near = model === undefined ? undefined : nearestName(model, ids);
  const hint = near === undefined ? `it declares ${ids.join(", ")}` : `did you mean "${near}"?`;
  const got = model === undefined ? "none" : describeValue(model);
  throw new DriftkeelRangeError(
    "OPTION_INVALID",
    `Expected --model to be one that ${config} declares, got ${got}; ${hint}`,
  );
}
