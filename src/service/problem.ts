// Problem documents (RFC 9457): what a client is told about an error, and with which status.

import { STATUS_CODES } from "node:http";
import * as z from "zod";
import { type ErrorCode, isTypedError } from "../errors.ts";

/** A problem document. */
export const problemDocument = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  /** Of docs/errors.md; absent when the request itself, not the library, is the problem. */
  code: z.string().optional(),
  /** Samples of the batch that are durable and learned; only when one of them failed. */
  accepted: z.int().optional(),
});

type ProblemDocument = z.output<typeof problemDocument>;

/** The media type of a problem document. */
export const PROBLEM_TYPE = "application/problem+json";

/** Every other code is the service's own trouble: 500. */
const STATUS_OF: Partial<Record<ErrorCode, number>> = {
  ARGUMENT_TYPE: 400,
  ARGUMENT_RANGE: 400,
  LENGTH_MISMATCH: 400,
  VALUE_NOT_FINITE: 400,
  OPTION_INVALID: 400,
  OPTION_UNKNOWN: 400,
  DATA_EMPTY: 400,
  SAMPLE_QUARANTINED: 400,
  ID_INVALID: 400,
  VERSION_UNKNOWN: 404,
  UPDATE_IN_PROGRESS: 409,
  NO_SNAPSHOT: 409,
  UPDATES_FROZEN: 423,
  FEEDBACK_BUFFER_FULL: 429,
  STORE_LOCKED: 503,
  STORE_CLOSED: 503,
};

/** A request that cannot be answered; its detail is for the client. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  constructor(
    readonly status: number,
    detail: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
  }
}

/** A batch of which a part was learned before one sample failed. */
export class InterruptedBatch extends Error {
  override readonly name = "InterruptedBatch";
  constructor(
    readonly accepted: number,
    override readonly cause: unknown,
  ) {
    super(`Stopped after ${accepted} samples.`);
  }
}

/** What a client is told. Messages of the service's own trouble name folders: they stay inside. */
export function problemOf(error: unknown): ProblemDocument {
  if (error instanceof InterruptedBatch) {
    return { ...problemOf(error.cause), accepted: error.accepted };
  }
  if (error instanceof ProblemError) return documentOf(error.status, error.message);
  if (isTypedError(error)) {
    const status = STATUS_OF[error.code] ?? 500;
    return { ...documentOf(status, shownOf(status, error.message)), code: error.code };
  }
  // Fastify's own refusals: no JSON, too large, of an unknown media type.
  const { statusCode = 500, message = "" } = error as { statusCode?: number; message?: string };
  const status = statusCode >= 400 && statusCode < 500 ? statusCode : 500;
  return documentOf(status, shownOf(status, message));
}

function shownOf(status: number, message: string): string {
  return status < 500 ? message : "The service failed; its log says more.";
}

function documentOf(status: number, detail: string): ProblemDocument {
  return { type: "about:blank", title: STATUS_CODES[status] ?? "Error", status, detail };
}
