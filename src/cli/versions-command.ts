// `driftkeel versions`: the versions of a model, or all there is to know about one of them.

import { Command } from "commander";
import { EXIT_CODE } from "./exit-code.ts";
import { type ModelFlags, modelCommand, present } from "./model-flags.ts";
import { chooseModel } from "./model-folders.ts";
import type { Session } from "./session.ts";
import { readVersion } from "./version-detail.ts";
import { versionRecord, versionText } from "./version-detail-text.ts";
import { listVersions, versionsRecord, versionsText } from "./version-list.ts";

const LIST_EXAMPLES = `
Examples:
  $ driftkeel versions list
  $ driftkeel versions list --model signal --json

Exit codes: 0 done, 2 wrong usage, 5 failed.`;

const SHOW_EXAMPLES = `
Examples:
  $ driftkeel versions show 20261120-123045-a1b2

Exit codes: 0 the version is whole, 2 wrong usage or unknown id, 5 damaged.`;

/** Describes the command and the two below it. */
export function versionsCommand(session: Session): Command {
  const list = modelCommand("list", "List the versions, newest first.", LIST_EXAMPLES).action(
    session.action(async (flags: ModelFlags) => {
      const folder = await chooseModel(flags.baseDir, flags.model);
      const listing = await listVersions(folder);
      present(session, flags, versionsRecord(listing), (colors) => versionsText(listing, colors));
      return EXIT_CODE.done;
    }),
  );
  const description = "Read a version, verify every byte of it, and show what it holds.";
  const show = modelCommand("show", description, SHOW_EXAMPLES)
    .argument("<id>", "the version")
    .action(
      session.action(async (id: string, flags: ModelFlags) => {
        const folder = await chooseModel(flags.baseDir, flags.model);
        const version = await readVersion(folder, id);
        present(session, flags, versionRecord(version), (colors) => versionText(version, colors));
        return EXIT_CODE.done;
      }),
    );
  return new Command("versions")
    .description("List the versions of a model, or show one.")
    .summary("list the versions of a model, or show one")
    .addCommand(list)
    .addCommand(show);
}
