// What a connection to PostgreSQL is opened with, and how messages call it.

import * as z from "zod/mini";
import { parseOptions, positiveInteger } from "../../foundation.ts";
import { DriftkeelRangeError } from "../../index.ts";

const OWNER = "PostgresDatabase";
const URL_TEXT = "an address postgres://user@host/database";
const SCHEMA = "a name of 1 to 63 of a-z 0-9 _, not starting with a digit";
const LONGEST_WAIT_MS = 3_600_000;

const upTo = (most: number, standard: number) =>
  z._default(positiveInteger.check(z.maximum(most, `an integer from 1 to ${most}`)), standard);

const optionsSchema = z.object({
  url: z.string(URL_TEXT).check(z.regex(/^postgres(ql)?:\/\//, URL_TEXT)),
  tls: z.optional(
    z.custom<boolean | object>(
      (value) => typeof value === "boolean" || (typeof value === "object" && value !== null),
      "a boolean or the TLS options of Node",
    ),
  ),
  schema: z._default(
    z.string(SCHEMA).check(z.regex(/^[a-z_][a-z0-9_]{0,62}$/, SCHEMA)),
    "driftkeel",
  ),
  migrate: z._default(z.enum(["apply", "check"]), "apply"),
  maxConnections: upTo(100, 4),
  connectTimeoutMs: upTo(LONGEST_WAIT_MS, 10_000),
  statementTimeoutMs: upTo(LONGEST_WAIT_MS, 60_000),
  idleTimeoutMs: upTo(LONGEST_WAIT_MS, 30_000),
});

/** What `PostgresDatabase.open` takes. */
export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`. No message shows the password. */
  url: string;
  /**
   * TLS as Node's `tls.connect` takes it, such as `{ ca }`; true: with the certificates that Node
   * trusts. Not beside `sslmode` in the address, which would win. Default: what the address says.
   */
  tls?: boolean | object;
  /** Holds all tables; default "driftkeel". */
  schema?: string;
  /** `apply` makes tables and brings older ones up to date; `check` only looks; default `apply`. */
  migrate?: "apply" | "check";
  /** 1..100, default 4; who needs one more waits. */
  maxConnections?: number;
  /** Until a connection is there or free, in milliseconds: 1..3,600,000, default 10,000. */
  connectTimeoutMs?: number;
  /** Of one statement, in milliseconds: 1..3,600,000, default 60,000. */
  statementTimeoutMs?: number;
  /** An idle connection is closed after so many milliseconds: 1..3,600,000, default 30,000. */
  idleTimeoutMs?: number;
}

/** The options, defaults filled in. */
export type ParsedPostgresOptions = z.output<typeof optionsSchema>;

/** Throws OPTION_INVALID, OPTION_UNKNOWN; no message shows the address. */
export function parsePostgresOptions(options: PostgresOptions): ParsedPostgresOptions {
  const { url } = options ?? {};
  if (typeof url === "string" && !/^postgres(ql)?:\/\//.test(url)) {
    throw refusedUrl(`${URL_TEXT}, got a text of ${url.length} characters`);
  }
  const parsed = parseOptions(OWNER, optionsSchema, options);
  if (parsed.tls !== undefined && /[?&]ssl(mode|cert|key|rootcert)?=/.test(parsed.url)) {
    throw refusedUrl('without a parameter of TLS, as there is the option "tls" too');
  }
  return parsed;
}

function refusedUrl(expected: string): DriftkeelRangeError {
  const message = `Expected ${OWNER} option "url" to be ${expected}.`;
  return new DriftkeelRangeError("OPTION_INVALID", message);
}

/** `user@host:port/database`, for messages; without what an address may keep secret. */
export function describeAddress(url: string): string {
  const rest = url.replace(/^[^/]*\/\//, "").replace(/[?#].*$/s, "");
  const [, credentials = "", place = ""] = /^(?:(.*)@)?([^@]*)$/s.exec(rest) ?? [];
  const user = credentials.split(":")[0]!;
  return `${user === "" ? "" : `${user}@`}${place}` || "PostgreSQL";
}

/** What the driver's pool is made with. */
export function poolOptions(options: ParsedPostgresOptions): object {
  const { url, tls, statementTimeoutMs } = options;
  return {
    connectionString: url,
    ...(tls !== undefined && { ssl: tls }),
    max: options.maxConnections,
    connectionTimeoutMillis: options.connectTimeoutMs,
    idleTimeoutMillis: options.idleTimeoutMs,
    statement_timeout: statementTimeoutMs,
    // A process that stops inside a transaction must not hold up the others.
    idle_in_transaction_session_timeout: statementTimeoutMs,
    // A server that went without a word answers no timeout of its own.
    query_timeout: statementTimeoutMs + 5000,
    keepAlive: true,
    application_name: "driftkeel",
  };
}
