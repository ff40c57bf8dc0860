// Checks that the lines of an audit log are all there, in order, and as they were written.

import { type AuditEvent, NO_HASH, parseAuditLine } from "./audit-line.ts";
import { splitLines } from "./lines.ts";

/** Lines hashed at a time: enough to keep the threads of the platform busy. */
const BATCH = 256;

/** Where a log ended: the last event that is known to have been in it. */
export interface AuditHead {
  seq: number;
  hash: string;
}

/** The first thing that is wrong with a log. */
export interface AuditProblem {
  /**
   * altered: the line is not as it was written. missing: lines before it were removed. reordered:
   * the line that belongs here comes later, or this one was here before. truncated: lines after it
   * were removed.
   */
  kind: "altered" | "missing" | "reordered" | "truncated";
  /** Of the file, from 1. */
  line: number;
}

/** What `AuditLog.verify` found. */
export interface AuditVerdict {
  intact: boolean;
  /** Lines that are as they were written. */
  events: number;
  problem?: AuditProblem;
}

/** The event of each line, undefined where a line is not as it was written. */
export async function parseLines(
  lines: readonly Uint8Array[],
): Promise<(AuditEvent | undefined)[]> {
  const events: (AuditEvent | undefined)[] = [];
  for (let start = 0; start < lines.length; start += BATCH) {
    events.push(...(await Promise.all(lines.slice(start, start + BATCH).map(parseAuditLine))));
  }
  return events;
}

/** Whether what follows the last line feed begins with a whole line: then its end was altered. */
export async function hidesLine(rest: Uint8Array): Promise<boolean> {
  const end = rest.lastIndexOf(0x7d /* } */) + 1;
  return end < rest.length && (await parseAuditLine(rest.subarray(0, end))) !== undefined;
}

/** Checks a whole file. heads: events that must be in it. A torn last line is no problem. */
export async function verifyChain(
  bytes: Uint8Array,
  heads: readonly AuditHead[],
): Promise<AuditVerdict> {
  const { lines, rest } = splitLines(bytes);
  const isWhole = rest.length > 0 && (await parseAuditLine(rest)) !== undefined;
  if (isWhole) lines.push(rest);
  const events = await parseLines(lines);
  const whole = events.filter((event) => event !== undefined).length;
  let problem = firstBreak(events);
  if (!problem && !isWhole && (await hidesLine(rest))) {
    problem = { kind: "altered", line: lines.length + 1 };
  }
  problem ??= firstLost(events, heads);
  return { intact: problem === undefined, events: whole, ...(problem && { problem }) };
}

function firstBreak(events: readonly (AuditEvent | undefined)[]): AuditProblem | undefined {
  let prevHash = NO_HASH;
  for (const [seq, event] of events.entries()) {
    const line = seq + 1;
    if (event === undefined) return { kind: "altered", line };
    if (event.seq !== seq) {
      const isElsewhere = event.seq < seq || events.some((each) => each?.seq === seq);
      return { kind: isElsewhere ? "reordered" : "missing", line };
    }
    // It follows another line than the one before it: that one was replaced by one that fits.
    if (event.prevHash !== prevHash) return { kind: "altered", line: Math.max(1, line - 1) };
    prevHash = event.hash;
  }
  return undefined;
}

function firstLost(
  events: readonly (AuditEvent | undefined)[],
  heads: readonly AuditHead[],
): AuditProblem | undefined {
  for (const { seq, hash } of heads) {
    const event = events[seq];
    if (event === undefined) return { kind: "truncated", line: events.length };
    if (event.hash !== hash) return { kind: "altered", line: seq + 1 };
  }
  return undefined;
}
