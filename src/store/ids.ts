// Which names may become names of files.

import { describeValue } from "../describe-value.ts";
import { DriftkeelRangeError, DriftkeelTypeError } from "../errors.ts";

const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;
const MAX_ID_LENGTH = 128;
/** Names that Windows keeps for devices, whatever follows a dot. */
const DEVICE = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i;

/** Whether `text` is 1 to `maxLength` of A-Z a-z 0-9 . _ -, no dot first, and no device's name. */
export function isName(text: string, maxLength: number): boolean {
  return text.length <= maxLength && NAME.test(text) && !DEVICE.test(text);
}

/** Whether `text` can name a snapshot, a version or a part of one: 1 to 128 characters. */
export function isId(text: string): boolean {
  return isName(text, MAX_ID_LENGTH);
}

/** Throws ID_INVALID unless `value` is an id. name: what the caller calls it. */
export function checkId(name: string, value: unknown): asserts value is string {
  if (typeof value === "string" && isId(value)) return;
  const message =
    `Expected ${name} to be 1 to 128 of A-Z a-z 0-9 . _ -, not starting with a dot and not the ` +
    `name of a device such as CON, got ${describeValue(value)}.`;
  if (typeof value === "string") throw new DriftkeelRangeError("ID_INVALID", message);
  throw new DriftkeelTypeError("ID_INVALID", message);
}
