// Reads the audit log: the verdicts, the drift alerts, and how one version led to the other.

import type { AuditRecord, Status, Version } from "./answers.ts";
import { count, UPDATE_REASON } from "./wording.ts";

/** Numbers by name; null for what JSON cannot say. */
export type Numbers = Record<string, number | null>;

/** What was decided about an update, a probation or a version. */
export interface Verdict {
  seq: number;
  at: string;
  outcome: string;
  tone: "good" | "bad" | "calm";
  reason: string;
  /** What led to it, in a few words. */
  origin: string | undefined;
  numbers: Numbers;
}

/** A drift alert. */
export interface Alert {
  seq: number;
  at: string;
  value: number | null;
  numbers: Numbers;
}

/** A row of the time line. */
export type Turn =
  | { kind: "version"; id: string; at: string; parent: string | undefined; isKept: boolean }
  | { kind: "rollback"; id: string; at: string; from: string; to: string; reason: string };

/** How the audited events that are verdicts are called. */
const VERDICTS: Record<string, { outcome: string; tone: Verdict["tone"] }> = {
  "candidate-accepted": { outcome: "accepted", tone: "good" },
  "candidate-rejected": { outcome: "rejected", tone: "bad" },
  promoted: { outcome: "promoted", tone: "good" },
  "rolled-back": { outcome: "rolled back", tone: "bad" },
  "probation-ended": { outcome: "probation", tone: "calm" },
  "update-failed": { outcome: "failed", tone: "bad" },
  "update-skipped": { outcome: "skipped", tone: "calm" },
};

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function numbersOf({ details }: AuditRecord): Numbers {
  return (details?.measurements ?? {}) as Numbers;
}

function byTime<T extends { at: string }>(a: T, b: T): number {
  return b.at.localeCompare(a.at);
}

function originOf(started: AuditRecord | undefined): string | undefined {
  const { reason, samples, replayed } = started?.details ?? {};
  if (typeof samples !== "number" || typeof replayed !== "number") return undefined;
  const why = UPDATE_REASON[text(reason)] ?? text(reason);
  return `Update ${why}: ${count(samples)} samples, ${count(replayed)} replayed`;
}

function verdictOf(event: AuditRecord, origin: string | undefined): Verdict {
  const { outcome, tone } = VERDICTS[event.outcome]!;
  const details = event.details ?? {};
  const end = event.outcome === "probation-ended" ? text(details.outcome) : "";
  const code = event.outcome === "update-failed" ? `${text(details.code)}: ` : "";
  return {
    seq: event.seq,
    at: event.timestamp,
    outcome: end ? `${outcome} ${end}` : outcome,
    tone: end === "passed" ? "good" : tone,
    reason: text(details.reason) || code + text(details.message),
    origin,
    numbers: numbersOf(event),
  };
}

/**
 * The verdicts, newest first. events: newest first, as the service gives them. An acceptance that
 * led to a promotion is one verdict with it.
 */
export function verdictsOf(events: readonly AuditRecord[]): Verdict[] {
  const verdicts: Verdict[] = [];
  let started: AuditRecord | undefined;
  let accepted: Verdict | undefined;
  for (const event of events.toReversed()) {
    if (event.outcome === "update-started") started = event;
    if (event.outcome === "update-started" || event.outcome === "update-skipped") {
      accepted = undefined;
    }
    if (!(event.outcome in VERDICTS)) continue;
    const isOfUpdate = /^(candidate-|promoted|update-failed)/.test(event.outcome);
    const verdict = verdictOf(event, isOfUpdate ? originOf(started) : undefined);
    if (event.outcome === "promoted" && accepted) verdicts.splice(verdicts.indexOf(accepted), 1);
    verdicts.push(verdict);
    if (event.outcome === "candidate-accepted") accepted = verdict;
  }
  return verdicts.reverse();
}

/** The drift alerts, newest first. */
export function alertsOf(events: readonly AuditRecord[]): Alert[] {
  return events
    .filter(({ outcome }) => outcome === "drift-detected")
    .map((event) => ({
      seq: event.seq,
      at: event.timestamp,
      value: (event.details?.value ?? null) as number | null,
      numbers: numbersOf(event),
    }));
}

/** Versions and rollbacks, newest first; promotions of versions that are gone are among them. */
export function turnsOf(versions: readonly Version[], events: readonly AuditRecord[]): Turn[] {
  const turns: Turn[] = versions.map(({ version_id, saved_at, parent }) => ({
    kind: "version",
    id: version_id,
    at: saved_at,
    parent: parent ?? undefined,
    isKept: true,
  }));
  const kept = new Set(versions.map(({ version_id }) => version_id));
  for (const { outcome, details, timestamp: at, seq } of events) {
    if (outcome === "promoted" && !kept.has(text(details?.version_id))) {
      const id = text(details?.version_id);
      turns.push({ kind: "version", id, at, parent: undefined, isKept: false });
    }
    if (outcome !== "rolled-back") continue;
    const [from, to, reason] = [details?.from, details?.to, details?.reason].map(text);
    turns.push({ kind: "rollback", id: String(seq), at, from: from!, to: to!, reason: reason! });
  }
  return turns.sort(byTime);
}

/** Why updates are held off; undefined when they are not. */
export function freezeReason(
  { state, safe_mode }: Status,
  events: readonly AuditRecord[],
): string | undefined {
  if (state !== "frozen") return undefined;
  const last = events.find(({ outcome }) => outcome === "frozen" || outcome === "unfrozen");
  if (last?.outcome === "frozen") return text(last.details?.reason);
  return safe_mode === "frozen" ? "after a rollback, until the cool-off ends" : undefined;
}
