// One event of an audit log as one line of JSON; the one place where its names are mapped.

import * as z from "zod/mini";
import { isIsoTime } from "./iso-time.ts";
import { seal, unseal } from "./sealed-json.ts";
import { decodeUtf8 } from "./utf8.ts";

const SEAL = "hash";
/** The `prevHash` of the first event. */
export const NO_HASH = "0".repeat(64);

/** What can be logged. */
export const AUDIT_EVENT_TYPES = [
  "trigger",
  "update",
  "validation",
  "rollback",
  "promotion",
  "drift",
  "feedback",
  "job",
  "safe-mode",
] as const;

export type AuditEventType = (typeof AUDIT_EVENT_TYPES)[number];

/** An event as it stands in the log. */
export interface AuditEvent {
  timestamp: Date;
  eventType: AuditEventType;
  /** As JSON kept it. */
  details?: Record<string, unknown>;
  outcome: string;
  /** 0 for the first event of a log, then 1 more for each. */
  seq: number;
  /** `hash` of the event before. */
  prevHash: string;
  /** SHA-256 of every byte of the line before this member. */
  hash: string;
}

const isRecord = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const digest = z.string().check(z.regex(/^[0-9a-f]{64}$/));

/** On disk. */
const lineRecord = z.strictObject({
  timestamp: z.string().check(z.refine(isIsoTime)),
  event_type: z.enum(AUDIT_EVENT_TYPES),
  details: z.optional(z.custom<Record<string, unknown>>(isRecord)),
  outcome: z.string(),
  seq: z.int().check(z.minimum(0)),
  prev_hash: digest,
  hash: digest,
});

/** An event for machines to read: JSON with the names it has on disk, and null for no details. */
export function auditRecord(event: AuditEvent) {
  return {
    seq: event.seq,
    timestamp: event.timestamp.toISOString(),
    event_type: event.eventType,
    outcome: event.outcome,
    details: event.details ?? null,
    prev_hash: event.prevHash,
    hash: event.hash,
  };
}

/** The line of an event, without its line feed. */
export async function encodeAuditLine(event: Omit<AuditEvent, "hash">): Promise<string> {
  const record = {
    timestamp: event.timestamp.toISOString(),
    event_type: event.eventType,
    ...(event.details !== undefined && { details: event.details }),
    outcome: event.outcome,
    seq: event.seq,
    prev_hash: event.prevHash,
  };
  return seal(record, SEAL);
}

/** For a part that may begin in the middle of a character. */
const bytesAsText = new TextDecoder("latin1");
/** Longer than what a line ends with from its `seq` on. */
const TAIL_BYTES = 256;
const TAIL = /"seq":(\d{1,16}),"prev_hash":"[0-9a-f]{64}","hash":"[0-9a-f]{64}"\}$/;

/** The `seq` that a line names, without a look at the rest of it; undefined when it names none. */
export function numberOfLine(line: Uint8Array): number | undefined {
  const number = TAIL.exec(bytesAsText.decode(line.subarray(-TAIL_BYTES)))?.[1];
  return number === undefined ? undefined : Number(number);
}

/** The event of a line; undefined when a byte of it is different from what was written. */
export async function parseAuditLine(line: Uint8Array): Promise<AuditEvent | undefined> {
  const text = decodeUtf8(line);
  const parsed = text ? lineRecord.safeParse(await unseal(text, SEAL)) : undefined;
  if (!parsed?.success) return undefined;
  const { timestamp, event_type: eventType, prev_hash: prevHash, details, ...rest } = parsed.data;
  return {
    timestamp: new Date(timestamp),
    eventType,
    ...(details !== undefined && { details }),
    prevHash,
    ...rest,
  };
}
