// An audit log as the command line reads it; the one place where its members get their JSON names.

import { join } from "node:path";
import { DriftkeelError } from "../errors.ts";
import { type AuditEvent, AuditLog, type AuditVerdict } from "../index.ts";

/** The audit log of a model's folder. */
export function auditPath(folder: string): string {
  return join(folder, "audit.jsonl");
}

/** What `verify` found, or that the record of where the log ended is damaged. */
export type AuditFinding = AuditVerdict | { intact: false; headDamage: string };

/** Checks the chain of a log, beside any writer. Throws FILE_FAILED. */
export async function verifyAudit(folder: string): Promise<AuditFinding> {
  const log = await AuditLog.open(auditPath(folder), { readOnly: true });
  try {
    return await log.verify();
  } catch (error) {
    if (!(error instanceof DriftkeelError && error.code === "AUDIT_CORRUPT")) throw error;
    return { intact: false, headDamage: error.message };
  } finally {
    await log.close();
  }
}

/** The last events of a log, oldest first. Throws AUDIT_CORRUPT naming a line, FILE_FAILED. */
export async function lastEvents(folder: string, count: number): Promise<AuditEvent[]> {
  const log = await AuditLog.open(auditPath(folder), { readOnly: true });
  try {
    const events = await log.readAll();
    return events.slice(Math.max(0, events.length - count));
  } finally {
    await log.close();
  }
}

/** A verdict as JSON. */
export function findingRecord(finding: AuditFinding) {
  if ("headDamage" in finding) {
    return { intact: false, events: null, problem: { kind: "head", message: finding.headDamage } };
  }
  return { intact: finding.intact, events: finding.events, problem: finding.problem ?? null };
}

/** A verdict in a few words. */
export function findingText(finding: AuditFinding): string {
  if ("headDamage" in finding) return `broken: ${finding.headDamage}`;
  const { events, problem } = finding;
  if (problem === undefined) return `intact, ${events} event${events === 1 ? "" : "s"}`;
  return `broken at line ${problem.line} (${problem.kind}), ${events} whole lines`;
}
