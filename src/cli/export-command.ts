// `driftkeel export`: writes the weights or the EWC memory of a version to a file.

import type { Command } from "commander";
import { DriftkeelRangeError } from "../errors.ts";
import { VersionStore } from "../index.ts";
import { type ExchangeFormat, ewcFileOf, formatOption } from "./exchange-format.ts";
import { EXIT_CODE } from "./exit-code.ts";
import { type ModelFlags, modelCommand, present } from "./model-flags.ts";
import { chooseModel, type ModelFolder } from "./model-folders.ts";
import type { Session } from "./session.ts";
import { sizeText } from "./value-text.ts";
import { readWeightsFile } from "./version-detail.ts";
import { writeWholeFile } from "./whole-file.ts";

const DESCRIPTION =
  "Write a version to a file: its weights as safetensors, or its EWC memory in our format (ewc) " +
  "or the one of older systems (ewc-legacy). The version is verified first.";

const EXAMPLES = `
Examples:
  $ driftkeel export signal.safetensors
  $ driftkeel export memory.bin --format ewc-legacy --version 20261120-123045-a1b2

Exit codes: 0 done, 2 wrong usage, unknown id, or the file is there already, 5 failed.`;

interface ExportFlags extends ModelFlags {
  version?: string;
  format: ExchangeFormat;
  force?: true;
}

/** Describes the command. */
export function exportCommand(session: Session): Command {
  return modelCommand("export", DESCRIPTION, EXAMPLES)
    .summary("write a version to a file")
    .argument("<file>", "the file to write")
    .option("--version <id>", "which version; default: the active one")
    .addOption(formatOption())
    .option("--force", "replace the file when it is there")
    .action(
      session.action(async (file: string, flags: ExportFlags) => {
        const folder = await chooseModel(flags.baseDir, flags.model);
        const { id, bytes } = await readExport(folder, flags);
        await writeWholeFile(file, bytes, flags.force === true);
        const record = {
          model_id: folder.id,
          version_id: id,
          format: flags.format,
          path: file,
          size_bytes: bytes.length,
        };
        present(session, flags, record, () => {
          const what = `${folder.id} ${id} as ${flags.format}`;
          return `${what}: ${file}, ${sizeText(bytes.length)}\n`;
        });
        return EXIT_CODE.done;
      }),
    );
}

async function readExport(
  { path }: ModelFolder,
  { version, format }: ExportFlags,
): Promise<{ id: string; bytes: Uint8Array }> {
  const versions = await VersionStore.open({ storagePath: path, readOnly: true });
  try {
    const id = version ?? (await versions.getCurrent())?.activeId;
    if (id === undefined) {
      const message = "Expected an active version to export, got none; name one with --version.";
      throw new DriftkeelRangeError("OPTION_INVALID", message);
    }
    const saved = await versions.read(id);
    const bytes =
      format === "safetensors" ? await readWeightsFile(path, id) : ewcFileOf(saved, format);
    return { id, bytes };
  } finally {
    await versions.close();
  }
}
