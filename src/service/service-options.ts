// Limits of the service; each has a default.

import * as z from "zod";
import { parseOptions, positiveInteger } from "../options.ts";
import type { AccessKey } from "./access.ts";

/** Options of the server. */
export interface ServerLimits {
  /** Bytes of a request's body; default 1 MiB. */
  bodyLimitBytes?: number;
  /** Milliseconds in which a request has to arrive; default 30 s. */
  requestTimeoutMs?: number;
  /** Samples of one model that may wait to be learned; default 10,000. */
  maxWaitingSamples?: number;
  /** Streams of events at the same time; default 100. */
  maxEventStreams?: number;
  /** Milliseconds between two signs of life in a stream of events; default 15 s. */
  heartbeatMs?: number;
}

/** Where log lines (JSON) go. */
export interface LogSink {
  write(text: string): void;
}

/** What a server needs beside its models. */
export interface ServerOptions extends Required<ServerLimits> {
  keys: readonly AccessKey[];
  log: LogSink | undefined;
  logLevel: "info" | "error";
}

/** The longest time that a timer takes. */
const LONGEST_MS = 2 ** 31 - 1;
const TIME = `an integer from 1 to ${LONGEST_MS}`;
const milliseconds = positiveInteger.max(LONGEST_MS, TIME);

const limits = z.strictObject({
  bodyLimitBytes: positiveInteger.default(1024 * 1024),
  requestTimeoutMs: milliseconds.default(30_000),
  maxWaitingSamples: positiveInteger.default(10_000),
  maxEventStreams: positiveInteger.default(100),
  heartbeatMs: milliseconds.default(15_000),
});

/** The limits with their defaults. Throws OPTION_INVALID, OPTION_UNKNOWN. */
export function parseLimits(value: ServerLimits | undefined): Required<ServerLimits> {
  return parseOptions("limits", limits, value);
}
