// Reads the file that `--config` names.

import { readFile } from "node:fs/promises";
import { DriftkeelRangeError } from "../errors.ts";

/** The text of the file. Throws OPTION_INVALID when it cannot be read. */
export async function readConfig(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const message = `Expected --config to be a file that can be read, got ${path}: ${cause}.`;
    throw new DriftkeelRangeError("OPTION_INVALID", message);
  }
}
