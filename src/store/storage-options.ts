// What everything that keeps files lets its caller choose.

import * as z from "zod/mini";
import type { Disk } from "./disk.ts";
import type { LockHost } from "./lock-host.ts";

/** Options of everything that keeps files. */
export interface StorageOptions {
  /** Default: the file system. */
  disk?: Disk;
  /** Who this writer is to others; default: this process. */
  lockHost?: LockHost;
  /** Neither locks nor changes anything, beside any writer; default false. */
  readOnly?: boolean;
}

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null;

/** The members of StorageOptions, for the schema of an owner. */
export const storageOptions = {
  disk: z.optional(z.custom<Disk>(isObject, "a Disk")),
  lockHost: z.optional(z.custom<LockHost>(isObject, "a LockHost")),
  readOnly: z._default(z.boolean(), false),
};

const PATH = "a path of 1 to 4096 characters";
/** Where files are kept. */
export const storagePath = z.string(PATH).check(z.minLength(1, PATH), z.maxLength(4096, PATH));
