// The driver of SQLite, which is optional: whether this machine has it, and a database through it.

import type { Database } from "../../src/pipeline/feedback/sample-store-database.ts";

/** A variable, so that nothing resolves it before the test asks. */
const DRIVER: string = "libsql";

const driver: (new (path: string) => Database) | undefined = await import(DRIVER).then(
  (module) => module.default,
  () => undefined,
);

/** Whether libsql loads; tests of SQLite run only where it does. */
export const hasDriver = driver !== undefined;

/** A file as the driver alone sees it. */
export function openDatabase(path: string): Database {
  if (!driver) throw new Error("Expected libsql to be there; ask hasDriver first.");
  return new driver(path);
}
