// `driftkeel status`: what is active, since when and why, and whether all that is kept is sound.

import type { Command } from "commander";
import { EXIT_CODE } from "./exit-code.ts";
import { type ModelFlags, modelCommand, present } from "./model-flags.ts";
import { chooseModel, findModels } from "./model-folders.ts";
import { type ModelStatus, readStatus } from "./model-status.ts";
import type { Session } from "./session.ts";
import { statusRecord, statusText } from "./status-text.ts";

const EVENTS = 3;

const DESCRIPTION =
  "Show which version of each model (or of one, with --model) is active, since when and why, and " +
  "whether versions and audit log are as they were written. Changes nothing, locks nothing, and " +
  "works beside a running learner.";

const EXAMPLES = `
Examples:
  $ driftkeel status
  $ driftkeel status --model signal --json

Exit codes: 0 done, damage included; 2 wrong usage; 5 failed.`;

/** Describes the command. */
export function statusCommand(session: Session): Command {
  const command = modelCommand("status", DESCRIPTION, EXAMPLES);
  return command.summary("what is active, since when and why, and whether it is sound").action(
    session.action(async (flags: ModelFlags) => {
      const { baseDir, model } = flags;
      const folders =
        model === undefined ? await findModels(baseDir) : [await chooseModel(baseDir, model)];
      const all: ModelStatus[] = [];
      for (const folder of folders) all.push(await readStatus(folder, EVENTS));
      present(session, flags, { models: all.map(statusRecord) }, (colors) =>
        all.length === 0
          ? `No models in ${baseDir}.\n`
          : all.map((status) => statusText(status, colors)).join("\n"),
      );
      return EXIT_CODE.done;
    }),
  );
}
