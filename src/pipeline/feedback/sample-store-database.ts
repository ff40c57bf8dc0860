// The package libsql as the store of samples uses it: loaded when it is first needed, its failures
// as ours.

import { DriftkeelError } from "../../errors.ts";

/** A variable, so that no bundler follows it and no type of it is needed. */
const DRIVER: string = "libsql";

/** A prepared statement; it works synchronously. */
export interface Statement {
  run(values: readonly unknown[]): { changes: number };
  all(values: readonly unknown[]): Record<string, unknown>[];
}

/** The part of the driver that is used. */
export interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

type DatabaseClass = new (path: string, options: { timeout: number }) => Database;

/** The driver. Throws DRIVER_MISSING. */
export async function loadDriver(): Promise<DatabaseClass> {
  try {
    return (await import(DRIVER)).default as DatabaseClass;
  } catch (cause) {
    const message = `Expected the package ${DRIVER}, got none that loads; npm install ${DRIVER}.`;
    throw new DriftkeelError("DRIVER_MISSING", message, { cause });
  }
}

/** Does `task` in a transaction that may write from its start: all of it takes effect, or none. */
export function inTransaction<T>(database: Database, task: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = task();
    database.exec("COMMIT");
    return result;
  } catch (cause) {
    rollBack(database);
    throw cause;
  }
}

/** Ends a transaction that failed; some failures have ended it already. */
function rollBack(database: Database): void {
  try {
    database.exec("ROLLBACK");
  } catch {
    // The failure before this one is what the caller must hear.
  }
}

/** FILE_CORRUPT for a file that is no database of samples. got: what it is instead. */
export function corrupt(path: string, got: string, cause?: unknown): DriftkeelError {
  const message =
    `Expected ${path} to be a database of samples, got ${got}. Restore the file from a copy, or ` +
    "choose another path.";
  return new DriftkeelError("FILE_CORRUPT", message, { cause });
}

/** What `task` returns; what the driver throws as FILE_CORRUPT or FILE_FAILED. */
export function attempt<T>(path: string, task: () => T): T {
  try {
    return task();
  } catch (cause) {
    if (cause instanceof DriftkeelError) throw cause;
    const code = String((cause as { code?: unknown }).code);
    const reason = (cause as Error).message;
    if (/^SQLITE_(NOTADB|CORRUPT)/.test(code) || /(no such|has no) (table|column)/.test(reason)) {
      throw corrupt(path, reason, cause);
    }
    const message = `Expected to be able to use ${path}: ${reason}. Look at its folder and disk.`;
    throw new DriftkeelError("FILE_FAILED", message, { cause });
  }
}
