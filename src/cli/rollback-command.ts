// `driftkeel rollback`: makes an earlier version the active one again.

import type { Command } from "commander";
import { EXIT_CODE } from "./exit-code.ts";
import { type ModelFlags, modelCommand, present } from "./model-flags.ts";
import { chooseModel, type ModelFolder } from "./model-folders.ts";
import { readPointer } from "./model-status.ts";
import { audited, withModel } from "./model-writer.ts";
import type { Session } from "./session.ts";

const DESCRIPTION =
  "Make a version the active one again, after it was read and verified. Also repairs a damaged " +
  "current.json. A learner has to be stopped first; it goes on with this version when it opens.";

const EXAMPLES = `
Examples:
  $ driftkeel versions list
  $ driftkeel rollback 20261120-123045-a1b2

Exit codes: 0 done, 2 wrong usage or unknown id, 3 it was active already, 5 failed (the version is
damaged), 7 a running process has the folder.`;

interface RollbackResult {
  /** null: the pointer was damaged, and nobody knows. */
  from: string | null;
  to: string;
  isDone: boolean;
}

/** Describes the command. */
export function rollbackCommand(session: Session): Command {
  return modelCommand("rollback", DESCRIPTION, EXAMPLES)
    .summary("make an earlier version the active one")
    .argument("<id>", "the version to go back to")
    .action(
      session.action(async (id: string, flags: ModelFlags) => {
        const folder = await chooseModel(flags.baseDir, flags.model);
        const { from, to, isDone } = await rollBack(folder, id);
        const outcome = isDone ? "done" : "skipped";
        present(session, flags, { model_id: folder.id, outcome, from, to }, (colors) =>
          isDone
            ? `${folder.id}: ${from ?? "an unknown version"} -> ${colors.green(to)}\n`
            : `${folder.id}: ${to} is active already; nothing was changed.\n`,
        );
        return isDone ? EXIT_CODE.done : EXIT_CODE.skipped;
      }),
    );
}

async function rollBack(folder: ModelFolder, to: string): Promise<RollbackResult> {
  return withModel(folder, async ({ versions, audit }) => {
    // A wrong id or a damaged version is no event.
    await versions.read(to);
    const { current } = await readPointer(versions);
    const from = current?.activeId ?? null;
    if (from === to) return { from, to, isDone: false };
    await audited(audit, "rollback", { from, to, reason: "operator" }, async () => {
      await versions.rollback(to);
      return {};
    });
    return { from, to, isDone: true };
  });
}
