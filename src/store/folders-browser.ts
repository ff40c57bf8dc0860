// What pages get in the place of folders-node.ts, so that they load nothing that needs files.

import { DriftkeelError } from "../errors.ts";

/** Stands for every class that keeps a folder: none can be opened. Throws FILE_FAILED. */
const noFolder = {
  open: async (): Promise<never> => {
    throw new DriftkeelError(
      "FILE_FAILED",
      'Expected the option "store" with a MemoryStore or an IndexedDbStore, got "storagePath" in ' +
        "a page, which has no folders.",
    );
  },
};

export { noFolder as AuditLog, noFolder as FileStore };
