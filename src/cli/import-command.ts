// `driftkeel import`: makes a version of a file from elsewhere.

import { createHash } from "node:crypto";
import { basename } from "node:path";
import type { Command } from "commander";
import { DriftkeelRangeError } from "../errors.ts";
import type { SavedVersion, VersionStore } from "../index.ts";
import { type ExchangeFormat, formatOption } from "./exchange-format.ts";
import { EXIT_CODE } from "./exit-code.ts";
import { versionOfTensors, versionWithEwc } from "./imported-version.ts";
import { type ModelFlags, modelCommand, present } from "./model-flags.ts";
import { chooseModel, type ModelFolder } from "./model-folders.ts";
import { audited, type ModelWriter, withModel } from "./model-writer.ts";
import type { Session } from "./session.ts";
import { readWholeFile } from "./whole-file.ts";

const DESCRIPTION =
  "Save a file as a new version of a model. safetensors: the weights; names and lengths have to " +
  "be those of the active version. ewc, ewc-legacy (both are read): the active version with this " +
  "EWC memory. The active version stays active unless --activate is given.";

const EXAMPLES = `
Examples:
  $ driftkeel import signal.safetensors --activate
  $ driftkeel import memory.bin --format ewc

Exit codes: 0 done, 2 wrong usage, 5 the file does not fit or is damaged, 7 a running process has
the folder.`;

interface ImportFlags extends ModelFlags {
  format: ExchangeFormat;
  activate?: true;
}

/** Describes the command. */
export function importCommand(session: Session): Command {
  return modelCommand("import", DESCRIPTION, EXAMPLES)
    .summary("save a file as a new version")
    .argument("<file>", "the file to read")
    .addOption(formatOption())
    .option("--activate", "make the version the active one, without any validation")
    .action(
      session.action(async (file: string, flags: ImportFlags) => {
        const folder = await chooseModel(flags.baseDir, flags.model);
        const { id, from } = await importFile(folder, file, flags);
        const isActive = flags.activate === true;
        const record = {
          model_id: folder.id,
          version_id: id,
          format: flags.format,
          active_before: from,
          is_active: isActive,
        };
        present(session, flags, record, (colors) =>
          isActive
            ? `${folder.id}: ${from} -> ${colors.green(id)}\n`
            : `${folder.id}: saved as ${id}; ${from} stays active. To use it:\n` +
              `  driftkeel rollback ${id} --model ${folder.id}\n`,
        );
        return EXIT_CODE.done;
      }),
    );
}

async function importFile(
  folder: ModelFolder,
  file: string,
  { format, activate }: ImportFlags,
): Promise<{ id: string; from: string }> {
  const bytes = await readWholeFile(file);
  return withModel(folder, async (writer) => {
    const active = await readActive(writer.versions);
    const fitting = format === "safetensors" ? versionOfTensors : versionWithEwc;
    const version = fitting(bytes, active);
    const source = { file: basename(file), format, sha256: sha256(bytes) };
    let id = "";
    await audited(writer.audit, "job", { job: "import", ...source }, async () => {
      id = await writer.versions.save(version);
      return { version_id: id };
    });
    if (activate) await makeActive(writer, active.id, id);
    return { id, from: active.id };
  });
}

async function makeActive({ versions, audit }: ModelWriter, from: string, to: string) {
  await audited(audit, "promotion", { from, to, reason: "import" }, async () => {
    await versions.promote(to, { source: "import" });
    return {};
  });
}

async function readActive(versions: VersionStore): Promise<SavedVersion> {
  const current = await versions.getCurrent();
  if (current !== undefined) return versions.read(current.activeId);
  throw new DriftkeelRangeError(
    "OPTION_INVALID",
    "Expected a model with an active version to compare the file with, got none; run it first.",
  );
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
