// Where versions and snapshots lie: in a folder, or in any other store.

import * as z from "zod/mini";
import { FileStore } from "#folders";
import { DriftkeelTypeError } from "../errors.ts";
import { type StorageOptions, storageOptions, storagePath } from "./storage-options.ts";
import type { Store } from "./store.ts";

/** Options of what lies in a store; exactly one of `storagePath` and `store` is given. */
export interface StoreOptions extends StorageOptions {
  /** The folder; created when it is absent. */
  storagePath?: string;
  /** Instead of a folder: a store nobody else uses, which is closed with its owner. */
  store?: Store;
}

/** The members of StoreOptions, for the schema of an owner. */
export const storeOptions = {
  ...storageOptions,
  storagePath: z.optional(storagePath),
  store: z.optional(
    z.custom<Store>((value) => typeof value === "object" && value !== null, "a Store"),
  ),
};

/** The store that parsed options ask for. Throws OPTION_INVALID and as `FileStore.open`. */
export async function chooseStore(
  owner: string,
  { storagePath, store, ...storage }: z.output<z.ZodMiniObject<typeof storeOptions>>,
): Promise<Store> {
  if ((storagePath === undefined) === (store === undefined)) {
    const got = store === undefined ? "neither" : "both";
    throw new DriftkeelTypeError(
      "OPTION_INVALID",
      `Expected exactly one of the ${owner} options "storagePath" and "store", got ${got}.`,
    );
  }
  if (store !== undefined) return store;
  return FileStore.open({ storagePath: storagePath as string, ...present(storage) });
}

/** Without the members that are undefined. */
function present(storage: z.output<z.ZodMiniObject<typeof storageOptions>>): StorageOptions {
  const { disk, lockHost, readOnly } = storage;
  return { ...(disk && { disk }), ...(lockHost && { lockHost }), readOnly };
}
