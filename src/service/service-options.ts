// Limits of the service; each has a default.

import * as z from "zod/mini";
import { clock } from "../foundation.ts";
import type { Clock } from "../index.ts";
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
  /** Requests that one client, a key or an address without one, may send a second; default 5000. */
  requestsPerSecond?: number;
  /** Requests that it may send at once after a pause; default 10,000. */
  requestBurst?: number;
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
const milliseconds = positiveInteger.check(z.maximum(LONGEST_MS, TIME));

const RATE = "an integer from 1 to 1000000";
const rate = positiveInteger.check(z.maximum(1_000_000, RATE));

const limits = z.strictObject({
  bodyLimitBytes: z._default(positiveInteger, 1024 * 1024),
  requestTimeoutMs: z._default(milliseconds, 30_000),
  maxWaitingSamples: z._default(positiveInteger, 10_000),
  maxEventStreams: z._default(positiveInteger, 100),
  heartbeatMs: z._default(milliseconds, 15_000),
  requestsPerSecond: z._default(rate, 5000),
  requestBurst: z._default(rate, 10_000),
});

const clockOption = z.strictObject({ now: clock });

/** The clock of a service; default: the system's. Throws OPTION_INVALID. */
export function parseClock(now: Clock | undefined): Clock {
  return parseOptions("startService", clockOption, { now }).now;
}

/** The limits with their defaults. Throws OPTION_INVALID, OPTION_UNKNOWN. */
export function parseLimits(value: ServerLimits | undefined): Required<ServerLimits> {
  return parseOptions("limits", limits, value);
}
