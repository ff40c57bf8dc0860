// The contract of every store: named bytes that are replaced whole.

import { describeValue } from "../describe-value.ts";
import { DriftkeelRangeError, DriftkeelTypeError } from "../errors.ts";
import { isName } from "./ids.ts";

/**
 * Bytes by key. A key is 1 to 8 names joined by "/"; a name is 1 to 160 of A-Z a-z 0-9 . _ -,
 * without a dot first. Not to be used together: keys that differ only in case, which some file
 * systems take for the same, and a key that is the start of another up to a "/". Arrays are neither
 * kept nor shared. Calls may overlap; they take effect in the order in which they were made.
 *
 * Every method throws STORE_CLOSED after `close`, FILE_FAILED when the environment fails, and for a
 * key that is none ID_INVALID.
 */
export interface Store {
  /** The bytes last written under `key`; undefined when there are none. */
  read(key: string): Promise<Uint8Array | undefined>;
  /**
   * Replaces what is under `key`. Durable when it resolves; whenever it rejects or the process
   * dies, the old or the new bytes are there, whole. Throws ARGUMENT_TYPE, ARGUMENT_RANGE,
   * STORE_READ_ONLY, STORE_LOCKED.
   */
  write(key: string, bytes: Uint8Array): Promise<void>;
  /** Every key that starts with `prefix` (default: every key), ordered by code units. */
  list(prefix?: string): Promise<string[]>;
  /** Forgets `key`, durably; nothing when it is absent. Throws STORE_READ_ONLY, STORE_LOCKED. */
  remove(key: string): Promise<void>;
  /** Waits for the calls before it and frees what the store holds; again does nothing. */
  close(): Promise<void>;
}

const MAX_NAMES = 8;
/** An id, and room for what a store of ids puts around it. */
const MAX_NAME_LENGTH = 160;
/** Node reads files up to here. */
const MAX_VALUE_BYTES = 2 ** 31 - 1;

/** Whether `name` can be between the slashes of a key. */
export function isKeyName(name: string): boolean {
  return isName(name, MAX_NAME_LENGTH);
}

/** Throws ID_INVALID unless `key` is one. */
export function checkKey(key: unknown): asserts key is string {
  const names = typeof key === "string" ? key.split("/") : [];
  if (names.length > 0 && names.length <= MAX_NAMES && names.every(isKeyName)) return;
  const message =
    `Expected key to be 1 to ${MAX_NAMES} names joined by "/", each 1 to ${MAX_NAME_LENGTH} of ` +
    `A-Z a-z 0-9 . _ - without a dot first, got ${describeValue(key)}.`;
  if (typeof key === "string") throw new DriftkeelRangeError("ID_INVALID", message);
  throw new DriftkeelTypeError("ID_INVALID", message);
}

/** Throws ARGUMENT_TYPE or ARGUMENT_RANGE unless `bytes` can be stored. */
export function checkBytes(bytes: unknown): void {
  if (!(bytes instanceof Uint8Array)) {
    const message = `Expected bytes to be a Uint8Array, got ${describeValue(bytes)}.`;
    throw new DriftkeelTypeError("ARGUMENT_TYPE", message);
  }
  if (bytes.length <= MAX_VALUE_BYTES) return;
  const message = `Expected bytes of length ${MAX_VALUE_BYTES} at most, got ${bytes.length}.`;
  throw new DriftkeelRangeError("ARGUMENT_RANGE", message);
}
