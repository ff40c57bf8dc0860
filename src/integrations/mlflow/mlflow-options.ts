// What a registry is opened with, and how messages call its server.

import * as z from "zod/mini";
import { parseOptions, positiveInteger } from "../../foundation.ts";
import { DriftkeelRangeError } from "../../index.ts";

const OWNER = "MlflowRegistry";
const URL_TEXT = "an http or https address without a password, a query or a fragment";
const NAME = "a text of 1 to 128 characters";
const SECRET = "a text of 1 to 8192 printable characters";
const LONGEST_WAIT_MS = 3_600_000;
const MOST_BYTES = 2 ** 31 - 1;

const upTo = (most: number, standard: number) =>
  z._default(positiveInteger.check(z.maximum(most, `an integer from 1 to ${most}`)), standard);
const secret = z.string(SECRET).check(z.regex(/^[\x20-\x7e]{1,8192}$/, SECRET));

const optionsSchema = z.object({
  url: z.string(URL_TEXT),
  token: z.optional(secret),
  user: z.optional(z.string(NAME).check(z.regex(/^[^:]{1,128}$/s, NAME))),
  password: z.optional(secret),
  experiment: z._default(
    z.string(NAME).check(z.minLength(1, NAME), z.maxLength(128, NAME)),
    "driftkeel",
  ),
  timeoutMs: upTo(LONGEST_WAIT_MS, 10_000),
  transferTimeoutMs: upTo(LONGEST_WAIT_MS, 300_000),
  maxAttempts: upTo(10, 3),
  maxArtifactBytes: upTo(MOST_BYTES, MOST_BYTES),
});

/** What `MlflowRegistry` takes. */
export interface MlflowOptions {
  /** Of the tracking server, such as `https://mlflow.example/base`. */
  url: string;
  /** Sent as bearer token. No message shows it. */
  token?: string;
  /** With `password`, in place of a token: basic authentication. */
  user?: string;
  password?: string;
  /** Holds a run for each version; created when it is absent; default "driftkeel". */
  experiment?: string;
  /** Of one request, in milliseconds: 1..3,600,000, default 10,000. */
  timeoutMs?: number;
  /** Of the transfer of one artifact: 1..3,600,000 ms, default 300,000. */
  transferTimeoutMs?: number;
  /** How often a request that may be repeated is sent at most: 1..10, default 3. */
  maxAttempts?: number;
  /** A larger artifact is not loaded: 1..2^31 - 1, which is the default. */
  maxArtifactBytes?: number;
}

/** The options, defaults filled in; `url` ends with a slash. */
export type ParsedMlflowOptions = z.output<typeof optionsSchema>;

/** Throws OPTION_INVALID, OPTION_UNKNOWN; no message shows an address or a secret. */
export function parseMlflowOptions(options: MlflowOptions): ParsedMlflowOptions {
  for (const member of ["token", "password"] as const) {
    const value: unknown = options?.[member];
    if (typeof value !== "string" || secret.safeParse(value).success) continue;
    throw invalid(member, `to be ${SECRET}, got a text of ${value.length}`);
  }
  const parsed = parseOptions(OWNER, optionsSchema, options);
  if ((parsed.user === undefined) !== (parsed.password === undefined)) {
    throw invalid("user", "to come together with a password");
  }
  if (parsed.token !== undefined && parsed.user !== undefined) {
    throw invalid("token", "to be left out where there is a user");
  }
  return { ...parsed, url: checkedUrl(parsed.url) };
}

function checkedUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url && `${url.username}${url.password}${url.search}${url.hash}` === "";
  if (!isPlain || !/^https?:$/.test(url.protocol)) {
    throw invalid("url", `to be ${URL_TEXT}, got a text of ${text.length} characters`);
  }
  return url.href.replace(/\/*$/, "/");
}

function invalid(member: string, rest: string): DriftkeelRangeError {
  const message = `Expected ${OWNER} option "${member}" ${rest}.`;
  return new DriftkeelRangeError("OPTION_INVALID", message);
}
