// The package pg as the database uses it: loaded when it is first needed.

import { DriftkeelError } from "../../index.ts";

/** A variable, so that no bundler follows it and no type of it is needed. */
const DRIVER: string = "pg";

/** A row as the driver gives it: bigint as text, bytea as Buffer. */
export type Row = Record<string, unknown>;

/** What a statement gave. */
export interface QueryResult {
  rows: Row[];
  rowCount: number | null;
}

/** Runs one statement with its values. */
export type Query = (sql: string, values?: readonly unknown[]) => Promise<QueryResult>;

/** A connection out of the pool. */
export interface PoolClient {
  query: Query;
  /** Gives it back; with true it is closed. */
  release(isBroken?: boolean): void;
  on(event: "error", listener: (error: Error) => void): void;
}

/** The part of the driver's pool that is used. */
export interface Pool {
  query: Query;
  connect(): Promise<PoolClient>;
  end(): Promise<void>;
  on(event: "error", listener: (error: Error) => void): void;
  on(event: "connect", listener: (client: PoolClient) => void): void;
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

/** The driver's pool. Throws DRIVER_MISSING. */
export async function loadDriver(): Promise<new (options: object) => Pool> {
  try {
    return (await import(DRIVER)).default.Pool;
  } catch (cause) {
    const message = `Expected the package ${DRIVER}, got none that loads; npm install ${DRIVER}.`;
    throw new DriftkeelError("DRIVER_MISSING", message, { cause });
  }
}
