// What PostgreSQL and its driver throw, as errors of ours that say what to do.

import { isTypedError } from "../../foundation.ts";
import { DriftkeelError } from "../../index.ts";

/** What is wrong, by SQLSTATE or by Node's code of a failed connection. */
const REASONS: Record<string, string> = {
  "28000": "it does not let this user in. Look at the address, and at pg_hba.conf.",
  "28P01": "it refuses the password of this user. Look at the address.",
  "3D000": "it has no such database. Create it, or look at the address.",
  "42501": "this user may not do that. Grant it usage of the schema and rights on its tables.",
  "53300": "it takes no more connections. Lower maxConnections, or raise its max_connections.",
  "57014": "a statement took longer than statementTimeoutMs.",
  "57P01": "it is shutting down.",
  "57P02": "it has crashed.",
  "57P03": "it is starting or shutting down.",
  ECONNREFUSED: "nothing listens there. Is it running?",
  ENOENT: "there is no such socket. Is it running?",
  ENOTFOUND: "there is no such host. Look at the address.",
  EAI_AGAIN: "the name of the host could not be looked up.",
  ECONNRESET: "the connection was cut.",
  ETIMEDOUT: "it did not answer in time.",
};

/** SQLSTATEs of tables, columns, schemas and sequences that are not there or are others. */
const OTHER_TABLES = /^(42P01|42703|3F000|42883|42804|42P10)$/;

/** FILE_FAILED or FILE_CORRUPT for whatever `cause` is; ours as they are. address: for messages. */
export function postgresFailure(address: string, schema: string, cause: unknown): DriftkeelError {
  if (isTypedError(cause)) return cause as DriftkeelError;
  const { code = "", message = String(cause) } = cause as { code?: string; message?: string };
  if (OTHER_TABLES.test(code)) return wrongTables(address, schema, message, cause);
  const reason = REASONS[code] ?? `${message}.`;
  const detail = REASONS[code] ? ` (${message})` : "";
  return new DriftkeelError(
    "FILE_FAILED",
    `Expected to be able to use PostgreSQL at ${address}: ${reason}${detail}`,
    { cause },
  );
}

/** FILE_CORRUPT for tables that are not those of this release. got: what is there instead. */
export function wrongTables(
  address: string,
  schema: string,
  got: string,
  cause?: unknown,
): DriftkeelError {
  return new DriftkeelError(
    "FILE_CORRUPT",
    `Expected the schema ${schema} at ${address} to have the tables of this release, got: ` +
      `${got}. Open it once with migrate "apply", restore it from a copy, or choose another one.`,
    { cause },
  );
}
