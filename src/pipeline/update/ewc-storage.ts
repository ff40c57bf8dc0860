// The bytes of an EWC file on their way to disk and back.

import * as platform from "#platform";
import { describeValue } from "../../describe-value.ts";
import { DriftkeelError, DriftkeelRangeError, DriftkeelTypeError } from "../../errors.ts";

/** Throws ARGUMENT_TYPE or ARGUMENT_RANGE unless `path` is a text that can name a file. */
export function checkPath(path: unknown): void {
  const message = `Expected path to be the path of a file, got ${describeValue(path)}.`;
  if (typeof path !== "string") throw new DriftkeelTypeError("ARGUMENT_TYPE", message);
  if (path === "") throw new DriftkeelRangeError("ARGUMENT_RANGE", message);
}

/** Writes a file, whole or not at all. Throws FILE_FAILED. */
export async function writeEwcFile(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await platform.writeBytes(path, bytes);
  } catch (cause) {
    throw new DriftkeelError("FILE_FAILED", `Expected to write the EWC file ${path}: ${cause}`, {
      cause,
    });
  }
}

/** Bytes of a file. Throws FILE_FAILED. */
export async function readEwcFile(path: string): Promise<Uint8Array> {
  try {
    return await platform.readBytes(path);
  } catch (cause) {
    throw new DriftkeelError("FILE_FAILED", `Expected to read the EWC file ${path}: ${cause}`, {
      cause,
    });
  }
}
